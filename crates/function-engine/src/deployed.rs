//! A version ready to be called: its record, what bounds its calls, and, from the first call on, its loaded code and pool.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use weft_pool::Level;
use weft_types::{Signature, VersionRecord};

use crate::metrics::Series;
use crate::{Config, Error, Log, Profiles};

mod export;
mod instances;
mod limits;
mod load;

pub(crate) use instances::{Instances, Leased, Loaded};
pub(crate) use limits::{DEFAULT_PROFILE, Effective, profile_name, profile_of};

/// A version of a function within the engine. It costs little until its first call, which loads the code.
pub struct Deployed {
    record: Arc<VersionRecord>,
    pub(crate) limits: Effective,
    /// The profile of its pool; none where it is gone.
    profile: Option<weft_pool::Profile>,
    /// The bounds of its pool; none where its profile is gone.
    bounds: Option<weft_pool::Bounds>,
    /// The export called where none is named.
    sole: Option<usize>,
    pub(crate) logs: Arc<Log>,
    pub(crate) series: Arc<Series>,
    loaded: ArcSwapOption<Loaded>,
    /// The same version by other profiles, of which there are no more than profiles.
    others: std::sync::Mutex<BTreeMap<Box<str>, Arc<Self>>>,
    /// Held while loading, so that code is loaded once.
    loading: Mutex<()>,
}

impl Deployed {
    pub(crate) fn new(
        record: VersionRecord,
        profiles: &Profiles,
        config: &Config,
        logs: Arc<Log>,
        series: Arc<Series>,
    ) -> Arc<Self> {
        let profile = profile_of(&record.settings, profiles);
        let limits = Effective::new(&record.settings.limits, profile, config);
        let bounds = profile.map(|profile| limits.pool(profile, config));
        let sole = export::sole(&record.inspection);
        Arc::new(Self {
            record: Arc::new(record),
            limits,
            profile: profile.cloned(),
            bounds,
            sole,
            logs,
            series,
            loaded: ArcSwapOption::empty(),
            others: std::sync::Mutex::default(),
            loading: Mutex::default(),
        })
    }

    /// What is known of the version.
    #[must_use]
    pub fn record(&self) -> &Arc<VersionRecord> {
        &self.record
    }

    /// The types of an export, by its index; none where there is none or it cannot be called.
    #[must_use]
    pub fn signature(&self, export: usize) -> Option<&Signature> {
        self.record
            .inspection
            .exports
            .get(export)
            .and_then(|export| export.signature())
    }

    /// The types of an export, by its index, or why it cannot be called.
    pub(crate) fn callable(&self, export: usize) -> Result<&Signature, Error> {
        self.signature(export).ok_or_else(|| Error::NotCallable {
            export: self.record.function.to_string(),
            reason: format!("it has no export {export} that takes and answers values only"),
        })
    }

    /// Finds the export a caller means.
    pub(crate) fn export(&self, name: Option<&str>) -> Result<(usize, &Signature), Error> {
        export::find(&self.record, name, self.sole)
    }

    /// What separates its instances from the host; none where its profile is gone.
    pub(crate) fn level(&self) -> Option<Level> {
        self.profile.as_ref().map(|profile| profile.level)
    }

    /// Whether some of its instances are kept ready.
    pub(crate) fn has_warm(&self) -> bool {
        let sandboxes = self
            .bounds
            .is_some_and(|bounds| bounds.warm > 0 && bounds.reuse > 1);
        let processes = self
            .profile
            .as_ref()
            .is_some_and(|profile| profile.level != Level::Sandbox && profile.scaling.min > 0);
        sandboxes || processes
    }

    /// Whether a call can be repeated from its seed and time: the version was granted nothing, and no call finds what an
    /// earlier one left.
    pub(crate) fn repeatable(&self) -> bool {
        let grants = &self.record.settings.grants;
        grants.is_empty() && (self.limits.reuse <= 1 || grants.stateless)
    }

    /// The loaded code, if it is.
    pub(crate) fn if_loaded(&self) -> Option<Arc<Loaded>> {
        self.loaded.load_full()
    }

    /// The same version in a pool of another profile, made when first asked for.
    pub(crate) fn in_profile(&self, profile: &str, make: impl FnOnce() -> Arc<Self>) -> Arc<Self> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(others.entry(profile.into()).or_insert_with(make))
    }

    /// Lets go of the loaded code. Calls under way keep it to their end; the next call loads it again.
    pub(crate) fn unload(&self) {
        if let Some(loaded) = self.loaded.swap(None) {
            loaded.retire();
        }
        let others = std::mem::take(&mut *self.others.lock().unwrap_or_else(PoisonError::into_inner));
        others.values().for_each(|other| other.unload());
    }
}

impl std::fmt::Debug for Deployed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let VersionRecord {
            project,
            function,
            version,
            ..
        } = &*self.record;
        write!(f, "Deployed({project}/{function}@{version})")
    }
}
