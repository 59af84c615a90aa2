use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use tokio::time::advance;

use super::{Bounds, Duration, Factory, Instant, Lease, Pool, Profile, Room, Stats};
use crate::{Party, enter_shard};

/// Starts numbered instances and counts those alive.
#[derive(Default)]
struct Numbers {
    next: AtomicUsize,
    alive: Arc<AtomicUsize>,
}

struct Number {
    number: usize,
    broken: bool,
    as_new: bool,
    alive: Arc<AtomicUsize>,
}

impl Factory for Numbers {
    type Instance = Number;

    fn start(&self) -> Number {
        self.alive.fetch_add(1, SeqCst);
        Number {
            number: self.next.fetch_add(1, SeqCst),
            broken: false,
            as_new: false,
            alive: Arc::clone(&self.alive),
        }
    }

    fn reusable(&self, instance: &Number) -> bool {
        !instance.broken
    }

    fn as_new(&self, instance: &Number) -> bool {
        instance.as_new
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
    }
}

fn pool(change: impl FnOnce(&mut Bounds)) -> Pool<Numbers> {
    let mut bounds = Bounds::of(&Profile::default(), 1);
    change(&mut bounds);
    Pool::new(Numbers::default(), bounds, Arc::new(Room::new(1_000, 1)))
}

/// A pool that keeps its instances where there is `room`.
fn sharing(room: &Arc<Room>, warm: u32) -> Pool<Numbers> {
    let bounds = Bounds {
        reuse: 100,
        warm,
        ..Bounds::of(&Profile::default(), 1)
    };
    Pool::new(Numbers::default(), bounds, Arc::clone(room))
}

