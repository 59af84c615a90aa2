//! Where pool profiles are written down.

use std::collections::BTreeMap;

use super::StorageError;

/// Keeps the texts of pool profiles. Every method blocks.
pub trait ProfileStore: Send + Sync + 'static {
    /// All there are, by name, as they are now.
    ///
    /// # Errors
    /// Where they cannot be listed.
    fn read(&self) -> Result<BTreeMap<String, Written>, StorageError>;

    /// Writes one, whole or not at all, and durably.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn write(&self, name: &str, text: &str) -> Result<(), StorageError>;

    /// Removes what was written of one: it is gone, or what is built in once more.
    ///
    /// # Errors
    /// Where it cannot be removed.
    fn remove(&self, name: &str) -> Result<(), StorageError>;
}

/// What is written of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text, TOML; or why it cannot be read.
    pub text: Result<String, String>,
    /// Where from.
    pub origin: Origin,
}

/// Where a profile is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with the server.
    BuiltIn,
    /// It was written.
    File,
    /// It was written, and takes the place of one that came with the server.
    Override,
}
