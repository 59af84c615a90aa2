//! Reading what a group uses, beside whoever owns it.

use super::place::{Controller, Place};
use super::{Group, Usage, usage};

/// Reads what the processes of a group use, as long as it is there.
#[derive(Clone, Debug)]
pub struct Meter {
    places: Vec<Place>,
}

impl Group {
    /// What reads its use; it does not keep the group from being ended.
    #[must_use]
    pub fn meter(&self) -> Meter {
        let counts = |place: &&Place| !matches!(place.controller, Controller::Pids | Controller::Other);
        Meter {
            places: self.places.iter().filter(counts).cloned().collect(),
        }
    }
}

impl Meter {
    /// Memory that is used now, in bytes; none where the group is gone, or none counts it. Reads a file.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let memory = usage::memory(&self.places).ok();
        memory.filter(|memory| *memory > 0)
    }

    /// What was used so far; none where the group is gone. Reads a file for each number.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        usage::of(&self.places).ok()
    }
}
