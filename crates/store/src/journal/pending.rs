//! Entries that wait to be written, and when that is due. No clock, no lock: those are the queue's.

use std::collections::VecDeque;
use std::time::Instant;

use weft_workflow_engine::port::journal::{Entry, JournalError, Urgency};

use super::bounds::{Bounds, MAX_ENTRY};
use super::row;

/// What waits, in order. Positions count entries from 1.
#[derive(Debug, Default)]
pub(super) struct Pending {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The last position that was given.
    appended: u64,
    /// The last position that was taken.
    taken: u64,
    /// The last position that somebody waits for.
    wanted: u64,
    /// When the oldest entry that nobody waits for was appended; some entry older than it may be told in its place.
    since: Option<Instant>,
}

/// Entries that are written together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) entries: VecDeque<Entry>,
    /// The position of the last one.
    pub(super) position: u64,
    /// About how many bytes they take.
    pub(super) bytes: usize,
}

impl Pending {
    /// Puts an entry behind the others; answers its position. `now` is asked for only where it matters.
    pub(super) fn push(
        &mut self,
        entry: Entry,
        urgency: Urgency,
        bounds: &Bounds,
        now: impl FnOnce() -> Instant,
    ) -> Result<u64, JournalError> {
        let size = row::size(&entry);
        let room = self.entries.len() < bounds.queue && self.bytes + size <= bounds.queue_bytes;
        // One that is larger than the queue passes through an empty one.
        let fits = room || (self.entries.is_empty() && size <= MAX_ENTRY);
        if !fits {
            return Err(JournalError::Full);
        }
        self.entries.push_back(entry);
        self.bytes += size;
        self.appended += 1;
        match urgency {
            Urgency::Prompt => self.wanted = self.appended,
            Urgency::Lazy if self.since.is_none() => self.since = Some(now()),
            Urgency::Lazy => {}
        }
        Ok(self.appended)
    }

    /// Somebody waits for everything up to `position`. Answers whether anything of that is still to be taken.
    pub(super) fn want(&mut self, position: u64) -> bool {
        self.wanted = self.wanted.max(position.min(self.appended));
        self.is_wanted()
    }

