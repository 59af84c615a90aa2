//! What whoever copies all blobs needs: that none goes meanwhile, and to know which there are.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use tokio::sync::OwnedMutexGuard;
use weft_workflow_engine::port::blobs::BlobError;

use super::LocalBlobs;
use super::layout::Entry;
use crate::temporary::names;

/// While it is there, no blob is collected.
#[derive(Debug)]
pub struct Held {
    _collecting: OwnedMutexGuard<()>,
}

/// A file of a blob: its bytes, or an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the directory of the blobs, such as `data/ab/ab…`.
    pub name: String,
    /// Where it lies. It never changes, though another with the same content may take its place.
    pub path: PathBuf,
}

impl LocalBlobs {
    /// Waits for the collection that is under way to end. Others then remove nothing until the answer is dropped.
    pub async fn hold(&self) -> Held {
        Held {
            _collecting: Arc::clone(&self.0.collecting).lock_owned().await,
        }
    }

    /// All that is kept, a directory at a time, each in order of the names. Blocks.
    ///
    /// What was named before it is asked for the first directory is there; what is named meanwhile may be.
    pub fn kept(&self) -> impl Iterator<Item = Result<Vec<Kept>, BlobError>> + '_ {
        self.0.layout.shards().map(|directory| {
            // Listed while nobody gives names: some file systems let a name that is given anew slip past a listing.
            let names = {
                let _alone = self.0.naming.write().unwrap_or_else(PoisonError::into_inner);
                names(&directory)?
            };
            let shard = directory.file_name().unwrap_or_default().to_string_lossy();
            let mut kept: Vec<_> = names
                .into_iter()
                .filter(|name| Entry::parse(name).is_some())
                .map(|name| Kept {
                    path: directory.join(&name),
                    name: format!("data/{shard}/{name}"),
                })
                .collect();
            kept.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            Ok(kept)
        })
    }
}
