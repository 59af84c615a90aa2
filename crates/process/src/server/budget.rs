//! What all workers together may use of the machine.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use weft_pool::budget::{Idle, Share, Short, evict};

use super::code::WorkerPool;

/// Starts that wait at once; each has a thread, and others need those.
pub(super) const WAITING: usize = 32;
/// How long a start waits before it looks again which workers are idle: nobody tells of that.
const LOOK: Duration = Duration::from_millis(20);

/// What all workers together may use, and what they do.
pub(super) struct Budget {
    most: Share,
    used: Mutex<Used>,
    /// Whoever has workers end looks at what is used after others have: what one has end is not missing for the next.
    ending: Mutex<()>,
    /// Notified when a worker has ended.
    freed: Condvar,
    /// Starts that wait.
    waiting: AtomicUsize,
    pools: Mutex<Vec<Weak<WorkerPool>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    /// By all workers that there are.
    all: Share,
    /// By those of them that were told to end, which takes a moment.
    ending: Share,
    /// Needed by starts that wait.
    wanted: Share,
}

/// Why a worker does not get what it needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// So much was missing to the end.
    Short(Short),
    /// [`WAITING`] starts wait already.
    Crowded,
    /// Nobody wants it any longer.
    Unwanted,
}

/// What one worker counts for, from before its start until it has ended.
pub(super) struct Taken {
    budget: Arc<Budget>,
    memory: AtomicU64,
    cpu: u64,
    ending: AtomicBool,
}

/// A start that waits, until it is dropped.
struct Waiting<'a> {
    budget: &'a Budget,
    need: Share,
}

/// A worker that may end.
struct Candidate {
    pool: Arc<WorkerPool>,
    number: u64,
    idle: Idle,
}

impl Budget {
    pub(super) fn new(most: Share) -> Arc<Self> {
        Arc::new(Self {
            most,
            used: Mutex::default(),
            ending: Mutex::default(),
            freed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            pools: Mutex::default(),
        })
    }

    /// From now on idle workers of this pool end where others need what they take.
    pub(super) fn include(&self, pool: &Arc<WorkerPool>) {
        let mut pools = lock(&self.pools);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(Arc::downgrade(pool));
    }

    /// Takes what a worker needs; where there is not as much, idle workers end, and busy ones are waited for. Blocks.
    ///
    /// # Errors
    /// What was missing `until` then, or at once where as many wait as may. Likewise where it is not `wanted` any longer.
    pub(super) fn take(
        self: &Arc<Self>,
        need: Share,
        until: Instant,
        wanted: impl Fn() -> bool,
    ) -> Result<Taken, Refused> {
        let mut waiting = None;
        loop {
            if !wanted() {
                return Err(Refused::Unwanted);
            }
            let short = match self.take_now(need) {
                Ok(taken) => return Ok(taken),
                Err(short) => short,
            };
            if Instant::now() >= until {
                return Err(Refused::Short(short));
            }
            waiting = waiting.or_else(|| self.wait(need));
            if waiting.is_none() {
                return Err(Refused::Crowded);
            }
            self.make_room(need);
            let used = lock(&self.used);
            // A worker that was told to end may have ended already, which the next round sees.
            drop(self.freed.wait_timeout(used, LOOK));
        }
    }

    fn take_now(self: &Arc<Self>, need: Share) -> Result<Taken, Short> {
        let mut used = lock(&self.used);
        // Without any that may end it says what is missing.
        evict(self.most, used.all, need, &[])?;
        used.all = used.all.plus(need);
        Ok(self.taken(need))
    }

