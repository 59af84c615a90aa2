//! The run is admitted; an attempt began.

use super::cell::Phase;
use super::items::ItemPhase;
use super::outstanding::Outstanding;
use super::run::Stage;
use super::turn::{Turn, Verdict};
use crate::event::Place;

impl Turn<'_> {
    /// The run was admitted: what is ready is given.
    pub(super) fn started(&mut self) -> Verdict {
        if self.state.stage != Stage::Accepted {
            return Err("the run has started".into());
        }
        if self.state.paused {
            return Err("the run is paused".into());
        }
        self.state.stage = Stage::Started;
        self.release();
        Ok(())
    }

    /// An attempt began; after a crash it may do so once more.
    pub(super) fn node_started(&mut self, place: Place, attempt: u32) -> Verdict {
        let outstanding = self.outstanding(place, attempt)?;
        let cell = self.state.cell_mut(place.node);
        match outstanding {
            Outstanding::Attempt => cell.phase = Phase::Started,
            Outstanding::Item(item) => {
                if let Some(items) = &mut cell.items {
                    items.set(item, ItemPhase::Started, attempt);
                }
            }
            Outstanding::Suspension | Outstanding::Gather | Outstanding::Catch => {
                return Err("this attempt began before".into());
            }
        }
        Ok(())
    }
}
