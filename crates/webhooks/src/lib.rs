//! Webhooks: somebody is told that a run has ended.
//!
//! Whoever starts a run may name an address. Once the run's end is committed, the run is posted there as the API shows it, until
//! it is taken or the attempts are used up. What is to be delivered is written down before the start is answered, so that a
//! crash delays a delivery and never loses one; it may be made twice, and carries a key by which the receiver can tell.
//!
//! - [`Webhooks`] is the handle: cheap to clone, one per process.
//! - [`Target`] is an address that may be called: only those that are listed, and no private ones unless that is allowed too.
//! - [`port`] is what the world must do: send a request, and tell of the end of runs.
//!
//! Deliveries are kept in a key-value store of the run's project whose name no function can be granted: they are few, small and
//! looked up by their run, and what is there is as durable as anything.
#![forbid(unsafe_code)]

mod config;
mod deliver;
mod delivery;
mod outbox;
pub mod port;
mod room;
mod target;
mod webhooks;

pub use config::Config;
pub use delivery::{Delivery, State};
pub use room::Reserved;
pub use target::{Allowed, Refused, Target};
pub use webhooks::{Error, Webhooks};
