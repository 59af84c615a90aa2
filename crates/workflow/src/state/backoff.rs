//! When the next attempt is due.

use std::time::Duration;

use jiff::Timestamp;
use weft_types::RunId;

use super::items::MAX_ATTEMPTS;
use crate::event::{ErrorCode, Place, after};
use crate::plan::Retry;

/// Steps of growth that are reckoned with; a wait that did not reach its maximum by then grows no further.
const MAX_GROWTH: u32 = 1024;

/// Whether an attempt that failed so is followed by another.
pub(super) fn may_retry(retry: &Retry, attempt: u32, code: ErrorCode) -> bool {
    attempt < retry.attempts.min(MAX_ATTEMPTS) && retry.on.contains(&code)
}

/// When attempt `attempt` of `place` may begin, its predecessor having failed at `at`.
///
/// The variation is drawn from run, place and attempt: replaying a run gives the same times, and two runs different ones.
pub(super) fn due(retry: &Retry, run: RunId, place: Place, attempt: u32, at: Timestamp) -> Timestamp {
    let longest = micros(retry.max_backoff);
    let delay = shortened(grown(retry, attempt, longest), retry.jitter_percent, || {
        draw(run, place, attempt)
    });
    after(at, Duration::from_micros(delay))
}

/// The time before an attempt without variation, in microseconds.
fn grown(retry: &Retry, attempt: u32, longest: u64) -> u64 {
    let factor = f64::from(retry.factor_percent) / 100.0;
    let mut delay = micros(retry.backoff) as f64;
    for _ in 2..attempt.min(MAX_GROWTH + 2) {
        if factor == 1.0 || delay >= longest as f64 {
            break;
        }
        delay *= factor;
    }
    (delay as u64).min(longest)
}

/// Takes up to `percent` off. Shortening rather than stretching keeps the maximum and still spreads those that reached it.
fn shortened(delay: u64, percent: u32, draw: impl FnOnce() -> u64) -> u64 {
    let most = u128::from(delay) * u128::from(percent.min(100)) / 100;
    if most == 0 {
        return delay;
    }
    // At most `delay`, which is a `u64`.
    delay - ((most * u128::from(draw())) >> 64) as u64
}

fn draw(run: RunId, place: Place, attempt: u32) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(run.0.as_bytes());
    hasher.update(&place.node.0.to_le_bytes());
    hasher.update(&place.item.map_or(u64::MAX, u64::from).to_le_bytes());
    hasher.update(&attempt.to_le_bytes());
    let mut drawn = [0; 8];
    drawn.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(drawn)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
