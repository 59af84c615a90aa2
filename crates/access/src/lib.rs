//! Who may do what: roles, members, tokens, and the one decision over them.
//!
//! - [`decide()`] is pure: who asks, what a route needs, which project it is about, who may see it: allowed, or the exact refusal.
//! - [`Model`] is all that is known of tokens and members, changed by [`Change`]s and by nothing else; the store keeps it and memory
//!   mirrors it.
//! - [`Access`] is what a server has: it finds tokens without a lock, and a change takes effect with the next request.
//!
//! A token acts for its holder. One of the platform may do everything; one of a project may do there what its own role allows, and
//! never more than its holder's role in that project: who leaves a project takes the power of their tokens along.
#![forbid(unsafe_code)]

mod access;
mod audit;
mod decide;
mod directory;
mod model;
mod need;
mod pace;
mod port;
mod role;
mod secret;
mod user;

pub use access::{Access, Error, NewToken, Policy, TooFast};
pub use audit::{AuditStore, Deed, Recorded, Retention};
pub use decide::{Refusal, Standing, decide};
pub use directory::{Entry, Grant, Rejected, Subject};
pub use model::{Change, Member, Model, Scope, Token};
pub use need::Need;
pub use pace::Rate;
pub use port::{AccessStore, Boxed, StoreError};
pub use role::{Role, RoleError};
pub use secret::{Secret, TokenId, TokenIdError};
pub use user::{UserName, UserNameError};
pub use weft_types::settings::Visibility;
