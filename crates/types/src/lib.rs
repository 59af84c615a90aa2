//! The nouns of Weft: names, digests, types, values, signatures, versions and their settings.
//!
//! Pure data and pure functions: no I/O, no clock, no async. Every other crate may know this one; it knows none of
//! them.
//!
//! - [`ty`] is the type language (WIT's value types) with the memory layout of each type;
//! - [`image`] is a value outside any guest, [`json`] its text form (described to others by [`json_schema`]), [`guest`] its
//!   way into and out of a guest's memory;
//! - [`reach`] tells where network addresses lead;
//! - [`moves`] is how a function gets from one version or place to another, and what decides on that;
//! - [`signature`], [`settings`] and [`version`] describe what can be called and under which terms.
#![forbid(unsafe_code)]

pub mod digest;
pub mod guest;
pub mod image;
pub mod json;
pub mod json_schema;
pub mod moves;
pub mod name;
pub mod pointer;
pub mod reach;
pub mod run;
pub mod secret;
pub mod settings;
pub mod signature;
pub mod ty;
pub mod value;
pub mod version;

pub use digest::Digest;
pub use name::{FunctionName, NameError, ProjectName};
pub use run::{Durability, FailurePolicy, NodeKey, NodeStatus, Priority, RunId, RunStatus};
pub use secret::{SecretName, SecretNameError, SecretText, SecretTextError};
pub use settings::{Grants, Limits, Settings, SettingsError};
pub use signature::{Export, Signature};
pub use ty::{Layout, Type};
pub use value::{Address, Value};
pub use version::{Kind, VersionNumber, VersionRecord};
