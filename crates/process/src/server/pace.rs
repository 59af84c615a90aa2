//! How fast a worker serves.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

/// How long a line a call joins rather than that it is taken to a worker that is talked to on another thread, in microseconds. To wake both threads
/// costs some tens; but calls come in bursts, and what counts is how long a line lasts, not how it looks at a moment.
const WORTH_US: u32 = 160;
/// What a call costs a worker at least, in microseconds.
const LEAST_US: u32 = 10;
/// Calls over which an average is taken.
const CALLS: u32 = 32;
/// The time after which one is taken of fewer.
const LONG: Duration = Duration::from_millis(5);

/// How long a worker takes for each call, on average over the last few. Times are counted from any moment, the same for all.
#[derive(Default)]
pub(super) struct Pace {
    /// In microseconds; 0 where nothing is known.
    average: AtomicU32,
    /// When a call ended last, in microseconds.
    ended: AtomicU64,
}

/// What was served since an average was taken. Belongs to one [`Pace`].
#[derive(Default)]
pub(super) struct Served {
    calls: u32,
    took: Duration,
    ended: Duration,
}

impl Pace {
    /// Notes that a call that began at `began` ended well `now`: the worker had it before itself since then, or since the one before ended.
    pub(super) fn note(&self, served: &mut Served, began: Duration, now: Duration) {
        served.calls += 1;
        served.took += now.saturating_sub(began.max(served.ended));
        served.ended = now;
        self.ended.store(micros(now), Relaxed);
        if served.calls >= CALLS || served.took >= LONG {
            let average = micros(served.took / served.calls);
            let average = u32::try_from(average).unwrap_or(u32::MAX);
            self.average.store(average.max(LEAST_US), Relaxed);
            (served.calls, served.took) = (0, Duration::ZERO);
        }
    }

    /// How many calls may be before one in line here, rather than that it goes elsewhere. None while it is not seen that any ends.
    pub(super) fn lead(&self, now: Duration) -> u32 {
        let silent = micros(now).saturating_sub(self.ended.load(Relaxed));
        match self.average.load(Relaxed) {
            0 => 0,
            _ if silent > micros(LONG) => 0,
            average => WORTH_US / average,
        }
    }
}

/// Centuries fit.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes calls that begin and end at these microseconds.
    fn after(calls: impl IntoIterator<Item = (u64, u64)>) -> Pace {
        let (pace, mut served) = (Pace::default(), Served::default());
        for (began, ended) in calls {
            let (began, ended) = (Duration::from_micros(began), Duration::from_micros(ended));
            pace.note(&mut served, began, ended);
        }
        pace
    }

    fn lead(pace: &Pace, now: u64) -> u32 {
        pace.lead(Duration::from_micros(now))
    }

    #[test]
    fn the_faster_the_longer_a_line_is_worth_it() {
        let check = |each: u64, expected: u32| {
            let in_turn = (0..100).map(|call| (call * each, (call + 1) * each));
            assert_eq!(lead(&after(in_turn), 100 * each), expected, "{each} us each");
        };
        check(0, 16);
        check(15, 10);
        check(80, 2);
        check(161, 0);
        check(10_000_000, 0);
    }

    #[test]
    fn calls_that_are_answered_together_share_their_time() {
        let bursts = (0..640).map(|call| (call / 32 * 640, (call / 32 + 1) * 640));
        assert_eq!(lead(&after(bursts), 20 * 640), 8, "20 us each");
    }

    #[test]
    fn calls_that_wait_do_not_make_others_look_fast() {
        let waiting = (0..9).map(|_| (0, 0));
        let slow = (0..40).map(|call| (call * 400, (call + 1) * 400));
        assert_eq!(lead(&after(waiting.chain(slow)), 16_000), 0);
    }

    #[test]
    fn what_was_fast_is_not_taken_for_it_for_long() {
        let fast = (0..64).map(|call| (call * 10, (call + 1) * 10));
        let pace = after(fast);
        assert_eq!((lead(&pace, 640), lead(&pace, 5_000)), (16, 16));
        assert_eq!(lead(&pace, 6_000), 0, "nothing has ended since");
        assert_eq!(lead(&after([]), 0), 0);
    }
}
