//! The workflow engine: drives durable runs of checked plans.
//!
//! It owns the ports ([`port`]) that the outside world implements, and knows neither wasm, SQL nor a web server.
//!
//! - [`Engine`] is the handle: cheap to clone, one per process.
//! - [`StartRun`] in, [`RunHandle`] out: a run is accepted, driven to its end on the runtime that accepted it, and waited for or not.
//! - [`Engine::cancel`], [`pause`](Engine::pause), [`resume`](Engine::resume) and [`complete`](Engine::complete) ask something of
//!   an open run, [`Engine::rerun`] repeats a closed one.
//! - [`RunDetail`], [`Events`] and [`Executions`] tell of a run what is committed, and nothing else; [`Engine::compare`] compares two.
//!
//! Why a crash at any moment is safe is argued in [`durability`].
#![forbid(unsafe_code)]

mod admission;
mod alarm;
mod awaiting;
mod compare;
mod config;
mod control;
mod damaged;
mod driver;
pub mod durability;
mod ends;
mod engine;
mod error;
mod executions;
mod express;
mod flow;
mod follow;
mod handle;
mod history;
mod inputs;
mod jobs;
mod keys;
mod lookup;
mod mailbox;
mod metrics;
mod nested_end;
mod on_behalf;
mod open_run;
mod origin;
pub mod port;
mod random;
mod recent;
mod recovery;
mod referred;
mod registry;
mod rerun;
mod results;
mod start;
mod timers;
mod told;
mod values;
mod way;

pub use awaiting::AwaitingRuns;
pub use compare::{Compared, InputsDiffer, ItemsDiffer};
pub use config::{Config, MAX_REASON, MAX_TEXT};
pub use engine::{Engine, Ports, Recovered};
pub use error::Error;
pub use executions::Executions;
pub use follow::Follows;
pub use handle::{RunHandle, Waited};
pub use history::{Events, MAX_NESTED, RunDetail};
pub use metrics::EngineMetrics;
pub use open_run::Outcome;
pub use origin::Origin;
pub use rerun::Rerun;
pub use start::{Answer, CallerKey, StartRun};
pub use weft_workflow::state::Selection;
