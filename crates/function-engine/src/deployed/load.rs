//! Loading a version's code at its first call.

use std::sync::Arc;

use weft_pool::Level;
use weft_types::{Digest, FunctionName, VersionRecord};

use super::{Deployed, Loaded, Placed};
use crate::Error;
use crate::deploy::wiring::wire;
use crate::engine::Inner;
use crate::host::VersionHost;
use crate::pools::About;
use crate::port::{Code, Compiled, ImportBinding, Load, LoadError, Most, Tier};

/// Whichever of a code's compiled forms is there, the best suited first.
const PREFERENCE: [Tier; 3] = [Tier::ExplicitBounds, Tier::Optimized, Tier::Baseline];
/// The same for workers, which have nothing of the compiler of the last one.
const OF_WORKERS: [Tier; 2] = [Tier::Optimized, Tier::ExplicitBounds];

/// The forms of code that can execute at a level, the best suited first.
fn tiers(level: Level) -> &'static [Tier] {
    match level {
        Level::Sandbox => &PREFERENCE,
        Level::Process | Level::Container => &OF_WORKERS,
    }
}

/// Code, and whose it is.
#[derive(Clone, Copy)]
pub(crate) struct CodeOf<'a> {
    pub(crate) function: &'a FunctionName,
    pub(crate) digest: Digest,
    /// In bytes.
    pub(crate) size: u64,
}

impl<'a> From<&'a VersionRecord> for CodeOf<'a> {
    fn from(record: &'a VersionRecord) -> Self {
        Self {
            function: &record.function,
            digest: record.digest,
            size: record.size,
        }
    }
}

impl Inner {
    /// The version's code and pool, loaded if they are not yet: once, whoever asks and gives up meanwhile.
    pub(crate) async fn loaded(self: &Arc<Self>, deployed: &Arc<Deployed>) -> Result<Arc<Loaded>, Error> {
        if let Some(loaded) = deployed.if_loaded() {
            return Ok(loaded);
        }
        let (inner, deployed) = (Arc::clone(self), Arc::clone(deployed));
        self.in_background(async move { inner.load_once(&deployed).await })
            .await
    }

    async fn load_once(self: &Arc<Self>, deployed: &Arc<Deployed>) -> Result<Arc<Loaded>, Error> {
        let _loading = deployed.loading.lock().await;
        if let Some(loaded) = deployed.if_loaded() {
            return Ok(loaded);
        }
        let placed = deployed.place().as_ref().clone()?;
        let (code, tier) = self.load_best(deployed, &placed).await?;
        let loaded = self.pool(deployed, &placed, code, tier);
        deployed.loaded.store(Some(Arc::clone(&loaded)));
        self.upkeep.watch(deployed);
        if let Some(better) = loaded.better_tier() {
            self.upgrade(deployed, better);
        }
        tracing::debug!(version = ?deployed, ?tier, "loaded");
        Ok(loaded)
    }

    /// A pool of instances of loaded code.
    pub(super) fn pool(
        &self,
        deployed: &Deployed,
        placed: &Placed,
        code: Arc<dyn Code>,
        tier: Tier,
    ) -> Arc<Loaded> {
        let about = About::new(&deployed.record, &placed.name, placed.level());
        let room = Arc::clone(&self.idle_room);
        Loaded::new(about, (code, tier), placed.bounds, room, &self.roster)
    }

