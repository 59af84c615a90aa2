use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn is_called(waiter: &Waiter) -> bool {
    waiter.poll(Waker::noop()).is_ready()
}

#[test]
fn places_are_counted() {
    let gate = Gate::new(2, 9);
    assert!(gate.try_enter() && gate.try_enter());
    assert!(!gate.try_enter());
    assert_eq!((gate.inside(), gate.waiting()), (2, 0));
    gate.leave();
    assert!(gate.try_enter());
}

#[test]
fn who_leaves_hands_the_place_over() {
    let gate = Gate::new(1, 9);
    assert!(gate.try_enter());
    let (low, high) = (gate.join(Priority::Low, 0), gate.join(Priority::High, 0));
    let bell = Arc::new(Bell::default());
    assert!(high.poll(&Waker::from(Arc::clone(&bell))).is_pending());
    gate.leave();
    assert_eq!(bell.0.load(SeqCst), 1);
    assert!(!gate.try_enter(), "the place was handed over");
    assert!(is_called(&high) && !is_called(&low));
    assert!(high.enter().is_ok());
    assert_eq!((gate.inside(), gate.waiting()), (1, 1));
    gate.leave();
    assert!(is_called(&low));
}

#[test]
fn newcomers_do_not_pass_those_who_wait() {
    let gate = Gate::new(1, 9);
    assert!(gate.try_enter());
    let waiter = gate.join(Priority::Medium, 0);
    assert!(!gate.try_enter());
    drop(waiter);
    gate.leave();
    assert!(gate.try_enter());
}

#[test]
fn who_joins_when_there_is_room_is_called_at_once() {
    let gate = Gate::new(1, 9);
    let waiter = gate.join(Priority::Lowest, 0);
    assert!(is_called(&waiter));
    assert!(waiter.enter().is_ok());
    assert_eq!((gate.inside(), gate.waiting()), (1, 0));
}

#[test]
fn who_gives_up_leaves_nothing_behind() {
    let gate = Gate::new(1, 9);
    assert!(gate.try_enter());
    let (first, second) = (gate.join(Priority::Medium, 0), gate.join(Priority::Medium, 0));
    gate.leave();
    assert!(is_called(&first) && !is_called(&second));
    drop(first);
    assert!(is_called(&second), "the place passed on");
    drop(second);
    assert_eq!((gate.inside(), gate.waiting()), (0, 0));
}

#[test]
fn the_line_has_a_bound() {
    let gate = Gate::new(1, 2);
    assert!(gate.try_enter());
    let waiters = [gate.join(Priority::Medium, 0), gate.join(Priority::Medium, 0)];
    assert_eq!(gate.check_room(), Err(Crowded));
    drop(waiters);
    assert_eq!(gate.check_room(), Ok(()));
}

#[test]
fn a_higher_limit_lets_more_in() {
    let gate = Gate::new(1, 9);
    assert!(gate.try_enter());
    let waiter = gate.join(Priority::Medium, 0);
    gate.set_limit(2);
    assert!(is_called(&waiter));
    gate.set_limit(1);
    assert!(waiter.enter().is_ok());
    gate.leave();
    assert!(!gate.try_enter());
    gate.leave();
    assert!(gate.try_enter());
}

#[test]
fn no_place_is_lost_between_threads() {
    let gate = Gate::new(2, u32::MAX);
    let inside = AtomicUsize::new(0);
    let visit = || {
        for _ in 0..2_000 {
            if !gate.try_enter() {
                let mut waiter = gate.join(Priority::Medium, 0);
                while let Err(again) = waiter.enter() {
                    waiter = again;
                    std::thread::yield_now();
                }
            }
            assert!(inside.fetch_add(1, SeqCst) < 2);
            inside.fetch_sub(1, SeqCst);
            gate.leave();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(visit);
        }
    });
    assert_eq!((gate.inside(), gate.waiting()), (0, 0));
}
