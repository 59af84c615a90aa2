//! When a load is as it was before.

use std::time::Duration;

use crate::open_loop::Outcome;
use crate::report::percentile;

/// Over how many seconds a percentile and a rate are taken.
const WINDOW: f64 = 0.25;
/// What is still as before: so many times its 99th percentile, and so many milliseconds above, which one turn of the scheduler may take.
const SLACK: (f64, f64) = (1.5, 5.0);
/// The least share of the requests of a window that are answered.
const ANSWERED: f64 = 0.9;

/// Seconds from the first request of `after`, which lasted so long, to the end of the last window in which it was not as `before`, at `rate`
/// requests a second.
pub(super) fn seconds(before: &Outcome, after: &Outcome, lasted: Duration, rate: f64) -> f64 {
    let most = before.percentile(0.99) * SLACK.0 + SLACK.1;
    let calls: Vec<(f64, f64)> = after
        .due
        .iter()
        .copied()
        .zip(after.latencies.iter().copied())
        .collect();
    last_bad(&calls, lasted.as_secs_f64(), most, rate * WINDOW * ANSWERED)
}

/// The end of the last window with a higher 99th percentile than `most`, or fewer than `fewest` answers. The last window is not looked at: it
/// is cut off somewhere.
fn last_bad(calls: &[(f64, f64)], lasted: f64, most: f64, fewest: f64) -> f64 {
    let windows = ((lasted / WINDOW) as usize).saturating_sub(1);
    let mut by_window = vec![Vec::new(); windows];
    for (due, latency) in calls {
        if let Some(window) = by_window.get_mut((due / WINDOW) as usize) {
            window.push(*latency);
        }
    }
    let is_bad =
        |latencies: &Vec<f64>| (latencies.len() as f64) < fewest || percentile(latencies, 0.99) > most;
    let last = by_window.iter().rposition(is_bad);
    last.map_or(0.0, |window| (window + 1) as f64 * WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four calls in each window, with these latencies.
    fn calls(windows: &[f64]) -> Vec<(f64, f64)> {
        let of = |(number, latency): (usize, &f64)| {
            let latency = *latency;
            (0..4).map(move |call| ((number as f64 + f64::from(call) / 4.0) * WINDOW, latency))
        };
        windows.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn it_has_recovered_behind_the_last_bad_window() {
        for (windows, expected) in [
            (&[1.0, 1.0, 1.0, 1.0][..], 0.0),
            (&[9.0, 1.0, 1.0, 1.0], 0.25),
            (&[1.0, 9.0, 1.0, 9.0, 1.0, 1.0], 1.0),
            (&[9.0, 9.0, 9.0, 9.0, 9.0], 1.0),
        ] {
            let lasted = windows.len() as f64 * WINDOW;
            assert_eq!(
                last_bad(&calls(windows), lasted, 2.0, 3.0),
                expected,
                "{windows:?}"
            );
        }
    }

    #[test]
    fn a_window_with_too_few_answers_is_bad() {
        let mut few = calls(&[1.0, 1.0, 1.0, 1.0]);
        few.remove(5);
        few.remove(5);
        assert_eq!(last_bad(&few, 4.0 * WINDOW, 2.0, 3.0), 0.5);
        // Where nothing is answered any more it has not recovered, however well it began.
        assert_eq!(last_bad(&calls(&[1.0, 1.0]), 2.0, 2.0, 3.0), 1.75);
        assert_eq!(last_bad(&[], 2.0, 2.0, 3.0), 1.75);
    }
}
