//! What the workers of one version are started with, and what all workers have in common.

use std::fs::File;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use weft_function_engine::port::{Host, ImportBinding, Load, LoadError, Loss, Losses as Lost, Most, Reach};
use weft_isolation::launch::Allowance;
use weft_isolation::protocol::MAX_HEAD;
use weft_isolation::protocol::conversation::Terms;
use weft_pool::autoscale::Restarts;
use weft_pool::budget::Share;
use weft_pool::{Level, Scaling};
use weft_types::VersionRecord;

use super::level::Shared;
use crate::Description;

/// What functions pass to each other, and keys' values, fit a frame whatever the version's own limits are, in bytes.
const LEAST_FRAME: u64 = 16 << 20;
/// Instances whose calls have ended and that are being taken down, beside those that serve.
const LINGERING: usize = 16;

/// What the workers of one version are started with.
pub(super) struct Plan {
    pub(super) shared: Arc<Shared>,
    /// What names the pool of its workers among those of this server.
    pub(super) pool: String,
    /// What its workers are isolated by.
    pub(super) level: Level,
    pub(super) record: VersionRecord,
    pub(super) bindings: Vec<ImportBinding>,
    pub(super) host: Arc<dyn Host>,
    pub(super) reach: Arc<dyn Reach>,
    /// The compiled code, which was checked and is not opened again.
    pub(super) code: File,
    pub(super) key: String,
    pub(super) description: Bytes,
    pub(super) reuse: u32,
    pub(super) frame: usize,
    pub(super) terms: Terms,
    pub(super) allowance: Allowance,
    /// How many of its workers ended in which way.
    pub(super) losses: Losses,
    /// The crashes in a row.
    pub(super) restarts: Mutex<Restarts>,
    /// The last of those.
    crashed: Mutex<Option<Loss>>,
    pub(super) scaling: Scaling,
    pub(super) origin: Instant,
}

/// How many workers ended in each way nobody asked for.
#[derive(Debug, Default)]
pub(super) struct Losses([AtomicU64; 5]);

impl Plan {
    pub(super) fn new(shared: &Arc<Shared>, key: String, load: Load<'_>) -> Result<Self, LoadError> {
        let unreadable =
            |error: std::io::Error| LoadError::NotIntact(format!("it could not be read: {error}"));
        let settings = &shared.settings;
        let slots = load.profile.slots;
        let description = Description::new(load.version, &load.bindings).to_bytes();
        let description = description.map_err(|error| LoadError::Unsatisfied(error.to_string()))?;
        Ok(Self {
            code: File::open(&load.compiled.path).map_err(unreadable)?,
            level: load.profile.level,
            record: load.version.clone(),
            bindings: load.bindings,
            host: load.host,
            reach: shared
                .gateway
                .reach(&load.version.project, &load.version.settings.grants),
            key,
            description,
            reuse: load.reuse,
            frame: frame(load.most),
            terms: Terms {
                calls: slots as usize,
                ..Terms::DEFAULT
            },
            allowance: Allowance {
                memory: settings.base_memory + u64::from(slots) * memory(load.most),
                threads: load.profile.pids.unwrap_or(settings.threads),
                files: load.profile.open_files.unwrap_or(settings.files),
                cpu_millis: load.profile.cpu_millis,
            },
            losses: Losses::default(),
            restarts: Mutex::default(),
            crashed: Mutex::default(),
            scaling: load.profile.scaling.clone(),
            origin: Instant::now(),
            pool: shared.pools.fetch_add(1, Relaxed).to_string(),
            shared: Arc::clone(shared),
        })
    }

    /// Instances that a worker has room for: some are still there when others begin.
    pub(super) fn instances(&self) -> usize {
        self.terms.calls + LINGERING
    }

    /// What a worker counts for among all before it is known what it uses.
    pub(super) fn need(&self) -> Share {
        Share {
            memory: self.shared.settings.base_memory,
            cpu: self.allowance.cpu_millis.unwrap_or(0),
        }
    }

    /// How long a start takes, about: to compare levels by.
    pub(super) fn usual_start(&self) -> Duration {
        match self.level {
            Level::Sandbox | Level::Process => Duration::from_millis(4),
            Level::Container => Duration::from_millis(15),
        }
    }

    /// Notes that a worker ended that should not have, where it never served since when its start began.
    pub(super) fn lost(&self, loss: &Loss, unserved: Option<Duration>) {
        self.losses.count(loss);
        tracing::warn!(
            project = %self.record.project, function = %self.record.function, version = %self.record.version,
            %loss, "a worker was lost"
        );
        if let Some(began) = unserved {
            *self.crashed.lock().unwrap_or_else(PoisonError::into_inner) = Some(loss.clone());
            let mut restarts = self.restarts();
            *restarts = restarts.crashed(&self.scaling, &loss.to_string(), began, self.origin.elapsed());
        }
    }

