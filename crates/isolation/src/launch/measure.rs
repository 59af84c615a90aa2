//! Seeing what a worker uses.

use super::Worker;
use crate::group::Meter;

impl Worker {
    /// What reads its use, beside who ends it; none where the host has no groups that count.
    #[must_use]
    pub fn meter(&self) -> Option<Meter> {
        self.group.as_ref().map(crate::group::Group::meter)
    }
}
