//! The workflow engine: drives durable runs of checked plans.
//!
//! It owns the ports ([`port`]) that the outside world implements, and knows neither wasm, SQL nor a web server.
#![forbid(unsafe_code)]

mod admission;
mod jobs;
mod keys;
pub mod port;
mod recent;
mod results;
mod timers;
