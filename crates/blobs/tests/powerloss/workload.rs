//! What happens to blobs, in little.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use weft_blobs::{LocalBlobs, Options};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blob_store::BlobStore;
use weft_workflow_engine::port::blobs::{BlobError, Blobs};

use crate::ledger::{acknowledged, asked, refused};

/// What became of a wish.
pub(crate) type Outcome = Result<(), BlobError>;

/// How many different blobs there are.
pub(crate) const SAMPLES: usize = 5;

/// Whoever has blobs.
const PROJECTS: [&str; 4] = ["a", "b", "c", "d"];

/// Blobs at work.
pub(crate) struct Server {
    data: PathBuf,
    blobs: LocalBlobs,
}

impl Server {
    pub(crate) async fn open(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            blobs: LocalBlobs::open(data, Options::default()).await.unwrap(),
        }
    }

    /// Ends it, and with it the count, which has the directory until then.
    pub(crate) async fn close(self) {
        self.blobs.counted().await.unwrap();
    }

    /// Blobs of several projects come in every way, and go.
    pub(crate) async fn live(&self) {
        for n in 0..SAMPLES {
            self.put("a", n).await.unwrap();
            self.receive("b", n).await.unwrap();
            self.grant("a", "c", n).await.unwrap();
        }
        self.put("a", 0).await.unwrap();
        self.collect_all().await;
        self.put("b", 1).await.unwrap();
    }

    /// Whoever asks for a blob may rely on it from then on, whoever has stored it.
    pub(crate) async fn ask(&self) {
        for n in 0..SAMPLES {
            let thing = thing("a", n);
            asked(&thing, THERE);
            if self.blobs.length(&project("a"), digest(n)).await.is_ok() {
                acknowledged(&thing, THERE);
            }
        }
    }

    pub(crate) async fn put(&self, name: &str, n: usize) -> Outcome {
        asked(&thing(name, n), THERE);
        let put = self.blobs.put(&project(name), sample(n)).await;
        decided(&thing(name, n), put.map(drop))
    }

    pub(crate) async fn receive(&self, name: &str, n: usize) -> Outcome {
        asked(&thing(name, n), THERE);
        let received = self.receive_pieces(name, n).await;
        decided(&thing(name, n), received)
    }

    async fn receive_pieces(&self, name: &str, n: usize) -> Outcome {
        let mut receiving = self.blobs.receive(&project(name)).unwrap();
        for chunk in sample(n).chunks(100_000) {
            receiving.write(Bytes::copy_from_slice(chunk)).await?;
        }
        receiving.finish().await.map(drop)
    }

    pub(crate) async fn grant(&self, from: &str, to: &str, n: usize) -> Outcome {
        asked(&thing(to, n), THERE);
        let granted = self.blobs.grant(&project(from), &project(to), digest(n)).await;
        decided(&thing(to, n), granted)
    }

    /// Removes all blobs. Nobody is promised that a removed one stays away.
    async fn collect_all(&self) {
        for name in PROJECTS {
            (0..SAMPLES).for_each(|n| asked(&thing(name, n), ""));
        }
        for n in 0..SAMPLES {
            for name in PROJECTS {
                // Not all of them have each.
                if let Ok(file) = File::open(path(&self.data, n).with_added_extension(name)) {
                    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
                }
            }
        }
        let collected = self.blobs.collect(SystemTime::now()).await.unwrap();
        assert_eq!(collected.blobs, SAMPLES as u64);
    }
}

/// What a blob that is there is in the ledger.
pub(crate) const THERE: &str = "there";

/// Notes what became of a wish. A full disk changes nothing; after another error anything may be.
fn decided(thing: &str, outcome: Outcome) -> Outcome {
    match outcome {
        Ok(()) => acknowledged(thing, THERE),
        Err(BlobError::Full) => refused(thing, THERE),
        Err(_) => {}
    }
    outcome
}

/// What the ledger calls the n-th blob of a project.
fn thing(name: &str, n: usize) -> String {
    format!("blob/{name}/{n}")
}

pub(crate) fn project(name: &str) -> ProjectName {
    name.parse().unwrap()
}

/// Bytes whose length falls within a page, on many pages, and beyond what is gathered at once, in turn.
pub(crate) fn sample(n: usize) -> Bytes {
    let length = [10, 5_000, 70_000, 300_000][n % 4] + n;
    (0..length)
        .map(|position| (position * 7 + n) as u8)
        .collect::<Vec<_>>()
        .into()
}

pub(crate) fn digest(n: usize) -> Digest {
    Digest::of(&sample(n))
}

/// The directory of the n-th blob and its owners, in the store's own.
pub(crate) fn shard(n: usize) -> String {
    format!("data/{}", &digest(n).hex()[..2])
}

/// The file of the n-th blob.
fn path(data: &Path, n: usize) -> PathBuf {
    data.join(shard(n)).join(digest(n).hex())
}
