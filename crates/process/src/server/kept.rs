//! What there is to see of a pool of workers.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use weft_function_engine::port::{Change, CrashLoop, Decided, InstanceState, Kept, KeptInstance};
use weft_pool::SlotStats;
use weft_pool::autoscale::{History, Reason};

use super::code::WorkerPool;
use super::connection::Connection;
use super::plan::Plan;
use super::worker::{Stage, Worker};

/// Looks at a pool, and at what each worker uses where that is asked for.
pub(super) fn look(pool: &WorkerPool, usage: bool) -> Kept {
    let WorkerPool {
        pool: workers,
        plan,
        history,
    } = pool;
    let retired = workers.is_retired();
    let seen = workers.look(|worker, stats| instance(worker, stats, retired));
    // Files are read once nobody who leases waits for it.
    let instances = seen.into_iter().map(|(instance, connection)| KeptInstance {
        usage: connection
            .filter(|_| usage)
            .and_then(|connection| connection.usage()),
        ..instance
    });
    let stats = workers.stats();
    let now = plan.origin.elapsed();
    let kept = Kept {
        instances: instances.collect(),
        most: plan.scaling.max,
        in_flight: stats.active,
        waiting: stats.waiting,
        oldest_wait: workers.oldest_wait(),
        started: stats.started,
        losses: plan.losses.told(),
        crash_loop: crash_loop(plan, now),
        ..Kept::default()
    };
    let history = history.lock().unwrap_or_else(PoisonError::into_inner);
    decided(kept, &history, now)
}

fn instance(worker: &Worker, stats: SlotStats, retired: bool) -> (KeptInstance, Option<Arc<Connection>>) {
    let stage = worker.stage();
    let doing = match &stage {
        Stage::Starting => Doing::Starting,
        Stage::Ready(connection) if connection.is_open() => Doing::Serving,
        Stage::Ended(_) if worker.was_refused() => Doing::Refused,
        Stage::Ready(_) | Stage::Ended(_) => Doing::Ending,
    };
    let instance = KeptInstance {
        number: stats.number,
        state: state(doing, stats.outstanding, retired),
        age: stats.age,
        in_flight: stats.outstanding,
        served: stats.served,
        usage: None,
    };
    let connection = match stage {
        Stage::Ready(connection) => Some(connection),
        Stage::Starting | Stage::Ended(_) => None,
    };
    (instance, connection)
}

/// How far a worker came, in what matters here.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Starting,
    Serving,
    Refused,
    Ending,
}

fn state(doing: Doing, calls: u32, retired: bool) -> InstanceState {
    match (doing, calls) {
        (Doing::Starting, _) => InstanceState::Starting,
        (Doing::Refused, _) => InstanceState::BackingOff,
        (Doing::Ending, _) => InstanceState::Draining,
        (Doing::Serving, _) if retired => InstanceState::Draining,
        (Doing::Serving, 0) => InstanceState::Idle,
        (Doing::Serving, _) => InstanceState::Busy,
    }
}

fn crash_loop(plan: &Plan, now: Duration) -> Option<CrashLoop> {
    match plan.restarts().crash_loop(now)? {
        Reason::Crashes { crashes, cause, next } => Some(CrashLoop { crashes, cause, next }),
        // Nothing else is a reason for it.
        _ => None,
    }
}

/// Adds what was decided lately.
fn decided(kept: Kept, history: &History, now: Duration) -> Kept {
    let ago = |at| now.saturating_sub(at);
    let changes = history.changes().map(|change| Change {
        ago: ago(change.at),
        instances: change.instances,
        started: change.started,
        ended: change.ended,
        reason: change.reason.clone(),
    });
    let there = u32::try_from(kept.instances.len()).unwrap_or(u32::MAX);
    let latest = history.latest();
    let backing_off = latest.map_or(0, |(_, decision)| match decision.reason {
        Reason::Crashes { .. } => decision.desired.saturating_sub(there),
        _ => 0,
    });
    Kept {
        changes: changes.collect(),
        backing_off,
        decided: latest.map(|(at, decision)| Decided {
            ago: ago(at),
            desired: decision.desired,
            reason: decision.reason.to_string(),
        }),
        ..kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_told_by_what_they_do() {
        let check = |doing, calls, retired, expected| {
            assert_eq!(
                state(doing, calls, retired),
                expected,
                "{doing:?} {calls} {retired}"
            );
        };
        check(Doing::Starting, 0, false, InstanceState::Starting);
        check(Doing::Starting, 3, true, InstanceState::Starting);
        check(Doing::Serving, 0, false, InstanceState::Idle);
        check(Doing::Serving, 2, false, InstanceState::Busy);
        check(Doing::Serving, 2, true, InstanceState::Draining);
        check(Doing::Refused, 1, false, InstanceState::BackingOff);
        check(Doing::Ending, 1, false, InstanceState::Draining);
        check(Doing::Ending, 0, false, InstanceState::Draining);
    }
}
