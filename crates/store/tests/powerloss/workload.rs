//! What a server does in its life, in little: uploads, compilations, settings, key-values, killed processes.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use weft_function_engine::port::{Artifacts, KeyValue, NewVersion, Registry, StorageError, Stored};
use weft_store::{Options, Store};
use weft_types::version::{Flavor, Inspection};
use weft_types::{Digest, FunctionName, Kind, ProjectName, Settings, VersionNumber};
use weft_workflow_engine::port::journal::Urgency;

use crate::ledger::{acknowledged, asked, refused};
use crate::runs::{self, Appended, Runs};

/// Small, so that checkpoints happen often.
const OPTIONS: Options = Options {
    readers: 1,
    checkpoint_bytes: 256 * 1024,
    keyvalue_queue: 64,
    keyvalue_queue_bytes: 1 << 20,
    keyvalue_batch: 16,
    keyvalue_batch_bytes: 1 << 20,
    journal_queue: 1024,
    journal_queue_bytes: 1 << 20,
    journal_batch: 64,
    journal_batch_bytes: 64 << 10,
    journal_lazy_bytes: 32 << 10,
    journal_lazy_delay: Duration::from_millis(50),
    journal_linger: Duration::from_millis(1),
    journal_trim_bytes: 16 << 10,
    records_feed_bytes: 64 << 10,
    records_batch_bytes: 32 << 10,
    records_linger: Duration::from_millis(50),
    records_open: 2,
    retention_age: None,
    retention_runs: None,
    retention_bytes: None,
    retention_interval: Duration::from_secs(3600),
    check_integrity: false,
};

/// The key of the compiled form that is replaced.
pub(crate) const REPLACED: &str = "v1";

/// What is told when the disk is full.
pub(crate) const FULL: &str = "the disk is full";

/// What went wrong, as it is told.
pub(crate) type Outcome = Result<(), String>;

/// A server at work.
pub(crate) struct Server {
    store: Store,
    runs: Runs,
}

impl Server {
    pub(crate) async fn open(data: &Path) -> Self {
        let store = Store::open(data, OPTIONS).await.unwrap();
        let runs = Runs::open(&store).await;
        Self { store, runs }
    }

    /// A life long enough for every database to be checkpointed and its log overwritten.
    pub(crate) async fn live(&self) -> Outcome {
        for round in 0..12 {
            self.deploy(&format!("f{}", round % 5), &code(round)).await?;
            let keys: Vec<_> = (0..6).map(|n| format!("k{}", (round * 5 + n) % 20)).collect();
            let writes = keys
                .iter()
                .map(|key| self.set(key, format!("{round}-{}", "x".repeat(round * 100))));
            together(writes).await?;
            self.run(round as u64).await?;
        }
        runs::delete(&self.store, 3).await?;
        self.set("gone", "soon".to_owned()).await?;
        self.remove("gone").await?;
        self.count("n", 7).await?;
        self.compile(&code(0), REPLACED, b"compiled otherwise").await?;
        self.forget("f1", VersionNumber(1), &code(1)).await?;
        self.forget("f2", VersionNumber(1), &code(2)).await?;
        self.compile(&code(1), REPLACED, b"compiled anew").await?;
        self.deploy("f1", &code(1)).await?;
        self.delete("f4").await
    }

    /// A round of runs: a long one goes on, short ones come and go, the last of them unwaited for until the next round.
    async fn run(&self, round: u64) -> Outcome {
        self.runs.commit(&self.store, 0, false).await?;
        let short: Vec<_> = (0..4).map(|n| 1 + round * 4 + n).collect();
        together(short.iter().map(|&number| self.run_short(number))).await?;
        runs::project_all(&self.store).await;
        let lazy = self.runs.append(&self.store, 0, false, Urgency::Lazy)?;
        let ended = self.runs.append(&self.store, 500 + round, false, Urgency::Lazy)?;
        runs::settle(&self.store, &[lazy, ended]).await?;
        runs::project_all(&self.store).await;
        Ok(())
    }

