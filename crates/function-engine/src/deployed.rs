//! A version ready to be called: its record, what bounds its calls, and, from the first call on, its loaded code and pool.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Mutex;
use weft_pool::Level;
use weft_quotas::Account;
use weft_types::{Signature, VersionRecord};

use crate::metrics::Series;
use crate::{Config, Error, Log, Profiles};

mod ahead;
mod export;
mod instances;
mod intact;
mod limits;
mod load;
mod placed;
mod promoted;
mod renew;
mod tally;
mod warming;

pub(crate) use instances::{Instances, Leased, Loaded};
pub(crate) use limits::Effective;
pub(crate) use load::CodeOf;
pub(crate) use placed::{DEFAULT_PROFILE, Nowhere, Placed, needs_labelled};
pub(crate) use tally::Tally;
pub(crate) use warming::{Ended, Told};

/// Where a version's instances live, if anywhere.
pub(crate) type Place = Result<Placed, Nowhere>;

/// A version of a function within the engine. It costs little until its first call, which loads the code.
pub struct Deployed {
    record: Arc<VersionRecord>,
    pub(crate) limits: Effective,
    /// Where its instances live, as profiles are now.
    place: ArcSwap<Place>,
    /// Since when that is where it was promoted to, where it is.
    promoted: std::sync::Mutex<Option<Instant>>,
    /// Whether it is being moved there or back.
    moving: AtomicBool,
    /// Whether calls by name go to other versions, and nobody has asked for this one since.
    left: AtomicBool,
    /// What it answered lately.
    pub(crate) tally: Tally,
    /// The export called where none is named.
    sole: Option<usize>,
    pub(crate) logs: Arc<Log>,
    pub(crate) series: Arc<Series>,
    /// What its project uses.
    pub(crate) account: Arc<Account>,
    loaded: ArcSwapOption<Loaded>,
    /// The same version by other profiles, of which there are no more than profiles.
    others: std::sync::Mutex<BTreeMap<Box<str>, Arc<Self>>>,
    /// Held while loading, so that code is loaded once.
    pub(crate) loading: Mutex<()>,
}

impl Deployed {
    pub(crate) fn new(
        record: VersionRecord,
        profiles: &Profiles,
        config: &Config,
        logs: Arc<Log>,
        series: Arc<Series>,
    ) -> Arc<Self> {
        let limits = Effective::new(&record.settings.limits, config);
        let place = Placed::new(&record.settings, profiles, config);
        let sole = export::sole(&record.inspection);
        let tally = Tally::new(&record.settings);
        let account = config.accounts.of(&record.project);
        Arc::new(Self {
            record: Arc::new(record),
            limits,
            place: ArcSwap::from_pointee(place),
            promoted: std::sync::Mutex::default(),
            moving: AtomicBool::new(false),
            left: AtomicBool::new(false),
            tally,
            sole,
            logs,
            series,
            account,
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

    /// Where its instances live.
    pub(crate) fn place(&self) -> arc_swap::Guard<Arc<Place>> {
        self.place.load()
    }

    /// Whether it is in a pool of this profile.
    pub(crate) fn is_under(&self, profile: &str) -> bool {
        self.place()
            .as_ref()
            .as_ref()
            .is_ok_and(|placed| *placed.name == *profile)
    }

    /// What separates its instances from the host; none where its profile is gone.
    pub(crate) fn level(&self) -> Option<Level> {
        self.place().as_ref().as_ref().ok().map(Placed::level)
    }

    /// Whether some of its instances are kept ready.
    pub(crate) fn has_warm(&self) -> bool {
        self.place().as_ref().as_ref().is_ok_and(Placed::has_warm)
    }

    /// Calls that an instance serves.
    pub(crate) fn reuse(&self) -> u32 {
        match self.place().as_ref() {
            Ok(placed) => placed.reuse,
            // It is not called.
            Err(_) => self.record.settings.limits.reuse.unwrap_or(1),
        }
    }

    /// How long a call may take: what its settings and its profile allow.
    pub(crate) fn most_time(&self) -> Duration {
        let place = self.place();
        let place = place.as_ref().as_ref().ok();
        place.map_or(self.limits.timeout, |place| place.most_time(&self.limits))
    }

    /// Memory of an instance, in bytes; none where it is not called.
    pub(crate) fn memory(&self) -> u64 {
        self.place().as_ref().as_ref().map_or(0, |placed| placed.memory)
    }

    /// Whether a call can be repeated from its seed and time: the version was granted nothing, and no call finds what an
    /// earlier one left.
    pub(crate) fn repeatable(&self) -> bool {
        let grants = &self.record.settings.grants;
        grants.is_empty() && (grants.stateless || self.reuse() <= 1)
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

    /// The same version by other profiles.
    pub(crate) fn others(&self) -> Vec<Arc<Self>> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.values().cloned().collect()
    }

    /// Calls by name go to other versions from now on. One that had chosen this before may load it once more: see
    /// [`was_left`](Self::was_left).
    pub(crate) fn leave(&self) {
        self.left.store(true, Relaxed);
        self.unload();
    }

    /// It is wanted, as the version that it is.
    pub(crate) fn want(&self) {
        if self.was_left() {
            self.left.store(false, Relaxed);
        }
    }

    /// Whether only calls that had chosen it before they were to go to another version may still load it.
    pub(crate) fn was_left(&self) -> bool {
        self.left.load(Relaxed)
    }

    /// Lets go of the loaded code, but not of that by other profiles. Calls under way keep it to their end; the next call loads it
    /// again.
    pub(crate) fn unload(&self) {
        if let Some(loaded) = self.loaded.swap(None) {
            loaded.retire();
        }
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
