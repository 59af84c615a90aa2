//! What functions print, kept in bounded rings: one per function, and one per run whose nodes they are.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::LogBounds;

mod invocation;
mod line;
mod room;
mod runs;

pub(crate) use invocation::{InvocationLogs, StepLogs};
pub use line::{LogCursor, LogFilter, LogLine, LogPage};
pub(crate) use room::LogRoom;
pub(crate) use runs::RunLogs;

/// What a function, or the nodes of a run, printed lately: the newest lines, bounded in number and bytes.
pub struct Log {
    bounds: LogBounds,
    ring: Mutex<Ring>,
    grown: Notify,
    /// Shared with others.
    room: Arc<LogRoom>,
    /// What its cursors are told from those of an earlier log by.
    born: u64,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<LogLine>,
    /// Of their texts.
    bytes: usize,
    /// The number of the next line.
    next: u64,
}

/// What keeping a line takes beside its text, in bytes.
const LINE: usize = size_of::<LogLine>();
/// What each log may keep however much the others do, in bytes.
const FLOOR: usize = 16 << 10;

impl Log {
    pub(crate) fn new(bounds: LogBounds, room: &Arc<LogRoom>) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            ring: Mutex::default(),
            grown: Notify::new(),
            room: Arc::clone(room),
            born: Timestamp::now().as_microsecond().unsigned_abs(),
        })
    }

    /// Up to `limit` lines from the cursor on that pass the filter. A cursor of an earlier log of the same name, as before a
    /// restart, stands for the beginning.
    #[must_use]
    pub fn read(&self, from: LogCursor, limit: usize, filter: &LogFilter) -> LogPage {
        let cursor = self.resolve(from);
        let ring = self.lock();
        let start = ring.lines.partition_point(|line| line.seq < cursor);
        let mut next = ring.next.max(cursor);
        let (mut lines, mut seen) = (Vec::new(), 0);
        for line in ring.lines.range(start..) {
            if lines.len() == limit {
                next = line.seq;
                break;
            }
            seen += 1;
            if filter.passes(line) {
                lines.push(line.clone());
            }
        }
        LogPage {
            lines,
            next: self.cursor(next),
            lost: next - cursor - seen,
        }
    }

    /// The cursor in front of the last `count` lines that pass the filter; `from` where there are not so many behind it.
    #[must_use]
    pub fn last(&self, from: LogCursor, count: usize, filter: &LogFilter) -> LogCursor {
        let cursor = self.resolve(from);
        let ring = self.lock();
        let Some(further) = count.checked_sub(1) else {
            return self.cursor(ring.next.max(cursor));
        };
        let start = ring.lines.partition_point(|line| line.seq < cursor);
        let mut newest_first = ring.lines.range(start..).rev().filter(|line| filter.passes(line));
        self.cursor(newest_first.nth(further).map_or(cursor, |line| line.seq))
    }

    /// The cursor behind the lines that were written before a time; `from` where none is kept behind it, as what was lost there
    /// may be younger.
    #[must_use]
    pub fn since(&self, from: LogCursor, time: Timestamp) -> LogCursor {
        let cursor = self.resolve(from);
        let ring = self.lock();
        let start = ring.lines.partition_point(|line| line.seq < cursor);
        let older = ring.lines.range(start..).take_while(|line| line.time < time);
        self.cursor(older.last().map_or(cursor, |line| line.seq + 1))
    }

    /// Returns once there is, or was, a line from the cursor on.
    pub async fn changed(&self, from: LogCursor) {
        let cursor = self.resolve(from);
        loop {
            let mut grown = std::pin::pin!(self.grown.notified());
            grown.as_mut().enable();
            if self.lock().next > cursor {
                return;
            }
            grown.await;
        }
    }

    /// The cursor of the first line there ever was.
    #[must_use]
    pub fn start(&self) -> LogCursor {
        self.cursor(0)
    }

    /// The cursor behind the newest line: where following begins.
    #[must_use]
    pub fn end(&self) -> LogCursor {
        self.cursor(self.lock().next)
    }

    /// The cursor of the line of a number.
    #[must_use]
    pub fn cursor(&self, seq: u64) -> LogCursor {
        LogCursor { log: self.born, seq }
    }

    /// The number that a cursor stands for here.
    fn resolve(&self, cursor: LogCursor) -> u64 {
        match cursor.log == self.born {
            true => cursor.seq,
            false => 0,
        }
    }

    /// A text as long as lines may be.
    fn cut(&self, text: &str) -> Arc<str> {
        text[..text.floor_char_boundary(self.bounds.line_bytes)].into()
    }

    /// Keeps a line, at the price of the oldest ones, and gives it its number.
    fn push(&self, line: LogLine) {
        let mut ring = self.lock();
        let seq = ring.next;
        ring.next += 1;
        ring.bytes += line.text.len();
        self.room.take(cost(&line.text));
        ring.lines.push_back(LogLine { seq, ..line });
        while self.is_over(&ring) {
            let Some(oldest) = ring.lines.pop_front() else {
                break;
            };
            ring.bytes -= oldest.text.len();
            self.room.give_back(cost(&oldest.text));
        }
        drop(ring);
        self.grown.notify_waiters();
    }

    /// Whether the oldest line has to go. Where there is no room left for all logs together, each still has its floor.
    fn is_over(&self, ring: &Ring) -> bool {
        let kept = ring.bytes + ring.lines.len() * LINE;
        ring.lines.len() > self.bounds.lines
            || ring.bytes > self.bounds.bytes
            || (kept > FLOOR && self.room.is_over())
    }

    /// Counts lines that are not kept.
    fn skip(&self, lines: u32) {
        let mut ring = self.lock();
        ring.next = ring.next.saturating_add(lines.into());
        drop(ring);
        self.grown.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(text: &str) -> usize {
    text.len() + LINE
}

impl Drop for Log {
    fn drop(&mut self) {
        let ring = self.lock();
        self.room.give_back(ring.bytes + ring.lines.len() * LINE);
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
