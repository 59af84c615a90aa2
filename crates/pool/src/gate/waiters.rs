//! Those who wait, in order of arrival.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// The line. A map by number rather than a list, so that giving up in the middle costs `log n`.
#[derive(Default)]
pub(super) struct Waiters {
    next: u64,
    line: BTreeMap<u64, Waiter>,
}

/// Who waits, and since when.
struct Waiter {
    call: oneshot::Sender<()>,
    since: Instant,
}

/// A place in the line.
pub(super) struct Ticket {
    number: u64,
    pub(super) called: oneshot::Receiver<()>,
}

impl Waiters {
    pub(super) fn join(&mut self, since: Instant) -> Ticket {
        let (call, called) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.line.insert(number, Waiter { call, since });
        Ticket { number, called }
    }

    /// Calls the first in line; false where the line is empty.
    ///
    /// A ticket is dropped only after it was removed, so whoever is called is still there to learn of it.
    pub(super) fn call_first(&mut self) -> bool {
        self.line
            .pop_first()
            .is_some_and(|(_, waiter)| waiter.call.send(()).is_ok())
    }

    /// Since when the first in line waits.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.line.first_key_value().map(|(_, waiter)| waiter.since)
    }

    /// Takes a ticket out of the line; false where it was called before.
    pub(super) fn remove(&mut self, ticket: &Ticket) -> bool {
        self.line.remove(&ticket.number).is_some()
    }
}
