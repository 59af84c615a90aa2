//! An open run as everybody but its driver sees it.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;
use weft_quotas::Held;
use weft_types::{Digest, FunctionName, ProjectName, RunId, RunStatus, Value, VersionNumber};
use weft_workflow::event::{Counts, NodeError, Usage};
use weft_workflow::{NodeIndex, Place, Plan};

use crate::driver::Key;
use crate::express::Kept;
use crate::mailbox::Mailbox;
use crate::port::journal::Position;

/// A run that is driven in this process, nested or not.
pub(crate) struct OpenRun {
    pub(crate) run: RunId,
    pub(crate) project: ProjectName,
    pub(crate) workflow: FunctionName,
    pub(crate) version: VersionNumber,
    pub(crate) plan: Arc<Plan>,
    /// Whether it is journalled.
    pub(crate) durable: bool,
    /// What is known of it, where it is not journalled and nothing around it is: it may be told of at once.
    pub(crate) kept: Option<Arc<Kept>>,
    /// What its driver knows it by.
    pub(crate) key: Key,
    /// Where its driver takes orders.
    pub(crate) mailbox: Arc<Mailbox>,
    /// The blobs that its events named in this process. What recovery read of it is in the records.
    held: Mutex<HashSet<Digest>>,
    /// Nodes that await an outside event, as far as the journal has that.
    awaiting: Mutex<BTreeSet<NodeIndex>>,
    /// One more than the position of the last of its frames that the journal has; 0 while it has none.
    passed: AtomicU64,
    /// Its place among the open runs of its project; none within another run, or once it is closed.
    counted: Mutex<Option<Held>>,
    end: OnceLock<Result<Ended, Lost>>,
    /// Told when the journal got frames, and when the run ended.
    changed: Notify,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The run.
    pub run: RunId,
    /// The version that was executed.
    pub version: VersionNumber,
    /// One of the closed states.
    pub status: RunStatus,
    /// Its result, where it succeeded and has one: of the type that the plan's signature names.
    pub result: Option<Value>,
    /// The failure that ended it, and the node it came from.
    pub failure: Option<(Option<Place>, NodeError)>,
    /// How many nodes ended in each way.
    pub counts: Counts,
    /// What its attempts cost, summed.
    pub usage: Usage,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was admitted.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// An end, and the position to be committed before anybody is told of it; none where nothing is journalled.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Arc<Outcome>,
    pub(crate) position: Option<Position>,
}

/// Why nobody drives a run any longer that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The server shuts down.
    Stopped,
    /// The journal failed.
    Broken(String),
    /// The driver ended as it should not.
    Abandoned,
}

/// What makes an [`OpenRun`].
pub(crate) struct Opening {
    pub(crate) run: RunId,
    pub(crate) project: ProjectName,
    pub(crate) workflow: FunctionName,
    pub(crate) version: VersionNumber,
    pub(crate) plan: Arc<Plan>,
    pub(crate) durable: bool,
    pub(crate) kept: Option<Arc<Kept>>,
    pub(crate) key: Key,
    pub(crate) mailbox: Arc<Mailbox>,
    /// Its place among the open runs of its project; none within another run.
    pub(crate) counted: Option<Held>,
}

impl OpenRun {
    pub(crate) fn new(opening: Opening) -> Arc<Self> {
        Arc::new(Self {
            run: opening.run,
            project: opening.project,
            workflow: opening.workflow,
            version: opening.version,
            plan: opening.plan,
            durable: opening.durable,
            kept: opening.kept,
            key: opening.key,
            mailbox: opening.mailbox,
            held: Mutex::default(),
            awaiting: Mutex::default(),
            passed: AtomicU64::new(0),
            counted: Mutex::new(opening.counted),
            end: OnceLock::new(),
            changed: Notify::new(),
        })
    }

    /// It is open no longer, whoever still holds it.
    pub(crate) fn uncount(&self) {
        // Poisoned or not: nothing is left half done.
        drop(self.counted.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// An event of it names these blobs.
    pub(crate) fn hold(&self, blobs: impl Iterator<Item = Digest>) {
        let mut blobs = blobs.peekable();
        if blobs.peek().is_some() {
            self.lock_held().extend(blobs);
        }
    }

    /// The blobs that its events named.
    pub(crate) fn held(&self) -> Vec<Digest> {
        self.lock_held().iter().copied().collect()
    }

    /// Poisoned or not: nothing is left half done.
    fn lock_held(&self) -> MutexGuard<'_, HashSet<Digest>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nodes began to await something, or do not any longer.
    pub(crate) fn note_waits(&self, waits: &[(NodeIndex, bool)]) {
        if waits.is_empty() {
            return;
        }
        let mut awaiting = self.lock_awaiting();
        for (node, begins) in waits {
            match begins {
                true => awaiting.insert(*node),
                false => awaiting.remove(node),
            };
        }
    }

    /// The nodes that await something, in the order of the plan.
    pub(crate) fn awaiting(&self) -> Vec<NodeIndex> {
        self.lock_awaiting().iter().copied().collect()
    }

    /// Poisoned or not: nothing is left half done.
    fn lock_awaiting(&self) -> MutexGuard<'_, BTreeSet<NodeIndex>> {
        self.awaiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal has its frames up to this position.
    pub(crate) fn pass(&self, position: Position) {
        self.passed.store(position.0 + 1, SeqCst);
        self.changed.notify_waiters();
    }

    /// The position of the last of its frames that the journal has.
    pub(crate) fn passed(&self) -> Option<Position> {
        self.passed.load(SeqCst).checked_sub(1).map(Position)
    }

    /// It ended, or nobody drives it any longer. Only the first of these counts.
    pub(crate) fn end(&self, end: Result<Ended, Lost>) {
        if self.end.set(end).is_ok() {
            self.changed.notify_waiters();
        }
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&self) -> Option<&Result<Ended, Lost>> {
        self.end.get()
    }

    /// Waits for the end.
    pub(crate) async fn until_ended(&self) -> &Result<Ended, Lost> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(end) = self.end.get() {
                return end;
            }
            changed.await;
        }
    }

    /// Something happened in it that is not journalled.
    pub(crate) fn tell_changed(&self) {
        if self.kept.is_some() {
            self.changed.notify_waiters();
        }
    }

    /// Waits until the journal has more than up to `seen`, what is kept is more than `read` bytes, or the run ended.
    pub(crate) async fn until_changed(&self, seen: Option<Position>, read: usize) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let more = self.kept.as_ref().is_some_and(|kept| kept.len() > read);
            if more || self.passed() > seen || self.end.get().is_some() {
                return;
            }
            changed.await;
        }
    }
}