    /// The right to wait; none where as many wait as may.
    fn wait(&self, need: Share) -> Option<Waiting<'_>> {
        let more = |waiting| (waiting < WAITING).then_some(waiting + 1);
        self.waiting.fetch_update(Relaxed, Relaxed, more).ok()?;
        let mut used = lock(&self.used);
        used.wanted = used.wanted.plus(need);
        Some(Waiting { budget: self, need })
    }

    /// Has idle workers end, as far as more is used together with what all starts need that wait than may be, or at least with `need`.
    pub(super) fn make_room(&self, need: Share) {
        let _alone = lock(&self.ending);
        let used = *lock(&self.used);
        if used.short(self.most) == Share::default() {
            return;
        }
        let candidates = self.candidates();
        let idle: Vec<Idle> = candidates.iter().map(|candidate| candidate.idle).collect();
        // Where all of them would not do, busy ones are waited for.
        let all = evict(self.most, used.staying(), used.wanted, &idle);
        let chosen = all.or_else(|_| evict(self.most, used.staying(), need, &idle));
        for index in chosen.unwrap_or_default() {
            let Candidate { pool, number, .. } = &candidates[index];
            if pool.pool.end(*number) {
                pool.evicted();
            }
        }
    }

    /// The idle workers of all pools.
    fn candidates(&self) -> Vec<Candidate> {
        let pools: Vec<_> = lock(&self.pools).iter().filter_map(Weak::upgrade).collect();
        pools.iter().flat_map(candidates_of).collect()
    }

    fn taken(self: &Arc<Self>, share: Share) -> Taken {
        Taken {
            budget: Arc::clone(self),
            memory: AtomicU64::new(share.memory),
            cpu: share.cpu,
            ending: AtomicBool::new(false),
        }
    }
}

/// The idle workers of a pool. Of as many as its profile always wants, those stay that served last.
fn candidates_of(pool: &Arc<WorkerPool>) -> Vec<Candidate> {
    let seen = pool.pool.look(|worker, stats| {
        let share = worker.share()?;
        Some((stats.number, stats.idle?, share))
    });
    let all = seen.len();
    let mut idle: Vec<_> = seen.into_iter().flatten().collect();
    idle.sort_by_key(|(_, idle, _)| std::cmp::Reverse(*idle));
    let may_end = all.saturating_sub(pool.plan.scaling.min as usize);
    let candidate = |(place, (number, idle, share))| Candidate {
        pool: Arc::clone(pool),
        number,
        idle: Idle {
            share,
            idle,
            start: pool.plan.usual_start(),
            kept: place >= may_end,
        },
    };
    idle.into_iter().enumerate().map(candidate).collect()
}

impl Taken {
    pub(super) fn share(&self) -> Share {
        Share {
            memory: self.memory.load(Relaxed),
            cpu: self.cpu,
        }
    }

    /// Counts as much memory as the worker was found to use, if that is more than it was started for.
    pub(super) fn recount(&self, least: u64, found: u64) {
        let memory = least.max(found);
        let mut used = lock(&self.budget.used);
        used.forget(self);
        self.memory.store(memory, Relaxed);
        used.note(self);
    }

    /// It was told to end.
    pub(super) fn end(&self) {
        let mut used = lock(&self.budget.used);
        used.forget(self);
        self.ending.store(true, Relaxed);
        used.note(self);
    }
}

impl Used {
    /// By workers that were not told to end.
    fn staying(&self) -> Share {
        self.all.minus(self.ending)
    }

    /// What starts that wait lack of so much, once all have ended that were told to.
    fn short(&self, most: Share) -> Share {
        self.staying().plus(self.wanted).minus(most)
    }

    /// Counts a worker.
    fn note(&mut self, taken: &Taken) {
        self.all = self.all.plus(taken.share());
        if taken.ending.load(Relaxed) {
            self.ending = self.ending.plus(taken.share());
        }
    }

