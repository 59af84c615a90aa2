//! What all clones of the engine share.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use weft_pool::Level;
use weft_pool::profile::choose;
use weft_types::VersionRecord;

use super::verified::Verified;
use super::{Ports, Profiles};
use crate::catalog::Catalog;
use crate::deploy::{Compiling, Gone};
use crate::deployed::{Deployed, needs_labelled};
use crate::drain::UnderWay;
use crate::hold::Holds;
use crate::logs::{LogRoom, RunLogs};
use crate::pools::Roster;
use crate::port::{ProfileStore, Standing, Workflows};
use crate::profiles::Book;
use crate::upkeep::Upkeep;
use crate::{Config, Error, Log, Metrics};

/// The engine itself.
pub(crate) struct Inner {
    pub(crate) ports: Ports,
    pub(crate) profiles: ArcSwap<Profiles>,
    /// What is held back while all that is kept is copied.
    pub(crate) holds: Holds,
    /// Versions that were deleted and may be called yet.
    pub(crate) gone: Gone,
    /// Held while profiles are changed.
    pub(crate) changing_profiles: tokio::sync::Mutex<()>,
    /// Where they are written down; set once.
    pub(crate) profile_store: OnceLock<Arc<dyn ProfileStore>>,
    /// What is known of their texts.
    pub(crate) book: Book,
    pub(crate) config: Config,
    pub(crate) catalog: Catalog,
    pub(crate) metrics: Metrics,
    /// Uploads being compiled.
    pub(crate) compiling: Compiling,
    /// Stored code being compiled anew.
    pub(crate) recompiling: Compiling,
    pub(crate) verified: Verified,
    pub(crate) upkeep: Upkeep,
    /// Every pool there is.
    pub(crate) roster: Roster,
    /// For the idle instances of all pools.
    pub(crate) idle_room: Arc<weft_pool::Room>,
    /// Permits for instances that are started ahead of a node's end and were not called yet.
    pub(crate) warm_ahead: Arc<Semaphore>,
    /// For the lines of all functions.
    pub(crate) log_room: Arc<LogRoom>,
    /// What the nodes of runs print.
    pub(crate) run_logs: Arc<RunLogs>,
    pub(crate) under_way: UnderWay,
    /// Who runs workflows; set once, as they in turn call this engine.
    pub(crate) workflows: OnceLock<Arc<dyn Workflows>>,
    /// The runtime for slow work.
    pub(crate) background: Handle,
}

impl Inner {
    /// Runs slow work where it delays no call, to its end even if nobody waits for it any longer.
    pub(crate) async fn in_background<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.background.spawn(work).await.map_err(ended)?
    }

    /// Runs blocking work.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.background.spawn_blocking(work).await.map_err(ended)
    }

    /// A version made ready, with the logs and counters of its function.
    pub(crate) fn deployed(&self, record: VersionRecord, logs: &Arc<Log>) -> Arc<Deployed> {
        let series = self.metrics.functions.of(&record.project, &record.function);
        Deployed::new(
            record,
            &self.profiles.load(),
            &self.config,
            Arc::clone(logs),
            series,
        )
    }

    /// A version in the pool of another profile than its own.
    pub(crate) fn in_profile(&self, deployed: &Arc<Deployed>, profile: &str) -> Result<Arc<Deployed>, Error> {
        let record = deployed.record();
        if deployed.is_under(profile) {
            return Ok(Arc::clone(deployed));
        }
        let profiles = self.profiles.load();
        if !profiles.contains_key(profile) {
            return Err(Error::UnknownProfile {
                profile: profile.to_owned(),
                known: profiles.keys().cloned().collect(),
            });
        }
        let mut settings = record.settings.clone();
        settings.profile = Some(profile.to_owned());
        settings.needs = None;
        let make = || {
            let record = VersionRecord {
                settings,
                ..VersionRecord::clone(record)
            };
            self.deployed(record, &deployed.logs)
        };
        Ok(deployed.in_profile(profile, make))
    }

    /// A version in the cheapest pool that carries a label and has what else it needs, separated at least as it is by itself.
    pub(crate) fn in_group(&self, deployed: &Arc<Deployed>, label: &str) -> Result<Arc<Deployed>, Error> {
        let own = deployed.place().as_ref().clone()?;
        if own.profile.labels.contains(label) {
            return Ok(Arc::clone(deployed));
        }
        let needs = needs_labelled(&deployed.record().settings, own.level(), label);
        let chosen = choose(&self.profiles.load(), &needs);
        let chosen = chosen.map_err(|unmet| Error::UnmetNeeds(unmet.to_string()))?;
        self.in_profile(deployed, &chosen.profile)
    }

    /// What is known of a version, with its class as it is now.
    pub(crate) fn current(&self, deployed: &Deployed) -> Arc<VersionRecord> {
        let snapshot = self.catalog.read();
        let project = snapshot.project(deployed.record().project.as_str());
        project.map_or_else(
            |_| Arc::clone(deployed.record()),
            |project| project.current(deployed),
        )
    }

    /// Refuses a level that this host does not have. Nothing ever falls back to a weaker one.
    pub(crate) fn check_level(&self, profile: &str, level: Level) -> Result<(), Error> {
        match self.ports.runtime.standing(level) {
            Standing::Works | Standing::Degraded(_) => Ok(()),
            Standing::Unavailable(reason) => Err(Error::LevelUnavailable {
                profile: profile.to_owned(),
                level: level.to_string(),
                reason,
            }),
        }
    }
}

/// Work that panicked, or a runtime that is gone.
fn ended(error: JoinError) -> Error {
    Error::Platform(format!("background work ended: {error}"))
}
