//! Remembers that a sync failed, after which nothing may be promised any more.

use std::sync::OnceLock;

/// Whether the disk still does what it says, for one open store.
///
/// A failed fsync may have dropped the very pages it was asked to write, and the next one would report success without
/// them. So the first failure ends all writing; only opening the store again, which reads what is on the disk, clears it.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failure: OnceLock<String>,
}

/// The store takes no writes any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the store has stopped taking writes, because {0}, and what has reached the disk is not known: check the disk or the \
     database, then restart the server, which recovers from what is there"
)]
pub struct Broken(String);

impl Health {
    /// Refuses once a sync has failed.
    pub(crate) fn check(&self) -> Result<(), Broken> {
        match self.failure.get() {
            None => Ok(()),
            Some(failure) => Err(Broken(failure.clone())),
        }
    }

    /// Records a failed sync. The first one is the one told from now on.
    pub(crate) fn failed(&self, failure: String) -> Broken {
        let first = self.failure.get_or_init(|| {
            tracing::error!(failure, "the store takes no writes until it is opened again");
            failure
        });
        Broken(first.clone())
    }
}
