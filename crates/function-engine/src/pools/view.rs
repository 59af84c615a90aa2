//! A pool at one moment, put together of what the engine and a level know of it.

use std::sync::Arc;
use std::time::Duration;

use weft_pool::{Bounds, Idle, Level, Stats};
use weft_types::VersionRecord;

use super::{About, PoolId};
use crate::port::{Change, CrashLoop, Decided, InstanceState, InstanceUsage, Kept, Losses};

/// A pool at one moment. Times are counted back from it.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolView {
    /// Its name.
    pub id: PoolId,
    /// The version whose calls it serves.
    pub record: Arc<VersionRecord>,
    /// Whether that is the one that answers calls that name none.
    pub active: bool,
    /// While a rollout is under way: how many of a hundred calls that name no version that version answers.
    pub share: Option<u8>,
    /// What separates its instances from the host.
    pub level: Level,
    /// Whether it only serves the calls that it has, as another serves instead.
    pub draining: bool,
    /// How long it has been there.
    pub age: Duration,
    /// How many instances do what.
    pub counts: InstanceCounts,
    /// The most instances there may be.
    pub most: u32,
    /// Calls that are served.
    pub in_flight: u32,
    /// The most of those at once.
    pub concurrency: u32,
    /// Calls that wait.
    pub waiting: u32,
    /// The most of those at once.
    pub queue: u32,
    /// How long the first of those has waited.
    pub oldest_wait: Option<Duration>,
    /// Instances started so far.
    pub started: u64,
    /// The instances that are there; of sandboxes only those that are idle, as the others live as long as their calls.
    pub instances: Vec<InstanceView>,
    /// What changed the number of instances lately, the newest first. Sandboxes start when they are called, so nothing is
    /// decided of them.
    pub changes: Vec<Change>,
    /// The last decision.
    pub decided: Option<Decided>,
    /// Instances that were lost. A sandbox is none of its own process.
    pub losses: Losses,
    /// Why starts are held back.
    pub crash_loop: Option<CrashLoop>,
}

/// How many instances do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceCounts {
    /// They cannot be called yet.
    pub starting: u32,
    /// They serve no call.
    pub idle: u32,
    /// They serve calls.
    pub busy: u32,
    /// They take no more calls.
    pub draining: u32,
    /// They are wanted, and not started as others crashed.
    pub backing_off: u32,
}

impl InstanceCounts {
    /// Those of another pool as well.
    pub(crate) fn add(&mut self, other: Self) {
        self.starting += other.starting;
        self.idle += other.idle;
        self.busy += other.busy;
        self.draining += other.draining;
        self.backing_off += other.backing_off;
    }
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceView {
    /// Counts the instances of the pool, where they are told apart.
    pub number: Option<u64>,
    /// What it does.
    pub state: InstanceState,
    /// How long ago its start began, where that is known.
    pub age: Option<Duration>,
    /// For how long it has served no call, where that is known.
    pub idle: Option<Duration>,
    /// Calls that it serves now.
    pub in_flight: u32,
    /// Calls that it served.
    pub served: u32,
    /// What it uses, where that was looked at and is known.
    pub usage: Option<InstanceUsage>,
}

/// What the engine's own pool knows.
pub(super) struct Engines {
    pub(super) stats: Stats,
    pub(super) oldest_wait: Option<Duration>,
    pub(super) idle: Vec<Idle>,
    pub(super) bounds: Bounds,
}

/// Puts a pool together. Where a level keeps instances by itself, what the engine leases is a right to call.
pub(super) fn of(
    id: PoolId,
    about: &About,
    (active, share): (bool, Option<u8>),
    engines: &Engines,
    kept: Option<Kept>,
) -> PoolView {
    let view = PoolView {
        id,
        record: Arc::clone(&about.record),
        active,
        share,
        level: about.level,
        draining: about.is_draining(),
        age: about.since.elapsed(),
        counts: InstanceCounts::default(),
        most: engines.bounds.concurrency,
        in_flight: engines.stats.active,
        concurrency: engines.bounds.concurrency,
        waiting: engines.stats.waiting,
        queue: engines.bounds.queue.length,
        oldest_wait: engines.oldest_wait,
        started: engines.stats.started,
        instances: Vec::new(),
        changes: Vec::new(),
        decided: None,
        losses: Losses::default(),
        crash_loop: None,
    };
    match kept {
        Some(kept) => with_kept(view, kept),
        None => with_idle(view, &engines.idle),
    }
}

fn with_idle(view: PoolView, idle: &[Idle]) -> PoolView {
    let instances = idle.iter().map(|idle| InstanceView {
        number: None,
        state: InstanceState::Idle,
        age: None,
        idle: Some(idle.idle),
        in_flight: 0,
        served: idle.used,
        usage: None,
    });
    let (busy, draining) = if view.draining {
        (0, view.in_flight)
    } else {
        (view.in_flight, 0)
    };
    PoolView {
        counts: InstanceCounts {
            idle: u32::try_from(idle.len()).unwrap_or(u32::MAX),
            busy,
            draining,
            ..InstanceCounts::default()
        },
        instances: instances.collect(),
        ..view
    }
}

fn with_kept(view: PoolView, kept: Kept) -> PoolView {
    let Kept {
        instances,
        most,
        in_flight,
        waiting,
        oldest_wait,
        started,
        backing_off,
        changes,
        decided,
        losses,
        crash_loop,
    } = kept;
    let count = |state| {
        let found = instances
            .iter()
            .filter(|instance| instance.state == state)
            .count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let counts = InstanceCounts {
        starting: count(InstanceState::Starting),
        idle: count(InstanceState::Idle),
        busy: count(InstanceState::Busy),
        draining: count(InstanceState::Draining),
        backing_off: backing_off.max(count(InstanceState::BackingOff)),
    };
    let instances = instances.into_iter().map(|kept| InstanceView {
        number: Some(kept.number),
        state: kept.state,
        age: Some(kept.age),
        idle: None,
        in_flight: kept.in_flight,
        served: kept.served,
        usage: kept.usage,
    });
    PoolView {
        counts,
        most,
        in_flight,
        waiting: view.waiting + waiting,
        oldest_wait: view.oldest_wait.max(oldest_wait),
        started,
        instances: instances.collect(),
        changes,
        decided,
        losses,
        crash_loop,
        ..view
    }
}
