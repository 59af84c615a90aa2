//! The store in a directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use weft_blobs::{Collected, LocalBlobs, Options};
use weft_types::Digest;
use weft_workflow_engine::port::blob_store::BlobStore;

use crate::{Backend, Damage};

pub(crate) struct Local {
    directory: TempDir,
    options: Options,
    blobs: LocalBlobs,
}

impl Local {
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("blobs")
    }

    pub(crate) fn blobs(&self) -> &LocalBlobs {
        &self.blobs
    }

    pub(crate) fn file(&self, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        self.path().join("data").join(&hex[..2]).join(hex)
    }
}

impl Backend for Local {
    async fn with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(directory.path().join("blobs"), options.clone())
            .await
            .unwrap();
        Self {
            directory,
            options,
            blobs,
        }
    }

    async fn reopen(self) -> Self {
        let Self {
            directory,
            options,
            blobs,
        } = self;
        // Until then somebody else still has them open.
        blobs.counted().await.unwrap();
        drop(blobs);
        let blobs = LocalBlobs::open(directory.path().join("blobs"), options.clone())
            .await
            .unwrap();
        Self {
            directory,
            options,
            blobs,
        }
    }

    fn store(&self) -> &dyn BlobStore {
        &self.blobs
    }

    async fn collect_since(&self, begun: SystemTime) -> Collected {
        self.blobs.collect(begun).await.unwrap()
    }

    fn age(&self, by: Duration) {
        for path in files(&self.path().join("data")) {
            let file = File::open(path).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            file.set_modified(modified - by).unwrap();
        }
    }

    async fn damage(&self, digest: Digest, how: Damage) {
        let path = self.file(digest);
        let mut content = fs::read(&path).unwrap();
        how.apply(&mut content);
        fs::write(path, content).unwrap();
    }

    async fn stored(&self) -> usize {
        let names = files(&self.path().join("data"));
        names.iter().filter(|path| path.extension().is_none()).count()
    }

    fn unfinished(&self) -> usize {
        files(&self.path().join("tmp")).len()
    }
}

impl Damage {
    pub(crate) fn apply(self, content: &mut Vec<u8>) {
        match self {
            Self::Flipped => {
                let middle = content.len() / 2;
                content[middle] ^= 1;
            }
            Self::Shortened => drop(content.pop()),
        }
    }
}

/// Every file below a directory.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}
