//! Isolation of guests from the host and from each other, by processes and containers.
//!
//! - [`protocol`] is what a server and a worker say to each other over the socket that the worker inherits;
//! - [`layer`] are the layers that confine a process, [`Confinement`] all of them together;
//! - [`group`] are control groups;
//! - [`launch`] starts workers behind all of that, and ends them without a trace;
//! - [`probe`] tells what of it a host has.
//!
//! Nothing here knows what executes: neither wasm, nor HTTP, nor storage.

mod confinement;
pub mod group;
pub mod launch;
pub mod layer;
pub mod probe;
pub mod protocol;

pub use confinement::{ArgumentError, Confinement};
pub use layer::{Identity, Layer, LayerError, LayerSet, LayerSettings, Limits, guard, own_mounts};
