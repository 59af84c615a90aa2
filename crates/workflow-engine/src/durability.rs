//! Why a crash at any moment is safe, although runs hardly ever wait for the disk.
//!
//! # The claim
//!
//! However often and wherever the process or the machine stops: no run that was acknowledged is lost, no result is recorded
//! twice, nobody has seen what later turns out not to have been, and a payee that deduplicates by the key it is sent sees
//! each charge once.
//!
//! # What it rests on
//!
//! 1. **One ordered writer.** A driver hands its events to the [journal](crate::port::journal::Journal) in order, those of a nested run behind those of
//!    its parent that lead to it and before those that follow from it. What is on the disk is a prefix of what was handed over. So a
//!    run found after a crash has a past that makes sense, and so have all runs together: there is no child without its
//!    parent's beginning, and no parent that used a result which its child does not have.
//! 2. **Nodes without effects touch nothing outside.** Where their results are lost, executing them again is all there is to do. The
//!    second result may differ from the first, as long as nobody saw the first: see 3.
//! 3. **Nothing leaves the process uncommitted.** Not only answers, records and events do: the arguments of a node with effects
//!    leave it, too. Hence *before a node with effects starts, everything handed over so far is committed*, and its run's acceptance
//!    with it. And an answer, an event, a detail, the id of a run, the acknowledgement of a cancellation wait for the commit of what
//!    they tell.
//!
//! A node with effects may have been executed when a crash comes before its result is committed. It is executed again with the same
//! [key](weft_types::NodeKey): at least once, with a result that is recorded exactly once.
//!
//! # What it costs
//!
//! | run of N nodes | commits waited for |
//! |---|---|
//! | without effects, the caller waits for the end | 1: acceptance, results and end together |
//! | without effects, the caller wants the id | 2: the acceptance, and the end before it is told |
//! | every node with effects | N + 1: before each of them, and the end |
//! | a further attempt with effects | 1: that it begins |
//! | nested, without effects | none of its own |
//! | express | none |
//!
//! Events that nobody waits for do not wake the writer: they gather in the driver until it rests, then go to the journal, which
//! writes them with whatever is waited for next, or a little later.
//!
//! # A crash at each point where a driver waits
//!
//! | it waits for | what is found afterwards |
//! |---|---|
//! | a place (admission, a call) | the run as accepted, or as far as it was written; it goes on from there |
//! | a call without effects | the node without result: executed again |
//! | the commit before a call with effects | the node not begun, or not even reached: executed then |
//! | a call with effects | the node without result: executed again with the same key |
//! | a large value being stored | the value without a reference to it: collected some day; the node without result, as above |
//! | a timer | its due time, which is part of the event that began it: set again, or due at once |
//! | an outside event | the node still awaiting it, unless its arrival was acknowledged |
//! | a nested run | the nested run open: taken up and attached again, as its id follows from the node's key; or closed: its record has the result, and is asked until it answers |
//! | a run that a function started | likewise: the function, executed again, finds the run by its id |
//! | the commit of the end | the run ended, or all but its end: put together again, the same or unseen |
//!
//! What the records are asked for is there: retention leaves what has the time of an open run in its id, which all have that are nested in it or
//! were started on its behalf.
//!
//! A node with effects that was given before the crash may have begun: that it did is written, but nobody waits for it. Where it is
//! stopped before it is executed again, its outcome is not known, and that is what is recorded. Only that a further attempt began is committed
//! before it does: where that is not written, it may as well wait for its time still, and a clock that was set would not tell.
//!
//! # When the disk is full, the database is away, or either fails
//!
//! A full disk holds every run where it is: nothing new starts, what was executed is kept in memory, nobody is told of any end. Who
//! waits for a commit is told at once that the disk is full; what was handed over stays in the queue. The journal
//! tries again by itself. So it is while the database does not answer: of a commit that was cut off, the journal finds out by reading
//! whether it happened, before it tells anybody or tries again. A sync that failed is not tried again: the engine stops driving runs, and what is on the disk is
//! taken up at the next start.
//!
//! Where the journal can be written and a large value finds no space, its node alone waits, and tries again: the run can be cancelled, and
//! others go on.

use std::sync::Arc;

use crate::Error;
use crate::alarm::{Broken, Probe};
use crate::engine::Inner;
use crate::metrics::count;
use crate::port::Boxed;
use crate::port::journal::{Hold, JournalError, Position};

impl Inner {
    /// Whether everything up to `position` survives a crash already.
    pub(crate) fn is_committed(&self, position: Position) -> bool {
        self.ports.journal.committed() >= position
    }

    /// Waits until everything up to `position` survives a crash, through times in which nothing can be written.
    pub(crate) fn committed(self: &Arc<Self>, position: Position) -> Boxed<'static, Result<(), Broken>> {
        count(&self.totals.commits);
        let inner = Arc::clone(self);
        Box::pin(async move { inner.until_committed(position).await })
    }

    /// Notes that nothing can be written for now.
    pub(crate) fn hold(self: &Arc<Self>, why: Hold, position: Position) {
        let probe = Probe {
            journal: Arc::clone(&self.ports.journal),
            position,
            clock: Arc::clone(&self.ports.clock),
            every: self.config.retry_after,
            background: self.background.clone(),
        };
        self.alarm.hold(why, probe);
    }

    /// Waits until everything up to `position` survives a crash, for a caller who is rather told that nothing can be written.
    pub(crate) async fn commit_for_caller(self: &Arc<Self>, position: Position) -> Result<(), Error> {
        count(&self.totals.commits);
        let committed = self.ports.journal.commit(position).await;
        committed.map_err(|error| self.told_by_journal(error, position))
    }

    /// Takes note of what the journal says about itself; what that means to a caller.
    pub(crate) fn told_by_journal(self: &Arc<Self>, error: JournalError, position: Position) -> Error {
        match &error {
            JournalError::Held(why) => self.hold(*why, position),
            JournalError::Broken(why) | JournalError::Damaged(why) => {
                self.alarm.store_broke(why.clone());
            }
            JournalError::Full => {}
        }
        Error::journal(error, self.config.retry_after)
    }

    async fn until_committed(self: &Arc<Self>, position: Position) -> Result<(), Broken> {
        loop {
            match self.ports.journal.commit(position).await {
                Ok(()) => return Ok(()),
                Err(JournalError::Held(why)) => {
                    self.hold(why, position);
                    self.alarm.cleared().await?;
                }
                Err(JournalError::Full) => {
                    self.ports.clock.pause(self.config.journal_pause).await;
                }
                Err(JournalError::Broken(why) | JournalError::Damaged(why)) => {
                    return Err(self.alarm.store_broke(why));
                }
            }
        }
    }
}
