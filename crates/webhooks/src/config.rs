//! The bounds of webhooks, and what follows a failed attempt.

use std::time::Duration;

use crate::Allowed;

/// What applies to all deliveries of one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which addresses may be called. Default none.
    pub allowed: Allowed,
    /// Deliveries that are to be made; more are refused. About 1 KiB of memory each. Default 100,000.
    pub pending: usize,
    /// Requests at once; more wait. Default 64.
    pub at_once: usize,
    /// How long an attempt may take. Default 10 s.
    pub timeout: Duration,
    /// Attempts in all. Default 16, which with the times between them is about five hours.
    pub attempts: u32,
    /// Time before the second attempt, doubled for each further one. Default 1 s.
    pub backoff: Duration,
    /// The longest such time. Default 1 h.
    pub max_backoff: Duration,
    /// How long it is kept what became of a delivery. Default 30 d.
    pub kept: Duration,
}

/// By which part the time between two attempts varies at most: receivers that failed together are not tried together.
const JITTER: f64 = 0.2;

impl Default for Config {
    fn default() -> Self {
        Self {
            allowed: Allowed::default(),
            pending: 100_000,
            at_once: 64,
            timeout: Duration::from_secs(10),
            attempts: 16,
            backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(3600),
            kept: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

impl Config {
    /// The time between attempt number `failed` and the next one. `chance` is between 0 and 1.
    pub(crate) fn pause(&self, failed: u32, chance: f64) -> Duration {
        let doubled = 2u32.saturating_pow(failed.saturating_sub(1));
        let pause = self.backoff.saturating_mul(doubled).min(self.max_backoff);
        pause.mul_f64(1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_attempts_doubles_up_to_a_bound() {
        let config = Config::default();
        let seconds = |failed| config.pause(failed, 0.5).as_secs();
        let first: Vec<_> = (1..=4).map(seconds).collect();
        assert_eq!(first, [1, 2, 4, 8]);
        assert_eq!(seconds(12), 2048);
        assert_eq!((seconds(13), seconds(40), seconds(u32::MAX)), (3600, 3600, 3600));
    }

    #[test]
    fn it_varies_by_a_fifth() {
        let config = Config::default();
        for (chance, expected) in [(-1.0, 800), (0.0, 800), (0.5, 1000), (1.0, 1200), (7.0, 1200)] {
            let millis = config.pause(1, chance).as_millis();
            assert_eq!(millis, expected, "{chance}");
        }
    }

    #[test]
    fn all_attempts_take_about_five_hours() {
        let config = Config::default();
        let all: Duration = (1..config.attempts).map(|failed| config.pause(failed, 0.5)).sum();
        assert!((4 * 3600..6 * 3600).contains(&all.as_secs()), "{all:?}");
    }
}
