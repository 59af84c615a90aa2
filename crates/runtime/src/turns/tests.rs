use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::task::{ArcWake, waker};

use super::{Order, Rounds, Threads, Turn};

const MS: Duration = Duration::from_millis(1);

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl ArcWake for Bell {
    fn wake_by_ref(bell: &Arc<Self>) {
        bell.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn turns<O: Order, const N: usize>(order: &Arc<O>, versions: [u64; N]) -> [Turn<O>; N] {
    versions.map(|version| Turn::new(Arc::clone(order), version))
}

/// Executes a slice of so long, if it may.
fn slice<O: Order>(turn: &mut Turn<O>, used: Duration) -> bool {
    match turn.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(mut slice) => {
            slice.used(used);
            true
        }
        Poll::Pending => false,
    }
}

fn one_thread() -> Arc<Threads> {
    Threads::new(NonZeroUsize::MIN)
}

#[test]
fn no_more_execute_than_there_are_threads() {
    let threads = Threads::new(NonZeroUsize::new(2).unwrap());
    let [mut one, mut two, mut three] = turns(&threads, [1, 1, 2]);
    let mut cx = Context::from_waker(Waker::noop());
    let first = one.poll(&mut cx);
    let second = two.poll(&mut cx);
    assert!(first.is_ready() && second.is_ready());
    assert!(!slice(&mut three, MS));
    drop(first);
    assert!(slice(&mut three, MS), "who waits is next");
    drop(second);
}

#[test]
fn a_version_waits_for_one_slice_of_another_however_many_guests_that_has() {
    let threads = one_thread();
    let [mut executing, mut other] = turns(&threads, [1, 2]);
    let mut many = turns(&threads, [1; 100]);
    let held = executing.poll(&mut Context::from_waker(Waker::noop()));
    assert!(many.iter_mut().all(|turn| !slice(turn, MS)));
    drop(held);
    assert!(slice(&mut many[0], MS), "it was first in line");
    assert!(!slice(&mut other, MS));
    assert!(slice(&mut many[1], MS), "it was called when the other came");
    assert!(!slice(&mut many[2], MS));
    assert!(slice(&mut other, MS));
    assert!(slice(&mut many[2], MS));
}

#[test]
fn who_is_called_is_woken_once() {
    let threads = one_thread();
    let bell = Arc::new(Bell::default());
    let [mut first, mut second] = turns(&threads, [1, 1]);
    let held = first.poll(&mut Context::from_waker(Waker::noop()));
    let waker = waker(Arc::clone(&bell));
    let mut cx = Context::from_waker(&waker);
    assert!(second.poll(&mut cx).is_pending());
    assert!(
        second.poll(&mut cx).is_pending(),
        "asking again is no second place"
    );
    drop(held);
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    assert!(second.poll(&mut cx).is_ready());
}

#[test]
fn who_goes_away_holds_up_nobody() {
    let threads = one_thread();
    let [mut first, mut gone, mut called, mut last] = turns(&threads, [1; 4]);
    let held = first.poll(&mut Context::from_waker(Waker::noop()));
    for turn in [&mut gone, &mut called, &mut last] {
        assert!(!slice(turn, MS));
    }
    drop(gone);
    drop(held);
    drop(called);
    assert!(slice(&mut last, MS));
    assert!(slice(&mut first, MS), "the thread is free again");
}

/// Lets the task that begins rounds do so, once.
async fn next_round() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn short_slices_share_a_round_and_a_long_one_ends_it() {
    let rounds = Arc::new(Rounds::new());
    let [mut short, mut long, mut late] = turns(&rounds, [1, 2, 3]);
    assert!(slice(&mut short, MS / 4));
    assert!(slice(&mut short, MS / 4));
    assert!(slice(&mut long, 2 * MS), "there was something left");
    assert!(!slice(&mut late, MS / 4), "that was the round");
    next_round().await;
    assert!(slice(&mut late, MS / 4));
    assert!(slice(&mut short, MS / 4));
}

#[tokio::test]
async fn in_each_round_those_wait_least_who_had_least() {
    let rounds = Arc::new(Rounds::new());
    let [mut first, mut other] = turns(&rounds, [1, 2]);
    let mut many = turns(&rounds, [1; 10]);
    assert!(slice(&mut first, MS));
    assert!(many.iter_mut().all(|turn| !slice(turn, MS)));
    next_round().await;
    assert!(!slice(&mut other, MS), "one of the many was called before");
    assert!(slice(&mut many[0], MS));
    next_round().await;
    assert!(!slice(&mut many[1], MS));
    assert!(slice(&mut other, MS));
    next_round().await;
    assert!(slice(&mut many[1], MS));
}

#[tokio::test]
async fn a_round_goes_on_where_somebody_called_goes_away() {
    let rounds = Arc::new(Rounds::new());
    let [mut first, mut gone, mut last] = turns(&rounds, [1, 1, 1]);
    assert!(slice(&mut first, MS));
    assert!(!slice(&mut gone, MS) && !slice(&mut last, MS));
    next_round().await;
    drop(gone);
    assert!(slice(&mut last, MS));
}