    /// No longer counts a worker as it is.
    fn forget(&mut self, taken: &Taken) {
        self.all = self.all.minus(taken.share());
        if taken.ending.load(Relaxed) {
            self.ending = self.ending.minus(taken.share());
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.budget.waiting.fetch_sub(1, Relaxed);
        let mut used = lock(&self.budget.used);
        used.wanted = used.wanted.minus(self.need);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.budget.used).forget(self);
        self.budget.freed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic half-way runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(memory: u64, cpu: u64) -> Share {
        Share { memory, cpu }
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Budget::new(share(100, 1000));
        let now = Instant::now();
        let first = budget.take(share(60, 500), now, || true).unwrap();
        let Err(Refused::Short(Short(missing))) = budget.take(share(60, 0), now, || true) else {
            panic!("there was no room");
        };
        assert_eq!(missing, share(20, 0));
        assert!(budget.take(share(0, 600), now, || true).is_err());
        drop(first);
        let _all = budget.take(share(100, 1000), now, || true).unwrap();
        assert_eq!(lock(&budget.used).all, share(100, 1000));
    }

    #[test]
    fn memory_is_counted_as_it_is_used() {
        let budget = Budget::new(share(100, 0));
        let worker = budget.take(share(10, 0), Instant::now(), || true).unwrap();
        for (found, counted) in [(50, 50), (5, 10), (120, 120)] {
            worker.recount(10, found);
            assert_eq!(
                (worker.share().memory, lock(&budget.used).all.memory),
                (counted, counted)
            );
        }
        drop(worker);
        assert_eq!(*lock(&budget.used), Used::default());
    }

    /// What was told to end comes back by itself: nothing else ends for that.
    #[test]
    fn what_ends_is_not_missing() {
        let budget = Budget::new(share(100, 0));
        let now = Instant::now();
        let first = budget.take(share(60, 0), now, || true).unwrap();
        let second = budget.take(share(40, 0), now, || true).unwrap();
        let check = |wanted: u64, short: u64| {
            let _waits = budget.wait(share(wanted, 0)).unwrap();
            assert_eq!(lock(&budget.used).short(budget.most), share(short, 0), "{wanted}");
        };
        check(50, 50);
        first.end();
        first.end();
        check(50, 0);
        check(70, 10);
        first.recount(0, 70);
        check(70, 10);
        drop(first);
        check(70, 10);
        drop(second);
        assert_eq!(*lock(&budget.used), Used::default());
    }

    #[test]
    fn nothing_is_taken_or_waited_for_once_nobody_wants_it() {
        let budget = Budget::new(share(100, 0));
        let until = Instant::now() + Duration::from_secs(3600);
        assert_eq!(
            budget.take(share(1, 0), until, || false).err(),
            Some(Refused::Unwanted)
        );
        let _all = budget.take(share(100, 0), until, || true).unwrap();
        let looks = AtomicUsize::new(0);
        let wanted = || looks.fetch_add(1, Relaxed) < 3;
        assert_eq!(
            budget.take(share(1, 0), until, wanted).err(),
            Some(Refused::Unwanted)
        );
        assert_eq!(lock(&budget.used).all, share(100, 0));
        assert_eq!(lock(&budget.used).wanted, Share::default());
    }

    #[test]
    fn only_so_many_wait() {
        let budget = Budget::new(share(100, 0));
        let _all = budget.take(share(100, 0), Instant::now(), || true).unwrap();
        let waiting: Vec<_> = (0..WAITING).map(|_| budget.wait(share(1, 0)).unwrap()).collect();
        assert_eq!(lock(&budget.used).wanted, share(32, 0));
        let until = Instant::now() + Duration::from_secs(3600);
        let refused = budget.take(share(1, 0), until, || true).err();
        assert_eq!(refused, Some(Refused::Crowded), "at once");
        drop(waiting);
        assert_eq!(lock(&budget.used).wanted, Share::default());
        assert!(budget.wait(share(1, 0)).is_some());
    }

    #[test]
    fn who_waits_gets_what_another_gives_back() {
        let budget = Budget::new(share(100, 0));
        let first = budget.take(share(100, 0), Instant::now(), || true).unwrap();
        let waiting = {
            let budget = Arc::clone(&budget);
            let until = Instant::now() + Duration::from_secs(60);
            std::thread::spawn(move || budget.take(share(100, 0), until, || true).is_ok())
        };
        drop(first);
        assert!(waiting.join().unwrap());
    }
}
