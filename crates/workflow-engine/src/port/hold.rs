//! Why nothing can be written for now, where many threads ask and one tells.

use std::sync::atomic::{AtomicU8, Ordering};

use super::journal::Hold;

/// A [`Hold`], or none, which is read without a lock.
#[derive(Debug, Default)]
pub struct HoldCell(AtomicU8);

impl HoldCell {
    /// What was set last.
    #[must_use]
    pub fn get(&self) -> Option<Hold> {
        decode(self.0.load(Ordering::SeqCst))
    }

    /// Sets it; answers what it was before.
    pub fn set(&self, hold: Option<Hold>) -> Option<Hold> {
        decode(self.0.swap(encode(hold), Ordering::SeqCst))
    }
}

fn encode(hold: Option<Hold>) -> u8 {
    match hold {
        None => 0,
        Some(Hold::DiskFull) => 1,
        Some(Hold::DatabaseAway) => 2,
    }
}

fn decode(number: u8) -> Option<Hold> {
    match number {
        1 => Some(Hold::DiskFull),
        2 => Some(Hold::DatabaseAway),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found() {
        let cell = HoldCell::default();
        let mut before = None;
        for hold in [Some(Hold::DatabaseAway), Some(Hold::DiskFull), None] {
            assert_eq!(cell.set(hold), before);
            assert_eq!(cell.get(), hold);
            before = hold;
        }
    }
}
