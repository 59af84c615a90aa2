//! What the end-to-end tests share: the real binary as a process, and clients that speak real HTTP to it.

pub mod access;
pub mod api;
pub mod bad_input;
pub mod case;
pub mod collector;
pub mod fuzz;
pub mod guests;
pub mod load;
pub mod peer;
pub mod postgres;
pub mod receiver;
pub mod relay;
pub mod runs;
pub mod server;
pub mod session;
pub mod shell;
pub mod small_disk;
pub mod socket;
pub mod wait;
pub mod workers;

pub use api::{Answer, Api};
pub use guests::{example, fixture};
pub use server::Server;
pub use wait::eventually;
