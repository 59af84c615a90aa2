//! Reading what a group uses, beside whoever owns it.

use super::place::{Controller, Place};
use super::{Group, usage};

/// Reads what the processes of a group use, as long as it is there.
#[derive(Clone, Debug)]
pub struct Meter {
    places: Vec<Place>,
}

impl Group {
    /// What reads its use; it does not keep the group from being ended.
    #[must_use]
    pub fn meter(&self) -> Meter {
        // The one that counts memory: no other is read.
        let counts = |place: &&Place| matches!(place.controller, Controller::Unified | Controller::Memory);
        Meter {
            places: self.places.iter().filter(counts).cloned().collect(),
        }
    }
}

impl Meter {
    /// Memory that is used now, in bytes; none where the group is gone, or none counts it. Reads a file.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        usage::of(&self.places)
            .ok()
            .map(|usage| usage.memory)
            .filter(|memory| *memory > 0)
    }
}
