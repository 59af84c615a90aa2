//! Durable state: the registry, code and key-value stores of a server, in one directory.
//!
//! ```text
//! weft.lock    held by the server that has the directory, with its process number
//! weft.db      projects, functions, versions ([`SqliteRegistry`])
//! kv.db        key-value stores of projects ([`SqliteKeyValue`])
//! artifacts/   uploaded and compiled code ([`FileArtifacts`])
//! ```
//!
//! It implements the ports of the function engine, and is the only crate that knows SQL. Whatever one of its calls has
//! answered with `Ok` survives a crash of the process and a loss of power. A sync that fails is never tried again: from
//! then on every write is refused until the store is opened anew.
#![forbid(unsafe_code)]

mod artifacts;
mod disk;
mod health;
mod keyvalue;
mod lock;
mod open;
mod options;
mod registry;
mod sqlite;

pub use artifacts::{FileArtifacts, Swept};
pub use health::Broken;
pub use keyvalue::SqliteKeyValue;
pub use open::{OpenError, Store};
pub use options::Options;
pub use registry::SqliteRegistry;
pub use sqlite::DatabaseError;