    async fn run_short(&self, number: u64) -> Outcome {
        let first = self.runs.append(&self.store, number, false, Urgency::Prompt)?;
        let second = self.runs.append(&self.store, number, false, Urgency::Lazy)?;
        runs::settle(&self.store, &[first]).await?;
        let last = self.runs.append(&self.store, number, true, Urgency::Prompt)?;
        runs::settle(&self.store, &[second, last]).await
    }

    /// Appends an event to a run. Where the disk is full, that is told at once, and `waiting` is what goes on waiting for room.
    pub(crate) async fn append(&self, number: u64, waiting: &mut Vec<Appended>) -> Outcome {
        let appended = self.runs.append(&self.store, number, false, Urgency::Prompt)?;
        let settled = runs::settle(&self.store, std::slice::from_ref(&appended)).await;
        if settled.is_err() {
            waiting.push(appended);
        }
        settled
    }

    /// Appends an event to a run, and waits until the records have it.
    pub(crate) async fn record(&self, number: u64) -> Outcome {
        self.runs.commit(&self.store, number, false).await?;
        runs::project_all(&self.store).await;
        Ok(())
    }

    /// Waits for room, and for what waited for it.
    pub(crate) async fn settle(&self, waiting: &mut Vec<Appended>) -> Outcome {
        while self.store.journal().gauges().disk_full {
            tokio::task::yield_now().await;
        }
        runs::settle(&self.store, &std::mem::take(waiting)).await
    }

    /// Uploads, compiles, stores and activates.
    pub(crate) async fn deploy(&self, name: &str, code: &[u8]) -> Outcome {
        let digest = self.upload(code).await?;
        self.compile(code, REPLACED, &code.repeat(2)).await?;
        let thing = format!("version/{name}/{}", digest.hex());
        asked(&thing, "stored");
        let added = self.store.registry().add_version(version(name, digest)).await;
        let added = decided(&thing, "stored", added)?;
        self.activate(name, added.version.version).await
    }

    async fn upload(&self, code: &[u8]) -> Result<Digest, String> {
        let stored = self.receive(code).await.map_err(|error| error.to_string())?;
        let thing = format!("code/{}", stored.digest.hex());
        asked(&thing, "kept");
        self.store
            .artifacts()
            .keep(&stored)
            .await
            .map_err(|error| error.to_string())?;
        acknowledged(&thing, "kept");
        Ok(stored.digest)
    }

    async fn receive(&self, code: &[u8]) -> Result<Stored, StorageError> {
        let mut receiving = self.store.artifacts().receive(1 << 20).await?;
        for chunk in code.chunks(100_000) {
            receiving.write(Bytes::copy_from_slice(chunk)).await?;
        }
        receiving.finish().await
    }

    /// Keeps a compiled form. While it is replaced there may be none.
    pub(crate) async fn compile(&self, code: &[u8], key: &str, compiled: &[u8]) -> Outcome {
        let artifacts = self.store.artifacts();
        let path = artifacts.scratch().map_err(|error| error.to_string())?;
        let thing = format!("compiled/{key}/{}", Digest::of(code).hex());
        let hash = Digest::of(compiled).hex();
        asked(&thing, "");
        asked(&thing, &hash);
        // The compiler's own failure to write is not the store's.
        let kept = match std::fs::write(&path, compiled) {
            Ok(()) => artifacts.keep_compiled(Digest::of(code), key, &path).await,
            Err(_) => Err(StorageError::Full),
        };
        let _ = std::fs::remove_file(&path);
        kept.map_err(|error| error.to_string())?;
        acknowledged(&thing, &hash);
        Ok(())
    }

    async fn activate(&self, name: &str, version: VersionNumber) -> Outcome {
        let (thing, value) = (format!("active/{name}"), version.to_string());
        asked(&thing, &value);
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let activated = self
            .store
            .registry()
            .activate(&project(), &function(name), version, Arc::default(), at)
            .await;
        decided(&thing, &value, activated)?;
        Ok(())
    }

