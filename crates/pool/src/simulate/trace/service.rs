//! How long calls take.

use std::str::FromStr;
use std::time::Duration;

/// How long a call takes in an instance that works on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Service {
    /// Always as long: `5ms`.
    Fixed(Duration),
    /// Around a mean, often shorter and sometimes much longer: `exponential 5ms`.
    Exponential(Duration),
    /// Anything between two: `uniform 1ms 9ms`.
    Uniform(Duration, Duration),
    /// Short but for some that are long: `skewed 5ms 500ms 1%`.
    Skewed {
        /// Most calls.
        short: Duration,
        /// The others.
        long: Duration,
        /// How many the others are, 0 to 1.
        share: f64,
    },
}

impl Service {
    /// The shortest and the longest time that a trace may name: a microsecond and an hour.
    pub const BOUNDS: std::ops::RangeInclusive<Duration> =
        Duration::from_micros(1)..=Duration::from_secs(3_600);

    /// How long one call takes: at least a microsecond.
    pub(in crate::simulate) fn draw(self, rng: &mut fastrand::Rng) -> Duration {
        let drawn = match self {
            Self::Fixed(always) => always,
            // 1 − [0, 1) is never 0, whose logarithm would be infinite.
            Self::Exponential(mean) => mean.mul_f64(-(1.0 - rng.f64()).ln()),
            Self::Uniform(from, to) => from + (to - from).mul_f64(rng.f64()),
            Self::Skewed { short, long, share } => {
                if rng.f64() < share {
                    long
                } else {
                    short
                }
            }
        };
        drawn.max(*Self::BOUNDS.start())
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        match words[..] {
            [always] => Ok(Self::Fixed(duration(always)?)),
            ["exponential", mean] => Ok(Self::Exponential(duration(mean)?)),
            ["uniform", from, to] => {
                let (from, to) = (duration(from)?, duration(to)?);
                if from > to {
                    return Err(format!("`{text}` has no times: the second is the longer one"));
                }
                Ok(Self::Uniform(from, to))
            }
            ["skewed", short, long, share] => Ok(Self::Skewed {
                short: duration(short)?,
                long: duration(long)?,
                share: percent(share)?,
            }),
            _ => Err(format!(
                "`{text}` is no service time: write `5ms`, `exponential 5ms`, `uniform 1ms 9ms` or `skewed 5ms 500ms 1%`"
            )),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "`{text}` is no duration from 1us to 3600s: write a number with `us`, `ms` or `s`, such as `5ms`"
        )
    };
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let unit = units
        .iter()
        .find_map(|(unit, seconds)| text.strip_suffix(unit).map(|number| (number, seconds)));
    let (number, seconds) = unit.ok_or_else(wrong)?;
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    Some(duration)
        .filter(|duration| Service::BOUNDS.contains(duration))
        .ok_or_else(wrong)
}

fn percent(text: &str) -> Result<f64, String> {
    text.strip_suffix('%')
        .and_then(|number| number.parse().ok())
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent: f64| percent / 100.0)
        .ok_or_else(|| format!("`{text}` is no share: write `0%` to `100%`"))
}
