//! When the next attempt is due.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use weft_types::RunId;

use super::{at, item};
use crate::event::{ErrorCode, LATEST};
use crate::plan::Retry;
use crate::state::backoff::{due, may_retry};

const RUN: RunId = RunId(uuid::Uuid::from_u128(7));

fn retry(backoff_ms: u64, factor_percent: u32, max_ms: u64) -> Retry {
    Retry {
        attempts: u32::MAX,
        backoff: Duration::from_millis(backoff_ms),
        factor_percent,
        max_backoff: Duration::from_millis(max_ms),
        jitter_percent: 0,
        on: [ErrorCode::Trap].into(),
    }
}

fn delay(retry: &Retry, attempt: u32) -> SignedDuration {
    due(retry, RUN, at(0), attempt, Timestamp::UNIX_EPOCH).duration_since(Timestamp::UNIX_EPOCH)
}

fn check(retry: &Retry, expected_ms: &[i64]) {
    for (at, expected) in expected_ms.iter().enumerate() {
        let delay = delay(retry, at as u32 + 2).as_millis();
        assert_eq!(delay, i128::from(*expected), "attempt {}", at + 2);
    }
}

#[test]
fn times_grow_up_to_the_longest() {
    check(&retry(100, 200, 1_000), &[100, 200, 400, 800, 1_000, 1_000]);
    check(&retry(100, 150, 1_000), &[100, 150, 225, 337]);
    check(&retry(100, 100, 1_000), &[100, 100, 100]);
    check(&retry(100, 50, 1_000), &[100, 50, 25]);
    check(&retry(2_000, 200, 1_000), &[1_000, 1_000]);
    check(&retry(0, 200, 1_000), &[0, 0]);
}

#[test]
fn the_number_of_attempts_costs_no_time() {
    let never = retry(1, 100, 1_000);
    assert_eq!(delay(&never, u32::MAX).as_millis(), 1);
    assert_eq!(delay(&retry(1, 101, 1_000), u32::MAX).as_millis(), 1_000);
    assert!(!may_retry(&never, 1 << 28, ErrorCode::Trap));
}

#[test]
fn the_longest_times_end_with_time_itself() {
    let endless = Retry {
        backoff: Duration::MAX,
        max_backoff: Duration::MAX,
        ..retry(0, 200, 0)
    };
    assert_eq!(due(&endless, RUN, at(0), 9, Timestamp::UNIX_EPOCH), LATEST);
}

#[test]
fn jitter_differs_by_run_place_and_attempt_and_by_nothing_else() {
    let retry = Retry {
        jitter_percent: 50,
        ..retry(60_000, 100, 60_000)
    };
    let now = Timestamp::UNIX_EPOCH;
    let other = RunId(uuid::Uuid::from_u128(8));
    let dues = [
        due(&retry, RUN, at(0), 2, now),
        due(&retry, other, at(0), 2, now),
        due(&retry, RUN, at(1), 2, now),
        due(&retry, RUN, item(0, 0), 2, now),
        due(&retry, RUN, at(0), 3, now),
    ];
    for (at, due) in dues.iter().enumerate() {
        assert!(!dues[..at].contains(due), "{at}");
    }
    assert_eq!(dues[0], due(&retry, RUN, at(0), 2, now));
}

proptest! {
    #[test]
    fn jitter_takes_off_no_more_than_its_share(
        percent in 0..=100u32,
        run in any::<u128>(),
        attempt in 2..20u32,
    ) {
        let plain = retry(100, 200, 10_000);
        let jittered = Retry { jitter_percent: percent, ..plain.clone() };
        let longest = delay(&plain, attempt);
        let run = RunId(uuid::Uuid::from_u128(run));
        let now = Timestamp::UNIX_EPOCH;
        let delay = due(&jittered, run, at(0), attempt, now).duration_since(now);
        prop_assert!(delay <= longest);
        let least = longest.as_micros() * i128::from(100 - percent) / 100;
        prop_assert!(delay.as_micros() >= least);
    }
}
