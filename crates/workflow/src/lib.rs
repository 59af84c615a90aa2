//! Workflows as data: from a definition's text to a checked plan, and from a run's events to its state.
//!
//! Pure: no I/O, no clock, no async. What the engine does live and what it does after a crash are the same functions
//! called with the same events.
//!
//! - [`definition`] reads a text into a [`Definition`](definition::Definition), [`check`](mod@check) makes a [`Plan`] of
//!   it; both tell every [`Problem`] at once, each with its place.
//! - [`plan`] is what runs: nodes in order, each with what it needs and how its arguments are put together.
//! - [`event`] is what happens in a run, [`frame`] how that is written down, [`state`] where the run stands after it and what
//!   is to be done next: [`decide`](state::decide) is the one function that knows every legal transition.
//! - [`record`] is the account of a run for people, folded from its events.
//! - [`diff`](mod@diff) compares two plans, [`compare`](mod@compare) two runs, [`draw`] shows a plan.
#![forbid(unsafe_code)]

pub mod check;
pub mod compare;
pub mod compatible;
pub mod definition;
pub mod diff;
pub mod draw;
pub mod edge;
pub mod evaluate;
pub mod event;
mod expression;
pub mod frame;
pub mod nearest;
pub mod plan;
pub mod problem;
pub mod record;
pub mod state;

pub use event::{Event, Place, Stamped, Stored};
pub use plan::{NodeIndex, Plan};
pub use problem::{Position, Problem};
