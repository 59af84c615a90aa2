//! The HTTP surface: routes, wire types, problems, event streams, OpenAPI and metrics.
//!
//! The only crate that knows HTTP servers. It serves the [`Engine`](weft_function_engine::Engine) and sees neither a
//! database nor WebAssembly.
//!
//! - [`serve`] has the sockets, the threads and the connections;
//! - [`Api`] answers requests: what is done most (calls) by a short way of its own, the rest by a router;
//! - [`problem`] has every error there is; [`wire`] every type that is spoken.
#![forbid(unsafe_code)]

mod access;
mod api;
mod audit;
mod backups;
mod body;
mod call;
mod cors;
mod exchange;
mod fast;
mod functions;
mod guard;
mod headers;
mod metrics;
pub mod problem;
mod query;
mod refusal;
mod routes;
pub mod serve;
pub mod shutdown;
mod trace;
pub mod wire;
mod workflows;

pub use api::{Api, ApiService, Options};
pub use backups::{BackupError, Backups, Pieces};
pub use cors::Origins;
pub use exchange::{Finished, Observer};
pub use functions::FunctionsService;
pub use guard::Hosts;
pub use trace::Trace;
pub use workflows::Workflows;

#[cfg(test)]
mod tests;
