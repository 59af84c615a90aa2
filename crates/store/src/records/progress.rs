//! How far the records are, and waiting for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::journal::Holding;

/// How long somebody waits for the records at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is in the records, or wanted there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// The last position of the journal.
    pub(super) position: u64,
    /// How many of the express runs that were ever queued.
    pub(super) express: u64,
}

/// Shared by the projector and those who wait.
#[derive(Debug)]
pub(super) struct Progress {
    reached: watch::Sender<Counts>,
    /// What holds the journal's writer up.
    holding: Arc<Holding>,
    /// What somebody waits for.
    wanted: [AtomicU64; 2],
    /// Tells the projector that somebody waits.
    hurry: Notify,
    /// Entries that could not be projected.
    skipped: AtomicU64,
    /// Why nothing is written any more.
    ended: OnceLock<String>,
}

/// As [`Reached`], and up to which loss of the connection to the database that was looked at; but how many positions, that of the opening included: it is there once everything is that was committed before, which
/// nobody may miss either.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    positions: u64,
    express: u64,
    losses: u64,
}

impl Counts {
    fn cover(self, wanted: Self) -> bool {
        self.positions >= wanted.positions && self.express >= wanted.express && self.losses >= wanted.losses
    }
}

impl Progress {
    pub(super) fn new(holding: Arc<Holding>) -> Arc<Self> {
        Arc::new(Self {
            reached: watch::Sender::default(),
            holding,
            wanted: Default::default(),
            hurry: Notify::new(),
            skipped: AtomicU64::new(0),
            ended: OnceLock::new(),
        })
    }

    /// Waits until all this is in the records, though not for ever. Answers whether it is.
    pub(super) async fn settled(&self, wanted: Reached) -> bool {
        let wanted = Counts {
            positions: wanted.position.saturating_add(1),
            express: wanted.express,
            losses: self.holding.losses(),
        };
        if self.reached.borrow().cover(wanted) {
            return true;
        }
        self.wanted[0].fetch_max(wanted.positions, Ordering::AcqRel);
        self.wanted[1].fetch_max(wanted.express, Ordering::AcqRel);
        self.hurry.notify_one();
        let mut reached = self.reached.subscribe();
        let covered = reached.wait_for(|reached| self.ended().is_some() || reached.cover(wanted));
        let covered = async { covered.await.is_ok_and(|reached| reached.cover(wanted)) };
        // Whoever waited for too long is shown what there is.
        let covered = tokio::time::timeout(PATIENCE, covered);
        tokio::select! {
            covered = covered => covered.unwrap_or(false),
            () = self.holding.went_away() => false,
        }
    }

    /// Nothing is written any more.
    pub(super) fn end(&self, why: &impl ToString) {
        self.ended.get_or_init(|| why.to_string());
        // Nobody waits for what does not come.
        self.reached.send_modify(|_| {});
    }

    /// Why nothing is written any more, where that is so.
    pub(super) fn ended(&self) -> Option<&str> {
        self.ended.get().map(String::as_str)
    }

    /// The last position that is in the records.
    pub(super) fn applied(&self) -> u64 {
        self.reached.borrow().positions.saturating_sub(1)
    }

    /// Everything up to `position` is in the records, and everything from before the opening.
    pub(super) fn advance(&self, position: u64) {
        self.reached
            .send_modify(|reached| reached.positions = position.saturating_add(1));
    }

    /// The records are at `position`, further back or not, as was found after so many losses of the connection.
    pub(super) fn found(&self, position: Option<u64>, losses: u64) {
        self.reached.send_modify(|reached| {
            reached.positions = position.map_or(0, |position| position.saturating_add(1));
            reached.losses = losses;
        });
    }

    /// So many of the express runs that were ever queued are in the records.
    pub(super) fn advance_express(&self, express: u64) {
        self.reached.send_if_modified(|reached| {
            let further = express > reached.express;
            reached.express = reached.express.max(express);
            further
        });
    }

    /// Counts an entry that could not be projected.
    pub(super) fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Whether somebody waits for more than there is.
    pub(super) fn is_wanted(&self) -> bool {
        let [positions, express] = &self.wanted;
        !self.reached.borrow().cover(Counts {
            positions: positions.load(Ordering::Acquire),
            express: express.load(Ordering::Acquire),
            losses: 0,
        })
    }

    /// Resolves when somebody begins to wait.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use weft_workflow_engine::port::journal::Hold;

    use super::*;

    fn upto(position: u64, express: u64) -> Reached {
        Reached { position, express }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_when_all_of_it_is_there() {
        let progress = Progress::new(Arc::default());
        progress.advance(0);
        assert!(progress.settled(upto(0, 0)).await);
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(upto(3, 2)).await }
        });
        progress.hurried().await;
        assert!(progress.is_wanted());
        progress.advance(2);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        progress.advance_express(1);
        progress.advance(4);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && progress.is_wanted());
        progress.advance_express(2);
        waiting.await.unwrap();
        assert!(!progress.is_wanted());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_does_not_come() {
        let start = tokio::time::Instant::now();
        let progress = Progress::new(Arc::default());
        progress.advance(0);
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(upto(1, 0)).await }
        });
        progress.hurried().await;
        progress.end(&"the disk is gone");
        assert!(!waiting.await.unwrap());
        assert!(!progress.settled(upto(0, 1)).await);
        assert!(progress.settled(upto(0, 0)).await);
        assert_eq!(progress.ended(), Some("the disk is gone"));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_loss_nothing_is_there_before_somebody_looked() {
        let holding = Arc::<Holding>::default();
        let progress = Progress::new(holding.clone());
        progress.advance(3);
        assert!(progress.settled(upto(3, 0)).await);
        holding.lost();
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(upto(3, 0)).await }
        });
        progress.hurried().await;
        // Further back than it was.
        progress.found(Some(1), holding.losses());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && progress.is_wanted());
        progress.advance(3);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_database_that_is_away() {
        let start = tokio::time::Instant::now();
        let holding = Arc::<Holding>::default();
        let progress = Progress::new(holding.clone());
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(upto(1, 0)).await }
        });
        progress.hurried().await;
        holding.hold(Hold::DatabaseAway);
        assert!(!waiting.await.unwrap());
        assert!(!progress.settled(upto(1, 0)).await);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let start = tokio::time::Instant::now();
        assert!(!Progress::new(Arc::default()).settled(upto(1, 0)).await);
        assert_eq!(start.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_committed_before_the_opening_is_waited_for() {
        let progress = Progress::new(Arc::default());
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(upto(0, 0)).await }
        });
        progress.hurried().await;
        assert!(progress.is_wanted());
        assert!(!waiting.is_finished());
        progress.advance(0);
        assert!(waiting.await.unwrap());
    }
}