    /// Notes that a worker served a call: whatever was wrong is over.
    pub(super) fn settled(&self) {
        *self.restarts() = Restarts::settled();
    }

    /// Why none is started now, where too many were lost of late before they served.
    pub(super) fn held_back(&self) -> Option<Loss> {
        let why = self.restarts().refusal(self.origin.elapsed())?.to_string();
        let crashed = self
            .crashed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // Whatever is refused was lost before.
        let last = crashed.unwrap_or_else(|| Loss::Crashed("it crashed".to_owned()));
        Some(Loss::HeldBack {
            last: Box::new(last),
            why,
        })
    }

    pub(super) fn restarts(&self) -> MutexGuard<'_, Restarts> {
        // Nothing that can panic half-way runs under the lock.
        self.restarts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The largest frame: arguments, a result, or what is asked of the world.
fn frame(most: Most) -> usize {
    let body = most.input.max(most.output).max(LEAST_FRAME);
    // A frame's length has 32 bits.
    usize::try_from(body.min(u64::from(u32::MAX) / 2)).unwrap_or(usize::MAX / 2) + MAX_HEAD
}

/// What a call takes of a worker, in bytes: its instance, and its values on their way in and out.
fn memory(most: Most) -> u64 {
    most.memory
        .saturating_add(most.input.saturating_add(most.output).saturating_mul(2))
}

impl Losses {
    /// How many there were of each kind.
    pub(super) fn told(&self) -> Lost {
        let [memory, crash, hang, protocol, start] = self.0.each_ref().map(|count| count.load(Relaxed));
        Lost {
            memory,
            crash,
            hang,
            protocol,
            start,
        }
    }

    fn count(&self, loss: &Loss) {
        self.0[place(loss)].fetch_add(1, Relaxed);
    }
}

fn place(loss: &Loss) -> usize {
    match loss {
        Loss::OutOfMemory(_) => 0,
        Loss::Crashed(_) => 1,
        Loss::Hung(_) => 2,
        Loss::Violated(_) => 3,
        Loss::SlowStart(_) => 4,
        Loss::HeldBack { last, .. } => place(last),
        // Counted nowhere: none was lost.
        Loss::NoRoom(_) => 4,
    }
}

/// The runtimes of the cores, where conversations are had.
#[derive(Default)]
pub(super) struct Homes {
    cores: Mutex<Vec<Option<Handle>>>,
    next: AtomicUsize,
}

impl Homes {
    /// Notes the runtime of the core that calls this.
    pub(super) fn note(&self) {
        let Ok(handle) = Handle::try_current() else { return };
        // Others that call are not bound to a core.
        if handle.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return;
        }
        let shard = weft_pool::shard();
        let mut cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner);
        if cores.len() <= shard {
            cores.resize_with(shard + 1, || None);
        }
        cores[shard].get_or_insert(handle);
    }

    /// The next one in turn; none before any core has called.
    pub(super) fn next(&self) -> Option<Handle> {
        let cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<&Handle> = cores.iter().flatten().collect();
        let turn = self.next.fetch_add(1, Relaxed);
        known
            .get(turn.checked_rem(known.len())?)
            .map(|handle| (*handle).clone())
    }
}

/// Counts the workers there are.
#[derive(Default)]
pub(super) struct Living {
    count: AtomicUsize,
    ended: Notify,
}

/// A worker that is there, until it is dropped.
pub(super) struct Alive(Arc<Shared>);

impl Living {
    pub(super) async fn none(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.count.load(Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Alive {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        shared.living.count.fetch_add(1, AcqRel);
        Self(Arc::clone(shared))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.living.count.fetch_sub(1, AcqRel);
        self.0.living.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_hold_the_largest_value_and_have_a_bound() {
        let check = |input, output, expected| {
            let most = Most {
                memory: 0,
                input,
                output,
            };
            assert_eq!(frame(most), expected + MAX_HEAD, "{most:?}");
        };
        check(0, 0, 16 << 20);
        check(20 << 20, 30 << 20, 30 << 20);
        check(u64::MAX, 0, (1 << 31) - 1);
    }

    #[test]
    fn a_call_takes_its_memory_and_its_values_twice() {
        let check = |memory_of, input, output, expected| {
            let most = Most {
                memory: memory_of,
                input,
                output,
            };
            assert_eq!(memory(most), expected, "{most:?}");
        };
        check(100, 10, 5, 130);
        check(100, u64::MAX, 1, u64::MAX);
        check(100, u64::MAX / 2 + 1, 0, u64::MAX);
    }
}
