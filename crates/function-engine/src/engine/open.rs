//! Opening the engine.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use weft_quotas::Part;
use weft_types::VersionRecord;
use weft_types::version::FunctionRecord;

use super::{Inner, Ports, Profiles};
use crate::catalog::{Catalog, Function, Snapshot};
use crate::deploy::{Compiling, Gone};
use crate::deployed::Deployed;
use crate::drain::UnderWay;
use crate::engine::verified::Verified;
use crate::hold::Holds;
use crate::invoke::clock;
use crate::logs::{LogRoom, RunLogs};
use crate::metrics::Pools;
use crate::pools::Roster;
use crate::profiles::{Book, check_default};
use crate::upkeep::{self, Upkeep};
use crate::{Config, Error, Log, Metrics};

pub(super) async fn open(ports: Ports, profiles: Profiles, config: Config) -> Result<Arc<Inner>, Error> {
    check_default(&profiles)?;
    let metrics = Metrics::new(config.shards, config.metric_series);
    let log_room = LogRoom::new(config.log_bytes);
    let mut snapshot = Snapshot::default();
    for project in ports.registry.projects().await? {
        snapshot.add_project(project);
    }
    for (record, versions) in ports.registry.load().await? {
        let logs = Log::new(config.logs, &log_room);
        match function(record, versions, logs, &profiles, &config, &metrics) {
            Some(function) => snapshot.put(function),
            None => tracing::warn!("a function without versions is left out"),
        }
    }
    for (name, project) in snapshot.projects() {
        let code = project.code().values().sum::<u64>();
        config.accounts.of(name).note_stored(Part::Code, code);
    }
    let (upkeep, requests) = Upkeep::new(config.background_queue);
    let inner = Arc::new(Inner {
        catalog: Catalog::new(snapshot),
        compiling: Compiling::default(),
        recompiling: Compiling::default(),
        verified: Verified::default(),
        under_way: UnderWay::new(config.shards),
        workflows: OnceLock::new(),
        warm_ahead: Arc::new(Semaphore::new(config.warm_instances)),
        idle_room: Arc::new(weft_pool::Room::new(config.idle_instances, config.shards)),
        log_room,
        run_logs: RunLogs::new(config.logs, config.run_log_bytes),
        background: Handle::current(),
        ports,
        profiles: ArcSwap::from_pointee(profiles),
        holds: Holds::default(),
        gone: Gone::default(),
        changing_profiles: tokio::sync::Mutex::default(),
        profile_store: OnceLock::new(),
        book: Book::default(),
        config,
        metrics,
        upkeep,
        roster: Roster::default(),
    });
    inner.metrics.register(Box::new(Pools(Arc::downgrade(&inner))));
    upkeep::start(&inner, requests);
    Ok(inner)
}

fn function(
    record: FunctionRecord,
    versions: Vec<VersionRecord>,
    logs: Arc<Log>,
    profiles: &Profiles,
    config: &Config,
    metrics: &Metrics,
) -> Option<Function> {
    let series = metrics.functions.of(&record.project, &record.function);
    let deployed = |version| Deployed::new(version, profiles, config, Arc::clone(&logs), Arc::clone(&series));
    let promoted = record.moves.promoted.as_ref().map(|promoted| promoted.version);
    let versions: Vec<_> = versions.into_iter().map(deployed).collect();
    for deployed in versions
        .iter()
        .filter(|deployed| Some(deployed.record().version) == promoted)
    {
        // Its quiet period begins anew: nobody looked.
        deployed.set_promoted(Some(clock()));
        deployed.moves_at_once(&deployed.place_under(profiles, config));
    }
    Function::new(record, versions, Arc::clone(&logs))
}
