//! Those who wait, in the order of their turns.

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::fair::{FairQueue, Joined};
use crate::party::Party;

/// The line: parties are served in turn, and whoever joins it when it is full takes the room of the party that has most waiting.
pub(super) struct Waiters(FairQueue<Party, Waiter>);

/// Who waits, and since when.
struct Waiter {
    tell: oneshot::Sender<Told>,
    since: Instant,
}

/// What ends a wait from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There is a place, which is taken already.
    Called,
    /// The room in line is another's.
    Displaced,
}

/// A place in the line.
pub(super) struct Ticket {
    party: Party,
    number: u64,
    pub(super) told: oneshot::Receiver<Told>,
}

impl Waiters {
    pub(super) fn new(most: u32) -> Self {
        Self(FairQueue::new(most as usize))
    }

    /// Lines somebody up, in place of another where the line is full; none where nobody has to go for it.
    pub(super) fn join(&mut self, party: Party, since: Instant) -> Option<Ticket> {
        let (tell, told) = oneshot::channel();
        let number = match self.0.join(party, Waiter { tell, since }) {
            Joined::Waiting(number) => number,
            Joined::Instead { number, gone, .. } => {
                // As below.
                let _ = gone.tell.send(Told::Displaced);
                number
            }
            Joined::Full(_) => return None,
        };
        Some(Ticket { party, number, told })
    }

    /// Calls whose turn it is; false where the line is empty.
    ///
    /// A ticket is dropped only after it was removed, so whoever is called is still there to learn of it.
    pub(super) fn call_first(&mut self) -> bool {
        let next = self.0.pop();
        next.is_some_and(|(_, waiter)| waiter.tell.send(Told::Called).is_ok())
    }

    /// Since when the one waits who has waited longest.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.0.oldest().map(|waiter| waiter.since)
    }

    /// Takes a ticket out of the line; false where it was told something before.
    pub(super) fn remove(&mut self, ticket: &Ticket) -> bool {
        self.0.remove(&ticket.party, ticket.number).is_some()
    }
}
