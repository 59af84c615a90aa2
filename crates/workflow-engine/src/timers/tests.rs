use std::sync::Mutex;
use std::task::Waker;
use std::time::Duration;

use super::*;

/// A clock that stands still and writes down what it was asked to wait for.
#[derive(Default)]
struct Still(Mutex<Vec<i64>>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn sleep_until(&self, due: Timestamp) -> Boxed<'static, ()> {
        self.0.lock().unwrap().push(due.as_second());
        if due <= self.now() {
            Box::pin(std::future::ready(()))
        } else {
            Box::pin(std::future::pending())
        }
    }

    fn pause(&self, _: Duration) -> Boxed<'static, ()> {
        Box::pin(std::future::pending())
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn what_is_due_comes_in_order() {
    let mut timers = Timers::new();
    for (second, what) in [(3, "c"), (1, "a"), (3, "d"), (2, "b"), (9, "late")] {
        timers.set(at(second), what);
    }
    let due: Vec<_> = std::iter::from_fn(|| timers.take(at(3))).collect();
    assert_eq!(due, ["a", "b", "c", "d"]);
    assert!(!timers.is_empty());
    assert_eq!(timers.take(at(9)), Some("late"));
    assert!(timers.is_empty());
}

#[test]
fn the_clock_is_asked_for_the_earliest_only() {
    let (clock, mut timers) = (Still::default(), Timers::new());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(timers.poll(&clock, &mut cx).is_pending());
    timers.set(at(5), "five");
    for _ in 0..3 {
        assert!(timers.poll(&clock, &mut cx).is_pending());
    }
    timers.set(at(7), "seven");
    assert!(timers.poll(&clock, &mut cx).is_pending());
    timers.set(at(4), "four");
    assert!(timers.poll(&clock, &mut cx).is_pending());
    timers.set(at(0), "now");
    assert!(timers.poll(&clock, &mut cx).is_ready());
    assert_eq!(*clock.0.lock().unwrap(), [5, 4, 0]);
}

#[test]
fn the_dead_are_forgotten() {
    let mut timers = Timers::new();
    for n in 0..10_000 {
        timers.set(at(n), n);
        timers.purge(|&other| other == n);
    }
    assert!(timers.due.len() <= 2 * FEW, "{}", timers.due.len());
}
