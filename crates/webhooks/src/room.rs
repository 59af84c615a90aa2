//! Room for a delivery, until it is made.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use crate::Target;

/// How many deliveries are to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending(Arc<AtomicUsize>);

/// Room for one of them. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Room(Pending);

/// An address that a webhook may go to, and room for it.
#[derive(Debug)]
pub struct Reserved {
    pub(crate) target: Target,
    pub(crate) room: Room,
}

impl Pending {
    /// Room where there are fewer than `most`.
    pub(crate) fn reserve(&self, most: usize) -> Option<Room> {
        let more = |pending| (pending < most).then_some(pending + 1);
        let reserved = self.0.fetch_update(SeqCst, SeqCst, more);
        reserved.ok().map(|_| Room(self.clone()))
    }

    /// Room for one that was taken before the process began: however many there are.
    pub(crate) fn add(&self) -> Room {
        self.0.fetch_add(1, SeqCst);
        Room(self.clone())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}
