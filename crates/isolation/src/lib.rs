//! Isolation of guests from the host and from each other, by processes.
//!
//! - [`protocol`] is what a server and a worker say to each other over the socket that the worker inherits.
//!
//! Nothing here knows what executes: neither wasm, nor HTTP, nor storage.

pub mod protocol;
