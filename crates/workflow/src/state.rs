//! Where a run stands, and the one function that knows every legal transition.
//!
//! [`decide`] takes an event and answers what is to be done next. A live run and the recovery of one after a crash both pass
//! through it, so they cannot disagree. It sees no values: conditions, lists and arguments are evaluated by who dispatches a
//! node, and the outcome comes back as an event.
//!
//! # A run
//!
//! ```text
//!              Started                    last node over: Finish
//!  ──► waiting ───────► running ───────────────────────────────┐
//!       │  ▲             │  ▲  │                               ▼  Finished
//! Paused│  │Resumed      │  │  │ CancelRequested            (closing) ────► succeeded, failed,
//!       ▼  │       Paused│  │  │ DeadlinePassed                ▲            cancelled, timed-out
//!      paused            ▼  │  │ a failure, policy `end`       │
//!                      paused  ▼                               │
//!                         │  (ending) ─────────────────────────┘
//!                         └──────▲      last Stop answered: Finish
//! ```
//!
//! # A node
//!
//! ```text
//!                 needs over                 NodeStarted       NodeSucceeded
//!  ──► waiting ──────────────► ready ──────────────────► running ──────────────► succeeded
//!         │                      │  Suspended, Expanded ▲ │    ▲                  ▲
//!         │ value of a need      │ NodeSkipped          │ │    │ NodeStarted      │ caught: NodeSucceeded, or
//!         │ was skipped,         ▼                      │ │    │                  │ the fallback succeeded
//!         ├──────────────────► skipped                  │ │ NodeFailed,           │
//!         │ not needed, left out                        │ ▼ another attempt       │
//!         │ a need failed                             retrying ──► running    (caught?)
//!         ├──────────────────► failed                     │ NodeFailed, the last  │
//!         │                      ▲                        └──────────────────────►┤
//!         │ the run ends         └────────────────────────────────────────────────┘ failed, timed-out
//!         └──────────────────► cancelled
//! ```
//!
//! An item of a node that goes over a list passes through the same states from `ready` on. One whose output is reused
//! ([`Event::ItemReused`]) has succeeded as soon as the list is known.
//!
//! # The contract with who acts
//!
//! - At each [`Place`] at most one action is *outstanding*: given and not yet answered. The answers to each are named at
//!   [`Action`]. After a crash, [`resume`](fn@resume) gives exactly the outstanding actions of a folded state, and nothing else is lost
//!   that matters: what was executing is executed again.
//! - While a run is paused, nothing new is given but what needs no guest ([`Action::Await`], [`Action::Gather`],
//!   [`Action::Catch`], [`Action::Finish`]). What was given before and has not begun — it queues, or its time comes only now — is kept
//!   by who acts and begins once the run is resumed; it is not given again.
//! - [`Action::Stop`] replaces what is outstanding at its place, and is itself answered: with the outcome, whichever it is.
//!   Where nothing had begun, that is a failure with [`ErrorCode::Cancelled`](crate::event::ErrorCode::Cancelled). A run that
//!   ends early is finished once every stop was answered.
//! - The deadline is no action: see [`RunState::deadline`].

use jiff::Timestamp;
use weft_types::RunStatus;

use crate::event::{Event, Place, Stamped};
use crate::plan::{NodeIndex, Plan};

pub use expanded::MAX_ITEMS;
pub use rerun::{Rerun, RerunError, Reused, Selection, rerun, rerun_whole};
pub use resume::resume;
pub use run::RunState;
pub use view::{ItemCounts, ItemView, NodeView, Reason};

