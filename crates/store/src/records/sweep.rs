//! When retention looks, and how far it is.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::backend::{RecordsReader, RecordsWriter};
use super::retention::{self, Policy};
use crate::error::Error;
use crate::options::Options;
use crate::pace::Pace;

/// About how long a removal takes, which may hold up a commit for as long.
const REMOVAL: Duration = Duration::from_micros(400);
/// How long it rests behind each, in times of what that took: four fifths of the time are left to others.
const REST: u32 = 4;
/// A look that takes longer than this rests half as long from then on, and so on: it must keep up with what comes, however much that is.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to rest behind a removal, in times of what that took, when a look has gone on for so long.
fn rest(since: Duration) -> u32 {
    let turns = since.as_secs() / PATIENCE.as_secs();
    REST.checked_shr(turns.try_into().unwrap_or(u32::MAX))
        .unwrap_or(0)
}

/// A look at all runs, chunk by chunk, now and then.
#[derive(Debug)]
pub(super) struct Sweep {
    policy: Policy,
    interval: Duration,
    /// The last row that was looked at, while a look is under way.
    under_way: Option<i64>,
    /// When that look began.
    began: Instant,
    /// What open runs took then, where that had to be known.
    open_bytes: Option<u64>,
    /// Closed runs that stay as open ones need them, of those that were looked at since.
    spared: u64,
    /// When the next chunk, or the next look, is due.
    next: Instant,
    /// How many runs are looked at and removed at a time.
    pace: Pace,
    /// Closed runs in the records; unknown before the first look.
    closed: Option<u64>,
}

impl Sweep {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            policy: Policy::of(options),
            interval: options.retention_interval,
            under_way: None,
            began: Instant::now(),
            open_bytes: None,
            spared: 0,
            next: Instant::now() + options.retention_interval,
            pace: Pace::new(retention::CHUNK, REMOVAL),
            closed: None,
        }
    }

    /// Whether a chunk is to be looked at now.
    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Waits until one is.
    pub(super) async fn rest(&self) {
        sleep_until(self.next).await;
    }

    /// Takes note of runs that closed.
    pub(super) fn added(&mut self, closed: u64) {
        if let Some(known) = &mut self.closed {
            *known += closed;
        }
    }

    /// Takes note of closed runs that were removed.
    pub(super) fn removed(&mut self, closed: u64) {
        if let Some(known) = &mut self.closed {
            *known = known.saturating_sub(closed);
        }
    }

    /// What was counted may not be so.
    pub(super) fn recount(&mut self) {
        self.closed = None;
    }

    /// Looks at one chunk, removes what is to go, and says when the next one is due.
    pub(super) async fn step(
        &mut self,
        writer: &mut impl RecordsWriter,
        reader: &dyn RecordsReader,
        now: Timestamp,
    ) -> Result<(), Error> {
        let started = Instant::now();
        if self.under_way.is_none() {
            self.began = started;
            self.open_bytes = None;
            self.spared = 0;
        }
        let goes_on = self.chunk(writer, reader, now).await;
        match goes_on {
            Ok(true) => self.next = Instant::now() + started.elapsed() * rest(self.began.elapsed()),
            Ok(false) | Err(_) => {
                self.under_way = None;
                self.next = Instant::now() + self.interval;
            }
        }
        goes_on.map(drop)
    }

    async fn chunk(
        &mut self,
        writer: &mut impl RecordsWriter,
        reader: &dyn RecordsReader,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let closed = match self.closed {
            Some(closed) => closed,
            None => *self.closed.insert(reader.closed().await?.unsigned_abs()),
        };
        let bytes = self.closed_bytes(reader).await?;
        let excess = self.policy.excess(now, closed.saturating_sub(self.spared), bytes);
        let after = self.under_way.unwrap_or(0);
        let count = self.pace.amount();
        let candidates = reader.candidates(after, count).await?;
        let verdict = excess.judge(&candidates, count);
        let started = Instant::now();
        writer.remove(&verdict.ranges).await?;
        self.pace.took(started.elapsed());
        self.removed(verdict.count);
        self.spared += verdict.spared;
        self.under_way = retention::last(&candidates);
        Ok(verdict.goes_on)
    }

    /// What closed runs take at most. What open ones take, and those that they need, is looked at only where it matters, once in a look: it does not shrink by what is removed.
    async fn closed_bytes(&mut self, reader: &dyn RecordsReader) -> Result<u64, Error> {
        let bytes = reader.bytes().await?.unsigned_abs();
        if !self.policy.is_large(bytes) {
            return Ok(bytes);
        }
        let open = match self.open_bytes {
            Some(open) => open,
            None => *self.open_bytes.insert(reader.open_bytes().await?.unsigned_abs()),
        };
        Ok(bytes.saturating_sub(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_look_takes_the_less_it_rests() {
        for (seconds, expected) in [(0, 4), (59, 4), (60, 2), (130, 1), (200, 0), (86_400, 0)] {
            assert_eq!(rest(Duration::from_secs(seconds)), expected, "{seconds} s");
        }
        assert_eq!(rest(Duration::MAX), 0);
    }
}
