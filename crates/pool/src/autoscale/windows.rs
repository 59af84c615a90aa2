//! How many calls there were, averaged over windows that end now.

use std::collections::VecDeque;
use std::time::Duration;

use super::Observed;
use crate::profile::Scaling;

/// Steps in the panic window. What leaves a window does so in proportion, so more would hardly show.
const STEPS: u32 = 20;

/// The number of calls over time, as sums over steps of equal length: at most `stable / panic × 20 + 1` of them.
#[derive(Clone, Debug)]
pub struct Windows {
    stable: Duration,
    panic: Duration,
    step: Duration,
    /// When the first of `sums` begins.
    first: Duration,
    /// Call-seconds of each step; the last one is under way.
    sums: VecDeque<f64>,
    made: Duration,
    /// Until when everything is summed up.
    until: Duration,
    calls: u32,
    /// When there was last a call.
    busy: Duration,
}

impl Windows {
    /// Windows of a pool that was made at `now` and has no call.
    #[must_use]
    pub fn new(scaling: &Scaling, now: Duration) -> Self {
        Self {
            stable: scaling.stable(),
            panic: scaling.panic(),
            step: (scaling.panic() / STEPS).max(Duration::from_micros(1)),
            first: now,
            sums: VecDeque::from([0.0]),
            made: now,
            until: now,
            calls: 0,
            busy: now,
        }
    }

    /// From `now` on so many calls are under way or waiting. Times never go back; an earlier one counts as the latest.
    pub fn set(&mut self, calls: u32, now: Duration) {
        self.advance(now);
        self.calls = calls;
    }

    /// There were calls up to `now`, too short to be seen as under way.
    pub fn touch(&mut self, now: Duration) {
        self.advance(now);
        self.busy = self.until;
    }

    /// What is known at `now` about a pool of so many instances.
    #[must_use]
    pub fn observe(&mut self, instances: u32, now: Duration) -> Observed {
        self.advance(now);
        Observed {
            stable: self.mean(self.stable),
            panic: self.mean(self.panic),
            calls: self.calls,
            instances,
            idle: self.until.saturating_sub(self.busy),
        }
    }

    fn advance(&mut self, now: Duration) {
        let now = now.max(self.until);
        if self.calls > 0 {
            self.busy = now;
        }
        // What lies further back than the stable window is forgotten anyway.
        let from = self.until.max(now.saturating_sub(self.stable + self.step));
        if from > self.until {
            self.sums = VecDeque::from([0.0]);
            self.first = from;
            self.until = from;
        }
        while self.until < now {
            let end = self.first + self.step * self.sums.len() as u32;
            let upto = end.min(now);
            let area = f64::from(self.calls) * (upto - self.until).as_secs_f64();
            if let Some(last) = self.sums.back_mut() {
                *last += area;
            }
            self.until = upto;
            if upto == end {
                self.sums.push_back(0.0);
            }
        }
        while self.sums.len() > 1 && self.first + self.step + self.stable <= now {
            self.sums.pop_front();
            self.first += self.step;
        }
    }

    /// The average over a window that ends now, or since the pool was made where that is shorter.
    fn mean(&self, window: Duration) -> f64 {
        let begin = self.until.saturating_sub(window).max(self.made);
        if begin == self.until {
            return f64::from(self.calls);
        }
        let mut sum = 0.0;
        let mut end = self.until;
        for (index, area) in self.sums.iter().enumerate().rev() {
            let from = self.first + self.step * index as u32;
            if end <= begin {
                break;
            }
            let whole = end.saturating_sub(from).as_secs_f64();
            let inside = end.saturating_sub(from.max(begin)).as_secs_f64();
            if whole > 0.0 {
                sum += area * inside / whole;
            }
            end = from;
        }
        sum / (self.until - begin).as_secs_f64()
    }
}