async fn lease(pool: &Pool<Numbers>) -> Lease<Numbers> {
    pool.lease(Instant::now() + Duration::from_secs(60), Party::OWN)
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_fresh_pool_keeps_nothing() {
    let pool = pool(|_| ());
    for number in 0..3 {
        let lease = lease(&pool).await;
        assert_eq!((lease.number, lease.is_new()), (number, true));
    }
    assert_eq!(
        pool.stats(),
        Stats {
            started: 3,
            ..Stats::default()
        }
    );
    assert_eq!(pool.factory().alive.load(SeqCst), 0);
    assert!(pool.lacking().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_serves_its_share_and_ends() {
    let pool = pool(|bounds| bounds.reuse = 3);
    let mut numbers = Vec::new();
    for _ in 0..7 {
        numbers.push(lease(&pool).await.number);
    }
    assert_eq!(numbers, [0, 0, 0, 1, 1, 1, 2]);
    assert_eq!(
        pool.stats(),
        Stats {
            idle: 1,
            started: 3,
            ..Stats::default()
        }
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_as_new_serves_on() {
    let pool = pool(|bounds| bounds.reuse = 1);
    for first in [true, false, false] {
        let mut lease = lease(&pool).await;
        assert_eq!((lease.number, lease.is_new()), (0, first));
        lease.as_new = true;
    }
    lease(&pool).await.as_new = false;
    assert_eq!(lease(&pool).await.number, 1);
}

#[tokio::test(start_paused = true)]
async fn few_that_are_as_new_are_kept_and_not_for_long() {
    let pool = pool(|bounds| bounds.reuse = 1);
    let mut leases = Vec::new();
    for _ in 0..12 {
        let mut lease = lease(&pool).await;
        lease.as_new = true;
        leases.push(lease);
    }
    drop(leases);
    assert_eq!(pool.stats().idle, 8);
    advance(Duration::from_millis(999)).await;
    pool.sweep(Instant::now());
    assert_eq!(pool.stats().idle, 8);
    advance(Duration::from_millis(1)).await;
    pool.sweep(Instant::now());
    assert_eq!(pool.stats().idle, 0);
}

#[tokio::test(start_paused = true)]
async fn a_broken_instance_is_not_reused() {
    let pool = pool(|bounds| bounds.reuse = 100);
    lease(&pool).await.broken = true;
    let second = lease(&pool).await;
    assert_eq!((second.number, second.is_new()), (1, true));
    assert_eq!(pool.factory().alive.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn the_most_recently_used_goes_first() {
    let pool = pool(|bounds| bounds.reuse = 100);
    let (first, second) = (lease(&pool).await, lease(&pool).await);
    drop(second);
    drop(first);
    assert_eq!(lease(&pool).await.number, 0);
}

#[tokio::test(start_paused = true)]
async fn idle_instances_end_but_for_the_warm_ones() {
    let pool = pool(|bounds| {
        bounds.reuse = 100;
        bounds.warm = 1;
        bounds.idle = Duration::from_secs(10);
    });
    let leases = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
    drop(leases);
    advance(Duration::from_secs(9)).await;
    pool.sweep(Instant::now());
    assert_eq!(pool.stats().idle, 3);
    drop(lease(&pool).await);
    advance(Duration::from_secs(1)).await;
    pool.sweep(Instant::now());
    // The two idle longest are gone; the one used a second ago is the warm one.
    assert_eq!(pool.stats().idle, 1);
    assert_eq!(lease(&pool).await.number, 2);
}

#[tokio::test(start_paused = true)]
async fn warm_instances_are_asked_for_per_shard() {
    let pool = pool(|bounds| {
        bounds.reuse = 100;
        bounds.warm = 3;
        bounds.shards = 2;
    });
    assert_eq!(pool.lacking(), [0, 0, 1]);
    for shard in pool.lacking() {
        pool.add(shard, pool.factory().start());
    }
    assert_eq!((pool.lacking(), pool.stats().idle), (vec![], 3));
    let warm = lease(&pool).await;
    assert!(
        warm.is_new(),
        "the first lease of an instance, though it was started ahead"
    );
    assert_eq!(pool.stats().started, 0);
}

#[tokio::test(start_paused = true)]
async fn shards_keep_their_own_and_no_more_than_their_share() {
    let pool = pool(|bounds| {
        bounds.reuse = 100;
        bounds.shards = 2;
        bounds.concurrency = 4;
    });
    let in_shard = |shard: usize| {
        let pool = pool.clone();
        async move {
            enter_shard(shard);
            let leases = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
            leases.map(|lease| lease.number)
        }
    };
    assert_eq!(in_shard(0).await, [0, 1, 2]);
    assert_eq!(pool.stats().idle, 2, "half of the concurrency");
    assert_eq!(in_shard(1).await, [3, 4, 5]);
    assert_eq!(in_shard(0).await, [1, 0, 6]);
    enter_shard(0);
}

#[tokio::test(start_paused = true)]
async fn instances_never_outnumber_the_places() {
    let pool = pool(|bounds| {
        bounds.concurrency = 4;
        bounds.reuse = 3;
        bounds.queue.length = 1_000;
    });
    let mut tasks = Vec::new();
    for index in 0..200_u64 {
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            let lease = lease(&pool).await;
            assert!(pool.factory().alive.load(SeqCst) <= 4);
            tokio::time::sleep(Duration::from_millis(index % 7)).await;
            drop(lease);
        }));
    }
    for (index, task) in tasks.into_iter().enumerate() {
        if index % 5 == 0 {
            task.abort();
        }
        let _ = task.await;
    }
    let stats = pool.stats();
    assert_eq!((stats.active, stats.waiting), (0, 0));
    assert_eq!(stats.idle, pool.factory().alive.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn pools_share_the_room_for_idle_instances() {
    let room = Arc::new(Room::new(3, 1));
    let (greedy, modest) = (sharing(&room, 0), sharing(&room, 2));
    let leases = [lease(&greedy).await, lease(&greedy).await, lease(&greedy).await];
    drop(leases);
    assert_eq!(greedy.stats().idle, 3);
    drop(lease(&modest).await);
    assert_eq!(
        (modest.stats().idle, modest.lacking()),
        (0, vec![]),
        "there is no room"
    );

    drop(lease(&greedy).await);
    assert_eq!(
        greedy.stats().idle,
        3,
        "who is taken out and put back needs no more"
    );
    let leased = lease(&greedy).await;
    assert_eq!(modest.lacking(), [0]);
    drop(lease(&modest).await);
    assert_eq!(modest.stats().idle, 1, "what is leased takes no room");
    drop(leased);
    assert_eq!(greedy.stats().idle, 2);

    advance(Duration::from_secs(60)).await;
    greedy.sweep(Instant::now());
    assert_eq!(modest.lacking(), [0]);
    drop(modest);
    let leases = [lease(&greedy).await, lease(&greedy).await, lease(&greedy).await];
    drop(leases);
    assert_eq!(greedy.stats().idle, 3, "a pool that is gone leaves its room");
    greedy.clear();
    assert_eq!(room.left(0), 3);
}

#[test]
fn every_shard_has_its_share_of_room() {
    let room = Room::new(5, 2);
    assert_eq!([0, 1, 2].map(|shard| room.left(shard)), [2, 2, 2]);
    assert!(room.take(0) && room.take(0) && !room.take(0));
    assert_eq!([0, 1, 2].map(|shard| room.left(shard)), [0, 2, 0]);
    assert_eq!(Room::new(0, 2).left(1), 1, "at least one");
}
