//! The server's end: workers, pools of them, and calls to them.
//!
//! A [`Processes`] stands in front of the runtime for code in the server's own process, and takes the versions whose profile
//! asks for processes or containers. Each gets a pool of workers that all cores share. A worker is started on a thread of its own, its
//! conversation is then had on the core that wanted it, and a call goes there and back without another thread where it comes from
//! that core.

mod budget;
mod call;
mod code;
mod connection;
mod hear;
mod kept;
mod level;
mod outcome;
mod pace;
mod plan;
mod requests;
mod scale;
mod start;
mod tried;
mod worker;

pub use level::{Processes, Settings};
pub use tried::Tried;
pub use weft_isolation::group::memory_limit;
pub use weft_isolation::probe::Choice;