    /// Deletes a version, then its code, which a crash may bring back as nobody promises that it is gone.
    async fn forget(&self, name: &str, version: VersionNumber, code: &[u8]) -> Outcome {
        let hex = Digest::of(code).hex();
        let thing = format!("version/{name}/{hex}");
        asked(&thing, "");
        let registry = self.store.registry();
        let deleted = registry
            .delete_versions(&project(), &function(name), &[version])
            .await;
        decided(&thing, "", deleted)?;
        asked(&format!("compiled/{REPLACED}/{hex}"), "");
        asked(&format!("code/{hex}"), "");
        let removed = self.store.artifacts().remove(Digest::of(code)).await;
        removed.map_err(|error| error.to_string())
    }

    async fn delete(&self, name: &str) -> Outcome {
        let things = ["active", "function"].map(|kind| format!("{kind}/{name}"));
        things.iter().for_each(|thing| asked(thing, ""));
        self.store
            .registry()
            .delete(&project(), &function(name))
            .await
            .map_err(|error| error.to_string())?;
        things.iter().for_each(|thing| acknowledged(thing, ""));
        Ok(())
    }

    pub(crate) async fn set(&self, key: &str, value: String) -> Outcome {
        let thing = format!("entry/{key}");
        asked(&thing, &value);
        let set = self
            .store
            .keyvalue()
            .set(&project(), "s", key, Bytes::from(value.clone()))
            .await;
        decided(&thing, &value, set)
    }

    async fn remove(&self, key: &str) -> Outcome {
        let thing = format!("entry/{key}");
        asked(&thing, "");
        decided(
            &thing,
            "",
            self.store.keyvalue().delete(&project(), "s", key).await,
        )
    }

    async fn count(&self, key: &str, to: i64) -> Outcome {
        let thing = format!("entry/{key}");
        for sum in 1..=to {
            asked(&thing, &sum.to_string());
            let counted = self.store.keyvalue().increment(&project(), "s", key, 1).await;
            assert_eq!(decided(&thing, &sum.to_string(), counted)?, Some(sum));
        }
        Ok(())
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
    }
}

/// Notes what became of a wish. A full disk changes nothing; after another error anything may be.
fn decided<T, E: Display>(thing: &str, value: &str, outcome: Result<T, E>) -> Result<T, String> {
    let outcome = outcome.map_err(|error| error.to_string());
    match &outcome {
        Ok(_) => acknowledged(thing, value),
        Err(told) if told == FULL => refused(thing, value),
        Err(_) => {}
    }
    outcome
}

/// Code whose length falls within a page, on many pages, and beyond what is gathered at once, in turn.
pub(crate) fn code(round: usize) -> Vec<u8> {
    let length = [10, 5_000, 70_000, 300_000][round % 4];
    (0..length + round)
        .map(|position| (position * 7 + round) as u8)
        .collect()
}

fn version(name: &str, digest: Digest) -> NewVersion {
    NewVersion {
        project: project(),
        function: function(name),
        kind: Kind::Component,
        digest,
        size: 1,
        inspection: Inspection {
            flavor: Flavor::Exports,
            exports: Vec::new(),
            imports: Vec::new(),
            capabilities: Vec::new(),
            wit: "world root {}\n".repeat(500),
        },
        workflow: None,
        settings: Settings::default(),
        effect_free: true,
        creator: "anna".to_owned(),
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        activate: None,
    }
}

pub(crate) fn project() -> ProjectName {
    "default".parse().unwrap()
}

fn function(name: &str) -> FunctionName {
    name.parse().unwrap()
}

/// Waits for all of them at once.
async fn together(all: impl Iterator<Item = impl Future<Output = Outcome>>) -> Outcome {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut outcome = Ok(());
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(done) => {
                outcome = outcome.clone().and(done);
                false
            }
        });
        if waiting.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    outcome
}
