//! Calls that execute in other processes, confined: the levels `process` and `container`, which differ in how a worker is started.
//!
//! Both ends of the conversation that `weft_isolation::protocol` describes:
//! - [`server`] starts workers, keeps pools of them, passes calls to them and answers what guests ask of the world;
//! - [`worker`] executes the calls, and asks the server on behalf of guests.
//!
//! Between them: `link` moves frames, `streams` move bodies, `description`, `terms`, `failure` and `head` translate between the
//! terms of the engine's ports and those of the protocol. What executes is for others to say: neither end knows wasm.
#![forbid(unsafe_code)]

mod description;
mod failure;
mod head;
mod link;
pub mod server;
mod streams;
mod terms;
pub mod worker;

pub use description::Description;
