//! Whether something grows.

use crate::report::median;

/// By how much figures grow with their times: the median of the slopes between any two, which a few outliers do not move.
pub(super) fn slope(points: &[(f64, f64)]) -> f64 {
    let pairs = points
        .iter()
        .enumerate()
        .flat_map(|(at, one)| points[at + 1..].iter().map(move |other| (one, other)));
    let slopes: Vec<f64> = pairs
        .filter(|(one, other)| other.0 > one.0)
        .map(|(one, other)| (other.1 - one.1) / (other.0 - one.0))
        .collect();
    median(&slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_from_noise() {
        let points = |figure: fn(f64) -> f64| {
            let times = (0..20).map(f64::from);
            times
                .map(|time| (time, figure(time)))
                .collect::<Vec<(f64, f64)>>()
        };
        for (figure, expected) in [
            ((|_| 7.0) as fn(f64) -> f64, 0.0),
            (|time| 100.0 + 3.0 * time, 3.0),
            (|time| if time == 9.0 { 1e6 } else { 50.0 }, 0.0),
            (|time| if time == 9.0 { 1e6 } else { 2.0 * time }, 2.0),
        ] {
            let found = slope(&points(figure));
            assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
        }
    }
}
