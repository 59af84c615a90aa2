//! Durable state: the registry, code, key-value stores and runs of a server, in one directory.
//!
//! ```text
//! weft.lock    held by the server that has the directory, with its process number
//! weft.db      projects, functions, versions ([`SqliteRegistry`]), tokens and members ([`SqliteAccess`])
//! kv.db        key-value stores of projects ([`SqliteKeyValue`])
//! journal.db   what happens in runs that are open ([`RunJournal`])
//! records.db   the history of runs ([`RunRecords`])
//! artifacts/   uploaded and compiled code ([`FileArtifacts`])
//! ```
//!
//! The last two can be in a schema of a PostgreSQL database instead ([`Store::open_with_postgres`]).
//!
//! It implements the ports of the engines, and is the only crate that knows SQL. Whatever one of its calls has
//! answered with `Ok` survives a crash of the process and a loss of power. A sync that fails is never tried again: from
//! then on every write is refused until the store is opened anew.
#![forbid(unsafe_code)]

mod access;
mod again;
mod artifacts;
mod copies;
mod database;
mod disk;
mod error;
mod health;
mod journal;
mod keyvalue;
mod lock;
mod open;
mod options;
mod pace;
mod postgres;
mod records;
mod registry;
mod sqlite;

pub use access::SqliteAccess;
pub use artifacts::{FileArtifacts, Swept};
pub use copies::{Copied, Copies, CopyError, Stop};
pub use database::DatabaseError;
pub use health::Broken;
pub use journal::{JournalGauges, RunJournal};
pub use keyvalue::SqliteKeyValue;
pub use open::{OfflineAccess, OpenError, RESTORING, Store};
pub use options::Options;
pub use postgres::PostgresOptions;
pub use records::{RecordsGauges, RunRecords};
pub use registry::SqliteRegistry;
