//! What was committed, on its way from memory into the records.
//!
//! The writer never waits for the records: beyond the bound it lets go of what it committed, and the projector reads that from
//! the journal.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use weft_workflow_engine::port::journal::Entry;

/// A committed row.
#[derive(Debug)]
pub(crate) struct Committed {
    /// Its number.
    pub(crate) lsn: u64,
    /// The position of its last entry.
    pub(crate) position: u64,
    /// Its entries.
    pub(crate) entries: VecDeque<Entry>,
    /// About how many bytes they take.
    pub(crate) bytes: usize,
}

/// Rows between writer and projector.
#[derive(Debug)]
pub(crate) struct Feed {
    state: Mutex<State>,
    more: Notify,
    /// Bytes that wait at most.
    bound: usize,
}

#[derive(Debug)]
struct State {
    rows: VecDeque<Committed>,
    bytes: usize,
    last: Last,
    /// Positions and when they were committed, the oldest first.
    marks: VecDeque<(u64, Instant)>,
    ended: bool,
}

/// Time between two marks, and how many there are: the lag is told exactly up to a minute.
const MARKS: (Duration, usize) = (Duration::from_millis(50), 1200);

/// How far the journal is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    /// The number of the last row.
    pub(crate) lsn: u64,
    /// The position of its last entry.
    pub(crate) position: u64,
}

/// What the projector finds.
#[derive(Debug)]
pub(crate) enum Next {
    /// The rows from the one asked for, without gaps.
    Rows(Vec<Committed>),
    /// The one asked for was let go of; this row and those before it are to be read from the journal.
    Read {
        /// The last row that is not here.
        up_to: u64,
    },
    /// Nothing now.
    Nothing,
    /// Nothing any more.
    Ended,
}

impl Feed {
    /// A feed that has let go of every row up to `lsn`.
    pub(super) fn new(lsn: u64, bound: usize) -> Self {
        Self {
            state: Mutex::new(State {
                rows: VecDeque::new(),
                bytes: 0,
                last: Last { lsn, position: 0 },
                marks: VecDeque::new(),
                ended: false,
            }),
            more: Notify::new(),
            bound,
        }
    }

    /// Passes a row on, or lets go of it.
    pub(super) fn push(&self, row: Committed) {
        let mut state = self.lock();
        state.last = Last {
            lsn: row.lsn,
            position: row.position,
        };
        state.mark(row.position, Instant::now());
        if state.bytes + row.bytes <= self.bound {
            state.bytes += row.bytes;
            state.rows.push_back(row);
        }
        drop(state);
        self.more.notify_one();
    }

    /// Says that no row will follow.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.more.notify_one();
    }

    /// Whether no row will follow.
    pub(crate) fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// How far the journal is.
    pub(crate) fn last(&self) -> Last {
        self.lock().last
    }

    /// How long ago the first entry behind `position` was committed; nothing where there is none.
    pub(crate) fn lag(&self, position: u64) -> Duration {
        let state = self.lock();
        let behind = state.marks.iter().find(|(marked, _)| *marked > position);
        behind.map_or(Duration::ZERO, |(_, at)| at.elapsed())
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Waits until something was passed on since the last time, or let go of, or the end.
    pub(crate) async fn changed(&self) {
        self.more.notified().await;
    }

    /// The rows from `lsn` on, up to about `bytes` bytes.
    pub(crate) fn take(&self, lsn: u64, bytes: usize) -> Next {
        let mut state = self.lock();
        if state.last.lsn < lsn {
            return if state.ended { Next::Ended } else { Next::Nothing };
        }
        match state.rows.front() {
            Some(first) if first.lsn == lsn => Next::Rows(state.take(lsn, bytes)),
            Some(first) => Next::Read { up_to: first.lsn - 1 },
            None => Next::Read {
                up_to: state.last.lsn,
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn mark(&mut self, position: u64, now: Instant) {
        match self.marks.back_mut() {
            Some((last, at)) if now.duration_since(*at) < MARKS.0 => *last = position,
            _ => self.marks.push_back((position, now)),
        }
        if self.marks.len() > MARKS.1 {
            self.marks.pop_front();
        }
    }

    fn take(&mut self, lsn: u64, bytes: usize) -> Vec<Committed> {
        let mut taken = Vec::new();
        let (mut next, mut sum) = (lsn, 0);
        while sum < bytes
            && let Some(row) = self.rows.pop_front_if(|row| row.lsn == next)
        {
            sum += row.bytes;
            next += 1;
            taken.push(row);
        }
        self.bytes -= sum;
        taken
    }
}
