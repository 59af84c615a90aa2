//! The workflow engine: drives durable runs of checked plans.
//!
//! It owns the ports ([`port`]) that the outside world implements, and knows neither wasm, SQL nor a web server.
#![forbid(unsafe_code)]

mod admission;
mod alarm;
mod config;
mod error;
mod jobs;
mod keys;
pub mod port;
mod random;
mod recent;
mod results;
mod timers;

pub use config::{Config, MAX_REASON, MAX_TEXT};
pub use error::Error;
