//! The function engine: registers, versions, resolves, routes and invokes functions.
//!
//! It owns the ports ([`port`]) that the outside world implements, and knows neither wasm, SQL nor a web server.
//!
//! - [`Engine`] is the handle: cheap to clone, one per process.
//! - [`Deploy`] in, [`Deployment`] out: an upload or a change of settings becomes a version.
//! - [`Invocation`] in, [`Answer`] out: a call, routed over an immutable snapshot to an instance of the active version.
//! - [`Log`] keeps what functions and the nodes of runs print, [`Metrics`] counts what happens.
#![forbid(unsafe_code)]

mod callee;
mod catalog;
mod config;
mod deploy;
mod deployed;
mod drain;
mod engine;
mod error;
mod hold;
mod host;
mod http;
mod invoke;
mod logs;
mod metrics;
mod moves;
mod placement;
mod pools;
pub mod port;
mod profiles;
mod random;
mod upkeep;

pub use callee::{Callee, Step};
pub use catalog::{Filter, FunctionView, Page, RolloutView};
pub use config::{Bound, Config, LogBounds};
pub use deploy::{Deploy, Deployment, Needed, RUN, SaveWorkflow, SettingsChange, parse_settings};
pub use deployed::Deployed;
pub use engine::{Engine, Ports, Profiles};
pub use error::Error;
pub use hold::Held;
pub use host::signature::in_words;
pub use invoke::{Answer, Arguments, Invocation};
pub use logs::{Log, LogCursor, LogFilter, LogLine, LogPage};
pub use metrics::Metrics;
pub use placement::Placement;
pub use pools::{Drained, InstanceCounts, InstanceView, PoolFilter, PoolId, PoolPage, PoolView};
pub use profiles::{ProfileChanges, ProfileView};
pub use random::new_trace;
pub use weft_pool::{Level, Party, Scaling};
