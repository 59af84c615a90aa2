//! The counters of a gate, packed into one word so that they change together.

/// Bits 0–31: inside; bits 32–63: waiting.
#[derive(Clone, Copy)]
pub(super) struct State(pub(super) u64);

impl State {
    pub(super) const ONE_WAITING: u64 = 1 << 32;

    pub(super) fn active(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }

    pub(super) fn waiting(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Whether a newcomer may go in: a place is free and nobody was here before.
    pub(super) fn has_place(self, limit: u32) -> bool {
        self.active() < limit && self.waiting() == 0
    }

    pub(super) fn entered(self) -> Self {
        Self(self.0 + 1)
    }

    pub(super) fn left(self) -> Self {
        Self(self.0 - 1)
    }

    /// The first who waited is inside.
    pub(super) fn called(self) -> Self {
        Self(self.0 + 1 - Self::ONE_WAITING)
    }

    pub(super) fn joined(self) -> Self {
        Self(self.0 + Self::ONE_WAITING)
    }
}
