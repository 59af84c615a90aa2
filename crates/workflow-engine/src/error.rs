//! What can go wrong, one variant per cause that a caller may want to tell apart.

use std::time::Duration;

use weft_quotas::Exceeded;
use weft_types::{NodeStatus, RunId, RunStatus};
use weft_workflow::state::RerunError;
use weft_workflow::{Plan, nearest};

use crate::config::MAX_TEXT;
use crate::port::blobs::BlobError;
use crate::port::journal::{Hold, JournalError};
use crate::port::records::RecordsError;
use crate::port::workflows::NoPlan;

/// Why the engine did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such workflow or version, or it cannot run any longer.
    #[error(transparent)]
    NoPlan(#[from] NoPlan),
    /// No such run in the project.
    #[error("there is no run {0}")]
    NoRun(RunId),
    /// The records are too far behind to tell of the run.
    #[error("the records of runs are behind: what became of run {run} is not known yet")]
    Behind {
        /// The run.
        run: RunId,
        /// When to try again.
        retry_after: Duration,
    },
    /// No such node in the run's workflow.
    #[error("the workflow of run {run} has no node `{node}`{hint}")]
    NoNode {
        /// The run, which exists.
        run: RunId,
        /// The name asked for.
        node: String,
        /// What was probably meant, as the end of the sentence; or empty.
        hint: String,
    },
    /// The run ended already.
    #[error("run {run} is over: it {}", past(*.status))]
    Over {
        /// The run.
        run: RunId,
        /// How it ended.
        status: RunStatus,
    },
    /// The run ends as was asked before: nothing else can be asked of it.
    #[error("run {0} is being ended already")]
    Ending(RunId),
    /// The run has not ended, and only one that has can be asked this.
    #[error("run {0} has not ended yet")]
    StillOpen(RunId),
    /// The run has ended, and one that is open may ask for it.
    #[error(
        "run {by} has not ended yet, and may ask again how run {run} within it, or on its behalf, ended: delete that once both have"
    )]
    StillNeeded {
        /// The one that has ended.
        run: RunId,
        /// The one that is open.
        by: RunId,
    },
    /// The run is not paused, or is already.
    #[error("run {run} is {}", if *.paused { "paused already" } else { "not paused" })]
    Pausing {
        /// The run.
        run: RunId,
        /// Whether it is.
        paused: bool,
    },
    /// The node does not await an event: it does not yet, no longer, or never did.
    #[error("node `{node}` of run {run} does not await an event: {}", not_waiting(*.status))]
    NotWaiting {
        /// The run.
        run: RunId,
        /// The node.
        node: String,
        /// Where the node stands.
        status: NodeStatus,
    },
    /// Nothing is nested at a node, or cannot be told by what was said.
    #[error("no run is found within node `{node}` of run {run}: {why}")]
    NothingNested {
        /// The run.
        run: RunId,
        /// The node, as it was said.
        node: String,
        /// Why not.
        why: &'static str,
    },
    /// A value of another type than belongs there.
    #[error("{what} must be of type `{expected}`")]
    WrongType {
        /// What the value is for.
        what: String,
        /// The type as text.
        expected: String,
    },
    /// A member of the request that is out of its bounds.
    #[error("`{what}` {message}")]
    Invalid {
        /// Which.
        what: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The run cannot be repeated so.
    #[error(transparent)]
    Rerun(#[from] RerunError),
    /// The idempotency key was used for another request. By which run is not told: it may not be committed yet, or never be.
    #[error(
        "the idempotency key was used for another request: choose a new one for each that is not a repetition"
    )]
    KeyReused,
    /// The request with this idempotency key is still being executed: as this run, where it has been accepted.
    #[error("the request with this idempotency key is under way{}", .0.map(|run| format!(" as run {run}")).unwrap_or_default())]
    KeyInFlight(Option<RunId>),
    /// The idempotency key was used for this request, and nothing is left of the run that answered it.
    #[error(
        "the run {0} that the idempotency key stands for was removed: the request is not executed again; choose a new key to have it executed"
    )]
    KeyOutlived(RunId),
    /// Too much is under way or waits already; nothing was begun.
    #[error("too much is under way: {what}")]
    Overloaded {
        /// What there is too much of.
        what: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// The project has used up what it may.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// Nothing can be written for now: nothing new is accepted, and open runs hold until it can.
    #[error("{why}: nothing is accepted until {}", cleared(*.why))]
    OnHold {
        /// Why.
        why: Hold,
        /// When to try again.
        retry_after: Duration,
    },
    /// The journal failed for good: the server must be started anew.
    #[error("the journal failed, nothing is accepted until the server is started anew: {0}")]
    Broken(String),
    /// What is stored is not what was written.
    #[error("what is stored of run {run} is damaged: {message}")]
    Damaged {
        /// The run.
        run: RunId,
        /// What was found.
        message: String,
    },
    /// The server is shutting down and takes nothing new.
    #[error("the server is shutting down and takes no new runs")]
    Draining,
    /// The server shut down before the run ended. A durable run goes on at the next start.
    #[error(
        "the server shut down before run {run} ended{}",
        if *.durable { "; it goes on when the server starts" } else { ", which was not durable" }
    )]
    Stopped {
        /// The run.
        run: RunId,
        /// Whether it goes on.
        durable: bool,
    },
    /// A value by address cannot be had.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The records failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The platform is at fault.
    #[error("the platform failed: {0}")]
    Platform(String),
}

impl Error {
    /// That the workflow of a run has no such node, with what was probably meant.
    #[must_use]
    pub fn no_node(run: RunId, node: &str, plan: &Plan) -> Self {
        Self::NoNode {
            run,
            node: node.chars().take(MAX_TEXT).collect(),
            hint: nearest::hint(node, plan.nodes.iter().map(|node| &*node.name)),
        }
    }

    /// What a failed append or commit means to who asked for it.
    pub(crate) fn journal(error: JournalError, retry_after: Duration) -> Self {
        match error {
            JournalError::Full => Self::Overloaded {
                what: "the journal is behind",
                retry_after,
            },
            JournalError::Held(why) => Self::OnHold { why, retry_after },
            JournalError::Broken(why) | JournalError::Damaged(why) => Self::Broken(why),
        }
    }
}

/// What is waited for, as the end of a sentence.
fn cleared(why: Hold) -> &'static str {
    match why {
        Hold::DiskFull => "there is space",
        Hold::DatabaseAway => "it does",
    }
}

/// How a closed run ended, as the end of a sentence.
fn past(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "was cancelled",
        RunStatus::TimedOut => "timed out",
        RunStatus::Waiting | RunStatus::Running | RunStatus::Paused => "is still open",
    }
}

fn not_waiting(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Waiting | NodeStatus::Ready => "it was not reached yet",
        NodeStatus::Running | NodeStatus::Retrying => "it is executing",
        NodeStatus::Succeeded => "it was completed already",
        NodeStatus::Skipped => "it was skipped",
        NodeStatus::Failed | NodeStatus::TimedOut => "it failed",
        NodeStatus::Cancelled => "it was stopped",
    }
}
