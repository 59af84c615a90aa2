//! What functions print, kept in a bounded ring per function.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::LogBounds;
use crate::port::Stream;

mod invocation;
mod room;

pub(crate) use invocation::InvocationLogs;
pub(crate) use room::LogRoom;

/// What a function printed lately: the newest lines, bounded in number and bytes.
pub struct FunctionLogs {
    bounds: LogBounds,
    ring: Mutex<Ring>,
    grown: Notify,
    /// Shared with all functions.
    room: Arc<LogRoom>,
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
/// What each function may keep however much the others do, in bytes.
const FLOOR: usize = 16 << 10;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its number within the function since the server started, from 0. Lines that were not kept leave gaps.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// The call that wrote it.
    pub invocation: Uuid,
    /// Where it was written to.
    pub stream: Stream,
    /// The line without its end.
    pub text: String,
}

/// Some lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// In order.
    pub lines: Vec<LogLine>,
    /// The cursor to read on from.
    pub next: u64,
    /// Lines between the two cursors that are no longer kept or never were.
    pub lost: u64,
}

impl FunctionLogs {
    pub(crate) fn new(bounds: LogBounds, room: &Arc<LogRoom>) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            ring: Mutex::default(),
            grown: Notify::new(),
            room: Arc::clone(room),
        })
    }

    /// Up to `limit` lines from the cursor on, those that contain `filter` if given. The first cursor is 0.
    #[must_use]
    pub fn read(&self, cursor: u64, limit: usize, filter: Option<&str>) -> LogPage {
        let ring = self.lock();
        let start = ring.lines.partition_point(|line| line.seq < cursor);
        let mut page = LogPage {
            lines: Vec::new(),
            next: ring.next.max(cursor),
            lost: 0,
        };
        let mut seen = 0;
        for line in ring.lines.range(start..) {
            if page.lines.len() == limit {
                page.next = line.seq;
                break;
            }
            seen += 1;
            if filter.is_none_or(|filter| line.text.contains(filter)) {
                page.lines.push(line.clone());
            }
        }
        page.lost = page.next - cursor - seen;
        page
    }

    /// Returns once there is, or was, a line from the cursor on.
    pub async fn changed(&self, cursor: u64) {
        loop {
            let mut grown = std::pin::pin!(self.grown.notified());
            grown.as_mut().enable();
            if self.end() > cursor {
                return;
            }
            grown.await;
        }
    }

    /// The cursor behind the newest line: where following begins.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.lock().next
    }

    /// Keeps a line, at the price of the oldest ones.
    fn push(&self, invocation: Uuid, stream: Stream, text: &str) {
        let text = text[..text.floor_char_boundary(self.bounds.line_bytes)].to_owned();
        let mut ring = self.lock();
        let seq = ring.next;
        ring.next += 1;
        ring.bytes += text.len();
        self.room.take(cost(&text));
        ring.lines.push_back(LogLine {
            seq,
            time: Timestamp::now(),
            invocation,
            stream,
            text,
        });
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

    /// Whether the oldest line has to go. Where there is no room left for all functions together, each still has its floor.
    fn is_over(&self, ring: &Ring) -> bool {
        let kept = ring.bytes + ring.lines.len() * LINE;
        ring.lines.len() > self.bounds.lines
            || ring.bytes > self.bounds.bytes
            || (kept > FLOOR && self.room.is_over())
    }

    /// Counts a line that is not kept.
    fn skip(&self) {
        self.lock().next += 1;
        self.grown.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(text: &str) -> usize {
    text.len() + LINE
}

impl Drop for FunctionLogs {
    fn drop(&mut self) {
        let ring = self.lock();
        self.room.give_back(ring.bytes + ring.lines.len() * LINE);
    }
}

impl std::fmt::Debug for FunctionLogs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionLogs")
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
