//! From uploaded bytes to kept, compiled code.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;
use weft_types::Digest;
use weft_types::version::Inspection;

use crate::Error;
use crate::engine::Inner;
use crate::port::{Compiled, PrepareError, Stored, Tier};

/// Lets the same code be compiled by one at a time, so that the others find it done.
#[derive(Default)]
pub(crate) struct Compiling(Mutex<HashMap<Digest, Weak<tokio::sync::Mutex<()>>>>);

/// Code that is kept and compiled.
pub(super) struct Prepared {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) inspection: Inspection,
    /// Held until the version is stored, where the next upload of the same code finds it.
    _only: OwnedMutexGuard<()>,
}

/// A file for a compiler to write to, removed unless it was kept.
struct Scratch(PathBuf);

impl Compiling {
    pub(crate) async fn lock(&self, digest: Digest) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| lock.strong_count() > 0);
            let known = locks.get(&digest).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::default();
                locks.insert(digest, Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }
}

impl Inner {
    /// Keeps an upload and compiles it, unless a version was made from the same code and its compiled form is there.
    pub(super) async fn prepare(self: &Arc<Self>, stored: &Stored) -> Result<Prepared, Error> {
        let only = self.compiling.lock(stored.digest).await;
        let inspection = match self.known(stored.digest).await {
            Some(inspection) => inspection,
            None => {
                let first = self.ports.runtime.first_tier(stored.size);
                let (inspection, scratch, tier) = self.compile_first(&stored.path, first).await?;
                // Kept before its compiled form, which could not be made anew without it.
                self.ports.artifacts.keep(stored).await?;
                let compiled = self.keep_compiled(stored.digest, tier, &scratch).await;
                compiled.inspect_err(|_| self.collect_later(vec![stored.digest]))?;
                inspection
            }
        };
        Ok(Prepared {
            digest: stored.digest,
            size: stored.size,
            inspection,
            _only: only,
        })
    }

    /// Compiles kept code; answers the tier it was compiled with.
    pub(crate) async fn compile(
        &self,
        digest: Digest,
        code: &Path,
        tier: Tier,
    ) -> Result<(Compiled, Tier), Error> {
        let (_, scratch, tier) = self.compile_first(code, tier).await?;
        let compiled = self.keep_compiled(digest, tier, &scratch).await?;
        Ok((compiled, tier))
    }

    /// What is known of code that some version was made from, where that code and a compiled form are there.
    async fn known(&self, digest: Digest) -> Option<Inspection> {
        let artifacts = &self.ports.artifacts;
        let record = self.catalog.read().version_of(digest).cloned()?;
        // Whoever uploads what is damaged here brings it anew.
        self.intact_code(digest, &record.function).await.ok()?;
        let compiled = |tier| {
            artifacts
                .compiled(digest, &self.ports.runtime.compiled_key(tier))
                .is_some()
        };
        if ![Tier::Optimized, Tier::Baseline, Tier::ExplicitBounds]
            .into_iter()
            .any(compiled)
        {
            return None;
        }
        Some(record.inspection.clone())
    }

    /// Compiles, if need be with the usual compiler where the fast one knows not everything that the code uses.
    async fn compile_first(&self, code: &Path, tier: Tier) -> Result<(Inspection, Scratch, Tier), Error> {
        let tier = match self.compile_file(code, tier).await {
            Ok((inspection, scratch)) => return Ok((inspection, scratch, tier)),
            Err(PrepareError::Died(why)) if tier == Tier::Baseline => {
                tracing::info!(why, "the fast compiler gave up");
                Tier::Optimized
            }
            Err(error) => return Err(error.into()),
        };
        let (inspection, scratch) = self.compile_file(code, tier).await?;
        Ok((inspection, scratch, tier))
    }

    async fn compile_file(&self, code: &Path, tier: Tier) -> Result<(Inspection, Scratch), PrepareError> {
        let scratch = Scratch(self.ports.artifacts.scratch()?);
        let prepared = self.ports.runtime.prepare(code, &scratch.0, tier).await;
        let counter = match &prepared {
            Ok(_) => &self.metrics.compiles,
            Err(_) => &self.metrics.compile_failures,
        };
        counter.inc();
        prepared.map(|inspection| (inspection, scratch))
    }

    async fn keep_compiled(&self, digest: Digest, tier: Tier, scratch: &Scratch) -> Result<Compiled, Error> {
        let key = self.ports.runtime.compiled_key(tier);
        Ok(self
            .ports
            .artifacts
            .keep_compiled(digest, &key, &scratch.0)
            .await?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Moved away when kept, else of no use; either way its absence is what is wanted.
        let _ = std::fs::remove_file(&self.0);
    }
}