/// What is to be done next. Those given together may be done in any order; `Finish` always comes last and alone.
///
/// *An outcome* is [`Event::NodeSucceeded`] or [`Event::NodeFailed`] for the place, with the number of its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A node became ready: this is its first attempt. Evaluate its condition, and answer [`Event::NodeSkipped`] where it is
    /// false. Then evaluate its list, if it goes over one, and answer [`Event::Expanded`]; begin a sleep or a wait, and answer
    /// [`Event::Suspended`]; or execute it and answer the outcome. What cannot be evaluated is a failed attempt.
    Dispatch(NodeIndex),
    /// An item became ready, within its node's concurrency: this is its first attempt. Answer the outcome.
    DispatchItem(NodeIndex, u32),
    /// Make another attempt no earlier than `due`. Answered as `Dispatch` or `DispatchItem` is.
    Retry {
        /// Which.
        place: Place,
        /// The attempt's number, from 2.
        attempt: u32,
        /// Not before this.
        due: Timestamp,
    },
    /// Wait for a timer or an outside event (see [`Event::Suspended`]). Answer the outcome: a sleep succeeds at `due`, a wait
    /// succeeds when its event comes and fails at `due` with
    /// [`ErrorCode::WaitTimeout`](crate::event::ErrorCode::WaitTimeout).
    Await {
        /// The node.
        node: NodeIndex,
        /// When it ends by itself.
        due: Option<Timestamp>,
    },
    /// Every item of a node is over: put its list together and answer the outcome for the node itself. It is not tried again.
    Gather(NodeIndex),
    /// A node failed for good and has a value for that case: evaluate it and answer the outcome for the node, with the number
    /// of its last attempt. Its error is [`RunState::caught`].
    Catch(NodeIndex),
    /// Stop what executes at this place, forget its timer, take it out of every queue; then answer the outcome.
    Stop(Place),
    /// Nothing is left to do: put the result together if the run succeeds, and answer [`Event::Finished`] with this status, with
    /// [`RunState::counts`] and [`RunState::failure`]. Where the result cannot be put together, the run failed instead.
    Finish(RunStatus),
}

/// An event that cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot be: {why}")]
pub struct Illegal {
    /// The event, in words.
    pub event: String,
    /// What stands against it.
    pub why: String,
}

/// Takes an event into the state and appends what is to be done next to `actions`.
///
/// Takes constant time for an outcome, but for the nodes and items that it makes ready, closes or stops. Times are taken to the
/// microsecond, as frames hold them.
///
/// # Errors
/// Where the event cannot follow those before it; the state is then as it was.
pub fn decide(
    plan: &Plan,
    state: &mut RunState,
    at: Timestamp,
    event: &Event,
    actions: &mut Vec<Action>,
) -> Result<(), Illegal> {
    decide_telling(plan, state, at, event, actions).map(|_| ())
}

/// As [`decide`], and answers which nodes are over since.
///
/// # Errors
/// As [`decide`].
pub fn decide_telling(
    plan: &Plan,
    state: &mut RunState,
    at: Timestamp,
    event: &Event,
    actions: &mut Vec<Action>,
) -> Result<Vec<NodeIndex>, Illegal> {
    let mut turn = Turn::new(plan, state, at, actions);
    turn.take(event).map_err(|why| Illegal {
        event: words::event(plan, event),
        why,
    })?;
    turn.settle();
    Ok(turn.closed)
}

impl RunState {
    /// The state after a run's events so far, the first of which accepts it.
    ///
    /// # Errors
    /// Where an event cannot follow those before it.
    pub fn fold<'a>(plan: &Plan, events: impl IntoIterator<Item = &'a Stamped>) -> Result<Self, Illegal> {
        let mut state = Self::new(plan);
        let mut actions = Vec::new();
        for Stamped { at, event } in events {
            actions.clear();
            decide(plan, &mut state, *at, event, &mut actions)?;
        }
        Ok(state)
    }
}

mod accepted;
mod backoff;
mod catch;
mod cell;
mod expanded;
mod failed;
mod finished;
mod hold;
mod items;
mod outstanding;
mod rerun;
mod resume;
mod reused;
mod run;
mod skipped;
mod started;
mod stop;
mod succeeded;
mod suspended;
mod turn;
mod upstream;
mod view;
mod words;

use turn::Turn;

#[cfg(test)]
pub(crate) mod tests;