    /// Whether somebody waits for something that is still to be taken.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted > self.taken
    }

    /// Whether the writer is to take something now.
    pub(super) fn is_due(&self, now: impl FnOnce() -> Instant, bounds: &Bounds) -> bool {
        let late = |since: Instant| since + bounds.lazy_delay <= now();
        self.is_wanted() || self.is_heavy(bounds) || self.since.is_some_and(late)
    }

    /// Whether so much has gathered that it is written though nobody waits.
    pub(super) fn is_heavy(&self, bounds: &Bounds) -> bool {
        self.bytes >= bounds.lazy_bytes && !self.entries.is_empty()
    }

    /// When something will be due at the latest, as things stand.
    pub(super) fn deadline(&self, bounds: &Bounds) -> Option<Instant> {
        self.since.map(|since| since + bounds.lazy_delay)
    }

    /// Takes as many as go into one commit.
    pub(super) fn take(&mut self, bounds: &Bounds) -> Option<Batch> {
        if self.entries.is_empty() {
            return None;
        }
        let (count, bytes) = self.fitting(bounds);
        let entries = if count == self.entries.len() {
            self.since = None;
            std::mem::take(&mut self.entries)
        } else {
            self.entries.drain(..count).collect()
        };
        self.bytes -= bytes;
        self.taken += count as u64;
        Some(Batch {
            entries,
            position: self.taken,
            bytes,
        })
    }

    /// Forgets what was not taken.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        self.since = None;
        self.wanted = self.taken;
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many of the first go into one commit, at least one, and how many bytes they take.
    fn fitting(&self, bounds: &Bounds) -> (usize, usize) {
        if self.bytes <= bounds.batch_bytes && self.entries.len() <= bounds.batch {
            return (self.entries.len(), self.bytes);
        }
        let (mut count, mut bytes) = (0, 0);
        for entry in self.entries.iter().take(bounds.batch) {
            if count > 0 && bytes >= bounds.batch_bytes {
                break;
            }
            count += 1;
            bytes += row::size(entry);
        }
        (count, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use uuid::Uuid;
    use weft_types::RunId;

    use super::*;

    const DELAY: Duration = Duration::from_millis(50);

    fn bounds() -> Bounds {
        Bounds {
            queue: 5,
            queue_bytes: 1000,
            batch: 3,
            batch_bytes: 400,
            lazy_bytes: 600,
            lazy_delay: DELAY,
            linger: Duration::ZERO,
            trim_bytes: 0,
        }
    }

    /// An entry that takes `size` bytes.
    fn entry(size: usize) -> Entry {
        let empty = Entry {
            run: RunId(Uuid::nil()),
            frames: Bytes::new(),
            count: 1,
            closes: false,
            key: None,
        };
        let frames = vec![0; size - row::size(&empty)].into();
        Entry { frames, ..empty }
    }

    fn lazy(pending: &mut Pending, size: usize, now: Instant) -> Result<u64, JournalError> {
        pending.push(entry(size), Urgency::Lazy, &bounds(), || now)
    }

    fn prompt(pending: &mut Pending, size: usize) -> Result<u64, JournalError> {
        pending.push(entry(size), Urgency::Prompt, &bounds(), || unreachable!())
    }

    fn taken(pending: &mut Pending) -> Option<(usize, u64)> {
        let batch = pending.take(&bounds())?;
        let bytes: usize = batch.entries.iter().map(row::size).sum();
        assert_eq!(bytes, batch.bytes);
        Some((batch.entries.len(), batch.position))
    }

    #[test]
    fn lazy_entries_wait_for_a_prompt_one_or_for_their_time() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        let due = |pending: &Pending, after| pending.is_due(|| start + after, &bounds());
        assert_eq!(pending.deadline(&bounds()), None);
        lazy(&mut pending, 50, start).unwrap();
        lazy(&mut pending, 50, start + DELAY / 2).unwrap();
        assert_eq!(pending.deadline(&bounds()), Some(start + DELAY));
        assert!(!due(&pending, DELAY - Duration::from_nanos(1)));
        assert!(due(&pending, DELAY));

        prompt(&mut pending, 50).unwrap();
        assert!(due(&pending, Duration::ZERO));
        assert_eq!(taken(&mut pending), Some((3, 3)));
        assert!(!due(&pending, DELAY * 2));
        assert_eq!(pending.deadline(&bounds()), None);
    }

    #[test]
    fn waiting_makes_lazy_entries_due() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        let first = lazy(&mut pending, 50, start).unwrap();
        assert!(pending.want(first));
        assert!(pending.is_due(|| start, &bounds()));
        assert_eq!(taken(&mut pending), Some((1, 1)));
        assert!(!pending.want(first), "it was taken");
        assert!(!pending.want(99), "there is none of that number");
        assert!(!pending.is_due(|| start, &bounds()));
    }

    #[test]
    fn many_lazy_bytes_are_due() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        for (size, heavy) in [(300, false), (299, false), (50, true)] {
            lazy(&mut pending, size, start).unwrap();
            assert_eq!(pending.is_due(|| start, &bounds()), heavy);
        }
    }

    #[test]
    fn a_full_queue_takes_nothing() {
        let mut pending = Pending::default();
        for position in 1..=5 {
            assert_eq!(prompt(&mut pending, 50), Ok(position));
        }
        assert_eq!(prompt(&mut pending, 50), Err(JournalError::Full));
        assert_eq!((pending.len(), pending.bytes()), (5, 250));
        assert_eq!(taken(&mut pending), Some((3, 3)));
        assert_eq!(prompt(&mut pending, 901), Err(JournalError::Full));
        assert_eq!(prompt(&mut pending, 900), Ok(6));
    }

    #[test]
    fn an_entry_larger_than_the_queue_passes_alone() {
        let mut pending = Pending::default();
        assert_eq!(prompt(&mut pending, 5000), Ok(1));
        assert_eq!(prompt(&mut pending, 50), Err(JournalError::Full));
        assert_eq!(taken(&mut pending), Some((1, 1)));
        assert_eq!(prompt(&mut pending, 50), Ok(2));
    }

    #[test]
    fn a_commit_takes_what_it_can_in_order() {
        let mut pending = Pending::default();
        for size in [390, 50, 50, 390] {
            prompt(&mut pending, size).unwrap();
        }
        assert_eq!(taken(&mut pending), Some((2, 2)), "bytes");
        assert!(pending.is_due(|| unreachable!(), &bounds()));
        assert_eq!(taken(&mut pending), Some((2, 4)));
        assert_eq!(taken(&mut pending), None);
    }
}
