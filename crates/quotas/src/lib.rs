//! How much of a server a project may use.
//!
//! - [`allows`] is the decision, pure: a limit, what is used, what is asked for.
//! - An [`Account`] is what is counted of one project, with its limits. It decides and counts in one step, so that two who ask at
//!   once for the last of something do not both get it.
//! - [`Accounts`] are those of a server, for whoever counts; [`Quotas`] sets their limits and keeps them.
//!
//! What is used is counted anew from what is there when the server starts. Nothing of it is kept beside it, so nothing can disagree.
#![forbid(unsafe_code)]

mod account;
mod accounts;
mod limits;
mod port;
mod quota;
mod quotas;

pub use account::{Account, Held, Part, Stored};
pub use accounts::Accounts;
pub use limits::Limits;
pub use port::{Boxed, QuotaStore, StoreError};
pub use quota::{Exceeded, Quota, allows};
pub use quotas::{Error, Quotas};
