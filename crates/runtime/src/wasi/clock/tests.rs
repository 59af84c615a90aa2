use std::future::poll_fn;
use std::task::Poll;

use jiff::Timestamp;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use super::{STEP, VirtualClock};

const SECOND: u64 = 1_000_000_000;

fn clock() -> VirtualClock {
    VirtualClock::new(Timestamp::from_second(100).unwrap())
}

#[test]
fn every_reading_takes_a_step() {
    let clock = clock();
    assert_eq!(HostMonotonicClock::now(&clock), 0);
    assert_eq!(HostMonotonicClock::now(&clock), STEP);
    assert_eq!(
        HostWallClock::now(&clock).as_nanos(),
        u128::from(100 * SECOND + 2 * STEP)
    );
}

#[tokio::test]
async fn sleeps_jump() {
    let clock = clock();
    clock.clone().sleep_until(SECOND).ready().await;
    assert_eq!(clock.read(), SECOND);
    // One that is over already moves nothing.
    clock.clone().sleep_until(5).ready().await;
    assert_eq!(clock.read(), SECOND + STEP);
}

#[tokio::test]
async fn the_earliest_of_several_sleeps_ends_first() {
    let clock = clock();
    let (mut late, mut early) = (
        clock.clone().sleep_until(2 * SECOND),
        clock.clone().sleep_until(SECOND),
    );
    {
        let (mut late, mut early) = (late.ready(), early.ready());
        let first = poll_fn(|cx| match (late.as_mut().poll(cx), early.as_mut().poll(cx)) {
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            ended => Poll::Ready(ended),
        });
        assert_eq!(first.await, (Poll::Pending, Poll::Ready(())));
        assert_eq!(clock.read(), SECOND);
    }
    // What is no longer waited for holds nobody up.
    late.ready().await;
    assert_eq!(clock.read(), 2 * SECOND);
}

#[test]
fn another_call_begins_at_its_own_time() {
    let clock = clock();
    clock.read();
    clock.begin(Timestamp::from_second(200).unwrap(), false);
    assert_eq!(HostWallClock::now(&clock).as_nanos(), u128::from(200 * SECOND));
    assert_eq!(clock.read(), 2 * STEP);
    clock.begin(Timestamp::from_second(300).unwrap(), true);
    assert_eq!(clock.read(), 0);
}
