use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use super::{Bounds, Duration, Factory, Instant, LeaseError, Party, SharedLease, SharedPool};
use crate::Profile;
use crate::autoscale::Scaler;

mod near;

struct Flags;

#[derive(Default)]
struct Flag {
    broken: AtomicBool,
    starting: AtomicBool,
    near: AtomicBool,
}

/// How far ahead what is near may be.
const LEAD: u32 = 3;

impl Factory for Flags {
    type Instance = Flag;

    fn start(&self) -> Flag {
        Flag::default()
    }

    fn reusable(&self, instance: &Flag) -> bool {
        !instance.broken.load(SeqCst)
    }

    fn ready(&self, instance: &Flag) -> bool {
        !instance.starting.load(SeqCst)
    }

    fn lead(&self, instance: &Flag) -> Option<u32> {
        instance.near.load(SeqCst).then_some(LEAD)
    }
}

fn pool(slots: u32, concurrency: u32, reuse: u32) -> SharedPool<Flags> {
    let profile = Profile {
        slots,
        concurrency,
        reuse,
        ..Profile::default()
    };
    SharedPool::new(Flags, Bounds::of(&profile, 1))
}

async fn lease(pool: &SharedPool<Flags>) -> SharedLease<Flags> {
    pool.lease(Instant::now() + Duration::from_secs(60), Party::OWN)
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn instances_fill_up_before_another_is_started() {
    let pool = pool(4, 100, 1_000);
    let mut leases = Vec::new();
    for count in 1..=12_u64 {
        leases.push(lease(&pool).await);
        assert_eq!(pool.stats().started, count.div_ceil(4));
    }
    leases.clear();
    assert_eq!((pool.stats().idle, pool.stats().active), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn each_core_has_an_instance_before_leases_share_one() {
    let profile = Profile {
        slots: 8,
        reuse: 1_000,
        ..Profile::default()
    };
    let pool = SharedPool::new(Flags, Bounds::of(&profile, 3));
    let started = || pool.stats().started;
    let first = [lease(&pool).await, lease(&pool).await];
    assert_eq!(started(), 1, "whether it serves is not known yet");
    drop(first);
    let one = lease(&pool).await;
    assert_eq!(started(), 1, "it is idle");
    let two = lease(&pool).await;
    assert_eq!(started(), 2, "the other is busy");
    drop((one, two));
    let _many = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
    assert_eq!(started(), 3);
    let _more = [lease(&pool).await, lease(&pool).await];
    assert_eq!(started(), 3, "there are as many as cores");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_start_while_another_has_a_free_slot() {
    let pool = pool(4, 100, 1_000);
    pool.ahead(3, |_| {});
    let set = |starting: &[u64]| {
        pool.look(|flag, stats| flag.starting.store(starting.contains(&stats.number), SeqCst));
    };
    set(&[1, 3]);
    let of_the_ready = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
    assert_eq!(pool.look(|_, stats| stats.outstanding), [0, 3, 0]);
    let fourth = lease(&pool).await;
    let waits = lease(&pool).await;
    assert!(waits.starting.load(SeqCst), "the one that is ready is full");
    assert_eq!(pool.stats().started, 3);
    drop((of_the_ready, fourth, waits));
    set(&[1, 2, 3]);
    drop(lease(&pool).await);
    assert_eq!(pool.stats().started, 3, "all start already");
}

#[tokio::test(start_paused = true)]
async fn a_pool_in_use_keeps_an_instance_for_each_core() {
    let s = Duration::from_secs;
    let profile = Profile::parse(
        "test",
        "level = \"process\"\nslots = 2\nreuse = 1000\n[scaling]\ngrace-ms = 10000",
    )
    .unwrap();
    let pool = SharedPool::new(Flags, Bounds::of(&profile, 2));
    let mut scaler = Scaler::new(profile, Duration::ZERO);
    let mut leases = Vec::new();
    for _ in 0..7 {
        leases.push(lease(&pool).await);
    }
    assert_eq!(pool.stats().started, 4);
    leases.clear();
    for now in (1..=300).step_by(5) {
        drop(lease(&pool).await);
        let scaled = pool.scale(&mut scaler, s(now));
        assert!(scaled.decision.desired > 0, "it is called");
    }
    assert_eq!(
        pool.stats().idle,
        2,
        "one would do, and two calls at once would start another"
    );
    pool.scale(&mut scaler, s(311));
    assert_eq!(pool.stats().idle, 0, "the grace is over");
}

#[tokio::test(start_paused = true)]
async fn no_instance_has_more_than_its_slots_and_the_load_is_even() {
    fastrand::seed(7);
    let pool = pool(8, 64, 1_000_000);
    let full: Vec<_> = {
        let mut leases = Vec::new();
        for _ in 0..64 {
            leases.push(lease(&pool).await);
        }
        leases
    };
    drop(full);
    let mut leases = Vec::new();
    for _ in 0..32 {
        leases.push(lease(&pool).await);
    }
    let load: Vec<_> = pool
        .0
        .lock()
        .iter()
        .map(|slot| slot.outstanding.load(SeqCst))
        .collect();
    assert_eq!(load.len(), 8);
    assert!(load.iter().all(|&n| (2..=6).contains(&n)), "{load:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_instance_takes_no_more_and_ends_with_its_last_slot() {
    let pool = pool(2, 100, 1_000);
    let (first, second) = (lease(&pool).await, lease(&pool).await);
    first.broken.store(true, SeqCst);
    drop(first);
    let third = lease(&pool).await;
    assert_eq!(pool.stats().started, 2);
    assert_eq!(pool.0.lock().len(), 2);
    drop(second);
    assert_eq!(pool.0.lock().len(), 1);
    assert!(!third.broken.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn an_instance_serves_its_share() {
    let pool = pool(2, 100, 3);
    for started in [1, 1, 1, 2] {
        drop(lease(&pool).await);
        assert_eq!(pool.stats().started, started);
    }
}

/// A pool of processes with two slots each, and its scaler.
fn scaled(scaling: &str) -> (SharedPool<Flags>, Scaler) {
    let text = format!("level = \"process\"\nslots = 2\nreuse = 1000\n[scaling]\n{scaling}");
    let profile = Profile::parse("test", &text).unwrap();
    let pool = SharedPool::new(Flags, Bounds::of(&profile, 1));
    (pool, Scaler::new(profile, Duration::ZERO))
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_scaled_ahead_of_load_and_to_nothing_after_it() {
    let s = Duration::from_secs;
    let (pool, mut scaler) = scaled("target-percent = 50\ngrace-ms = 10000");
    assert_eq!(pool.scale(&mut scaler, s(0)).decision.desired, 0);
    let leases = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
    pool.scale(&mut scaler, s(1));
    assert_eq!(pool.scale(&mut scaler, s(61)).decision.desired, 3);
    assert_eq!(
        (pool.stats().started, pool.stats().idle),
        (3, 1),
        "two had to be, one is ahead"
    );
    drop(leases);
    let decision = pool.scale(&mut scaler, s(62)).decision;
    assert!(
        decision.desired > 0 && pool.stats().idle > 0,
        "the grace is not over"
    );
    drop(lease(&pool).await);
    pool.scale(&mut scaler, s(70));
    assert!(
        pool.scale(&mut scaler, s(79)).decision.desired > 0,
        "a short call was there within the grace"
    );
    let decision = pool.scale(&mut scaler, s(80)).decision;
    assert_eq!(
        (decision.reason.to_string().as_str(), pool.stats().idle),
        ("no call for 10 s", 0)
    );
}

#[tokio::test(start_paused = true)]
async fn scaling_ends_nothing_that_serves_and_starts_nothing_once_retired() {
    let s = Duration::from_secs;
    let (pool, mut scaler) = scaled("min = 4\ngrace-ms = 10000");
    pool.scale(&mut scaler, s(0));
    assert_eq!(pool.stats().idle, 4);
    let held = lease(&pool).await;
    let (_, mut without) = scaled("grace-ms = 0");
    without.set(0, s(0));
    let decision = without.decide(4, s(1));
    assert_eq!(decision.end, 4);
    pool.0.end_idle(decision.end, |_| false);
    assert_eq!((pool.stats().active, pool.stats().idle), (1, 0));
    pool.retire(Box::new(|| false));
    let scaled = pool.scale(&mut scaler, s(1));
    assert_eq!((scaled.decision.start, scaled.started), (3, 0));
    assert_eq!(pool.0.start_ahead(2), 0);
    assert_eq!(pool.stats().idle, 0, "another serves");
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn leases_wait_where_all_instances_there_may_be_are_full() {
    let (pool, _) = scaled("max = 2");
    let mut leases = Vec::new();
    for _ in 0..4 {
        leases.push(lease(&pool).await);
    }
    let more = pool
        .lease(Instant::now() + Duration::from_millis(5), Party::OWN)
        .await;
    assert!(matches!(more.err(), Some(LeaseError::WaitedTooLong(_))));
    assert_eq!(pool.stats().started, 2);
    leases.pop();
    leases.push(lease(&pool).await);
    assert_eq!(pool.stats().started, 2);
}

#[tokio::test(start_paused = true)]
async fn a_retired_pool_serves_to_the_end_and_keeps_nothing() {
    let s = Duration::from_secs;
    let (pool, mut scaler) = scaled("min = 4\nmax = 4");
    pool.scale(&mut scaler, s(0));
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(lease(&pool).await);
    }
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { lease(&pool).await }
    });
    tokio::task::yield_now().await;
    tokio::time::advance(s(2)).await;
    assert_eq!(pool.oldest_wait(), Some(s(2)));
    pool.retire(Box::new(|| false));
    assert_eq!(pool.look(|_, stats| stats.outstanding), [2, 2, 2, 2]);
    held.clear();
    let served = waiting.await.unwrap();
    assert_eq!(pool.oldest_wait(), None);
    assert_eq!(pool.look(|_, stats| stats.outstanding), [1]);
    assert_eq!(pool.scale(&mut scaler, s(1)).started, 0);
    drop(served);
    assert!(pool.0.lock().is_empty());
    drop(lease(&pool).await);
    assert!(pool.0.lock().is_empty(), "whoever comes late is served as well");
}

#[tokio::test(start_paused = true)]
async fn instances_are_seen() {
    let (pool, _) = scaled("max = 4");
    let first = lease(&pool).await;
    tokio::time::advance(Duration::from_secs(5)).await;
    drop(lease(&pool).await);
    let seen = pool.look(|_, stats| stats);
    let expected = super::SlotStats {
        number: 1,
        age: Duration::from_secs(5),
        outstanding: 1,
        served: 1,
        idle: None,
    };
    assert_eq!(seen, [expected]);
    drop(first);
    tokio::time::advance(Duration::from_secs(3)).await;
    let idle = pool.look(|_, stats| stats.idle);
    assert_eq!(idle, [Some(Duration::from_secs(3))]);
}

#[tokio::test(start_paused = true)]
async fn one_instance_ends_by_its_number_while_nobody_leases_it() {
    let (pool, mut scaler) = scaled("min = 3");
    pool.scale(&mut scaler, Duration::ZERO);
    let leased = lease(&pool).await;
    let busy = pool.look(|_, stats| (stats.number, stats.outstanding));
    let numbers = busy.iter().filter(|(_, outstanding)| *outstanding == 0);
    let idle: Vec<u64> = numbers.map(|(number, _)| *number).collect();
    let taken = busy.iter().find(|(_, outstanding)| *outstanding == 1).unwrap().0;
    assert!(!pool.end(taken), "it is leased");
    assert!(!pool.end(9), "there is none");
    assert!(pool.end(idle[0]));
    let mut left = vec![taken, idle[1]];
    left.sort_unstable();
    assert_eq!(pool.look(|_, stats| stats.number), left);
    drop(leased);
}

#[tokio::test(start_paused = true)]
async fn a_broken_instance_that_nobody_leases_is_replaced() {
    let s = Duration::from_secs;
    let (pool, mut scaler) = scaled("min = 2");
    pool.scale(&mut scaler, s(0));
    pool.look(|flag, _| flag.broken.store(true, SeqCst));
    let scaled = pool.scale(&mut scaler, s(1));
    assert_eq!((scaled.instances, scaled.started), (0, 2));
    assert_eq!(pool.look(|_, stats| stats.number), [3, 4]);
}

/// What comes of looking at the load after `seconds`, as whoever scales the pool does.
fn scale(pool: &SharedPool<Flags>, scaler: &mut Scaler, seconds: u64) -> u32 {
    pool.scale(scaler, Duration::from_secs(seconds)).started
}

#[tokio::test(start_paused = true)]
async fn leases_that_start_nothing_wait_until_the_pool_is_scaled() {
    let (pool, mut scaler) = scaled("on-demand = false\nmax = 3");
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { lease(&pool).await })
        })
        .collect();
    pool.bell().notified().await;
    tokio::task::yield_now().await;
    assert_eq!((pool.stats().started, pool.stats().waiting), (0, 3));
    let mut started = scale(&pool, &mut scaler, 0);
    assert!(started >= 1, "the first is asked for at once");
    assert_eq!(pool.stats().active, (2 * started).min(3), "each has two slots");
    for second in 1..60 {
        started += scale(&pool, &mut scaler, second);
    }
    let mut leases = Vec::new();
    for lease in waiting {
        leases.push(lease.await.unwrap());
    }
    assert!(started >= 2, "load asks for more");
    assert_eq!(pool.stats().started, started.into(), "no lease started any");
    drop(leases);
    pool.0.end_idle(u32::MAX, |_| false);
    let late = pool
        .lease(Instant::now() + Duration::from_millis(5), Party::OWN)
        .await;
    assert!(matches!(late.err(), Some(LeaseError::WaitedTooLong(_))));
}

#[tokio::test(start_paused = true)]
async fn a_place_goes_with_the_instance_that_had_it() {
    let (pool, mut scaler) = scaled("on-demand = false\nmin = 2\nmax = 2");
    scale(&pool, &mut scaler, 0);
    let held = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
    pool.look(|flag, stats| flag.broken.store(stats.number == 1, SeqCst));
    let of_the_broken = held.iter().filter(|held| held.broken.load(SeqCst)).count();
    assert!((1..=2).contains(&of_the_broken));
    drop(held);
    let mut held = vec![lease(&pool).await, lease(&pool).await];
    let more = pool
        .lease(Instant::now() + Duration::from_millis(5), Party::OWN)
        .await;
    assert!(more.is_err(), "the one that is left has two slots");
    assert_eq!(pool.stats().started, 2);
    assert_eq!(scale(&pool, &mut scaler, 1), 1, "it is replaced");
    held.push(lease(&pool).await);
    assert_eq!(pool.stats().started, 3);
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_a_pool_that_nobody_scales_any_longer_is_served() {
    let (pool, _) = scaled("on-demand = false");
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { lease(&pool).await }
    });
    pool.bell().notified().await;
    pool.retire(Box::new(|| false));
    drop(waiting.await.unwrap());
    assert!(pool.0.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_started_ahead_is_spared_for_the_grace() {
    let s = Duration::from_secs;
    let (pool, mut scaler) = scaled("max = 8\ngrace-ms = 10000");
    assert_eq!(pool.ahead(3, |_| {}), 3);
    for now in [0, 1, 9] {
        pool.scale(&mut scaler, s(now));
        assert_eq!(pool.stats().idle, 3, "nobody needs them yet, at {now} s");
    }
    drop(lease(&pool).await);
    pool.scale(&mut scaler, s(10));
    assert_eq!(pool.stats().idle, 1, "one is enough for what came");
}

#[tokio::test(start_paused = true)]
async fn instances_are_started_ahead_as_far_as_they_are_missing_and_may_be() {
    let s = Duration::from_secs;
    let (pool, mut scaler) = scaled("max = 3\ngrace-ms = 10000");
    let ahead = |wanted| {
        let mut handed = 0;
        let started = pool.ahead(wanted, |_| handed += 1);
        assert_eq!(handed, started);
        started
    };
    assert_eq!((ahead(1), ahead(1), ahead(2)), (1, 0, 1));
    let leases = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
    assert_eq!(pool.stats().started, 2, "what was started ahead is leased");
    assert_eq!((ahead(1), ahead(9)), (0, 1), "no more than there may be");
    drop(leases);
    pool.scale(&mut scaler, s(0));
    assert_eq!(ahead(0), 0);
    pool.scale(&mut scaler, s(9));
    assert!(pool.stats().idle > 0, "it counts as a lease");
    pool.scale(&mut scaler, s(18));
    assert!(pool.stats().idle > 0, "the grace is not over");
    pool.scale(&mut scaler, s(19));
    assert_eq!(pool.stats().idle, 0, "what is not used goes");

    assert_eq!(ahead(1), 1);
    pool.look(|flag, _| flag.broken.store(true, SeqCst));
    assert_eq!(ahead(1), 1, "what may not serve does not count");
    pool.retire(Box::new(|| false));
    assert_eq!(ahead(1), 0);
    assert_eq!(pool.stats().idle, 0);
}

#[tokio::test(start_paused = true)]
async fn a_retired_pool_keeps_what_those_need_who_wait_elsewhere() {
    let (pool, _) = scaled("max = 4");
    let first = lease(&pool).await;
    let waits = std::sync::Arc::new(AtomicBool::new(true));
    let wanted = std::sync::Arc::clone(&waits);
    pool.retire(Box::new(move || wanted.load(SeqCst)));
    drop(first);
    assert_eq!(pool.stats().idle, 1, "somebody is yet to come");
    for _ in 0..3 {
        drop(lease(&pool).await);
    }
    assert_eq!(pool.stats().started, 1, "one served all of them");
    waits.store(false, SeqCst);
    drop(lease(&pool).await);
    assert_eq!((pool.stats().started, pool.stats().idle), (1, 0));
}