    /// Loads the best form there is, compiling one if there is none or it is not intact.
    pub(super) async fn load_best(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        placed: &Placed,
    ) -> Result<(Arc<dyn Code>, Tier), Error> {
        let (compiled, tier) = self
            .compiled_for(deployed.record().as_ref().into(), placed.level())
            .await?;
        match self.load(deployed, placed, compiled, tier).await? {
            Ok(code) => Ok((code, tier)),
            Err(LoadError::NotIntact(what)) => {
                tracing::warn!(version = ?deployed, what, "compiled code is not intact and is compiled anew");
                let (compiled, tier) = self.recompile(deployed.record.as_ref().into(), tier).await?;
                Ok((self.load(deployed, placed, compiled, tier).await??, tier))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The best compiled form of a version's code, made if there is none: once, whoever else needs it meanwhile.
    pub(crate) async fn compiled(&self, deployed: &Deployed) -> Result<(Compiled, Tier), Error> {
        let level = deployed.level().unwrap_or_default();
        self.compiled_for(deployed.record().as_ref().into(), level).await
    }

    /// The form of code that suits a level best, as [`compiled`](Self::compiled).
    pub(crate) async fn compiled_for(
        &self,
        code: CodeOf<'_>,
        level: Level,
    ) -> Result<(Compiled, Tier), Error> {
        let tiers = tiers(level);
        if let Some(found) = self.find_compiled(code.digest, tiers).await? {
            return Ok(found);
        }
        let _only = self.recompiling.lock(code.digest).await;
        match self.find_compiled(code.digest, tiers).await? {
            Some(found) => Ok(found),
            None => {
                let first = self.ports.runtime.first_tier(code.size);
                let first = tiers.iter().copied().find(|tier| *tier == first);
                self.recompile(code, first.unwrap_or(Tier::Optimized)).await
            }
        }
    }

    async fn find_compiled(
        &self,
        digest: Digest,
        tiers: &'static [Tier],
    ) -> Result<Option<(Compiled, Tier)>, Error> {
        let artifacts = Arc::clone(&self.ports.artifacts);
        let runtime = Arc::clone(&self.ports.runtime);
        let find = move |tier| {
            artifacts
                .compiled(digest, &runtime.compiled_key(tier))
                .map(|found| (found, tier))
        };
        self.blocking(move || tiers.iter().copied().find_map(find)).await
    }

    /// Loads a compiled form; blocks a thread made for that.
    pub(crate) async fn load(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        placed: &Placed,
        compiled: Compiled,
        tier: Tier,
    ) -> Result<Result<Arc<dyn Code>, LoadError>, Error> {
        let bindings = self.bindings(deployed)?;
        let placed = placed.clone();
        let (inner, deployed) = (Arc::clone(self), Arc::clone(deployed));
        self.metrics.loads.inc();
        let loaded = self.blocking(move || {
            inner.check_level(&placed.name, placed.level())?;
            let verified = inner.verified.contains(compiled.digest);
            let code = inner.ports.runtime.load(Load {
                version: &deployed.record,
                profile: &placed.profile,
                compiled: &compiled,
                tier,
                verified,
                bindings,
                reuse: placed.reuse,
                most: Most {
                    memory: placed.memory,
                    input: deployed.limits.input,
                    output: deployed.limits.output,
                },
                host: Arc::new(VersionHost::new(&inner, Arc::clone(&deployed.record))),
            });
            if code.is_ok() {
                inner.verified.insert(compiled.digest);
            }
            Ok(code)
        });
        loaded.await?
    }

    /// Compiles the code of a version, whatever forms of it there are.
    pub(crate) async fn recompile(&self, of: CodeOf<'_>, tier: Tier) -> Result<(Compiled, Tier), Error> {
        let code = self.intact_code(of.digest, of.function).await?;
        self.compile(of.digest, &code, tier).await
    }

    /// Which functions satisfy the version's imports.
    fn bindings(&self, deployed: &Deployed) -> Result<Vec<ImportBinding>, Error> {
        let record = &deployed.record;
        let snapshot = self.catalog.read();
        let wiring = wire(
            &record.inspection,
            &record.settings.grants,
            snapshot.project(record.project.as_str())?,
        );
        if wiring.missing.is_empty() {
            return Ok(wiring.bindings);
        }
        Err(Error::MissingGrant {
            function: record.function.clone(),
            version: record.version,
            missing: wiring.missing,
        })
    }
}
