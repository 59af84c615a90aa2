use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use super::{Bounds, Duration, Factory, Instant, LeaseError, SharedLease, SharedPool};
use crate::Profile;

struct Flags;

#[derive(Default)]
struct Flag {
    broken: AtomicBool,
}

impl Factory for Flags {
    type Instance = Flag;

    fn start(&self) -> Flag {
        Flag::default()
    }

    fn reusable(&self, instance: &Flag) -> bool {
        !instance.broken.load(SeqCst)
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
    pool.lease(Instant::now() + Duration::from_secs(60))
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

#[tokio::test(start_paused = true)]
async fn draining_refuses_and_waits() {
    let pool = pool(2, 1, 10);
    let held = lease(&pool).await;
    let draining = tokio::spawn({
        let pool = pool.clone();
        async move { pool.drain().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(pool.lease(Instant::now()).await.err(), Some(LeaseError::Draining));
    drop(held);
    draining.await.unwrap();
    assert!(pool.0.lock().is_empty());
}
