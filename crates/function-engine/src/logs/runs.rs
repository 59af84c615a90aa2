//! The logs of runs: as many as there is room for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use weft_types::RunId;

use super::{Log, LogLine, LogRoom, cost};
use crate::LogBounds;

/// A log per run that printed something. Where there is no room, those not written to for the longest time go, but for those
/// that somebody reads.
pub(crate) struct RunLogs {
    bounds: LogBounds,
    room: Arc<LogRoom>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    logs: HashMap<RunId, Arc<Log>>,
    /// All of them, each with its end when it was put here: one that has grown since is put behind the others.
    line: VecDeque<(RunId, u64)>,
}

/// What keeping a log takes beside its lines, in bytes.
const LOG: usize = size_of::<Log>() + 4 * size_of::<(RunId, u64)>();
/// Logs that are looked at before a line is kept, so that it is kept in bounded time.
const LOOKS: usize = 64;

impl RunLogs {
    /// Logs within these bounds, which take `bytes` together.
    pub(crate) fn new(bounds: LogBounds, bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            room: LogRoom::new(bytes),
            kept: Mutex::default(),
        })
    }

    /// What the nodes of a run printed; none where that is nothing, or is no longer kept.
    pub(crate) fn find(&self, run: RunId) -> Option<Arc<Log>> {
        self.lock().logs.get(&run).cloned()
    }

    /// The log of a run, made where there is none yet.
    pub(crate) fn of(&self, run: RunId) -> Arc<Log> {
        self.with_room(run, 0)
    }

    pub(super) fn push(&self, run: RunId, line: LogLine) {
        self.with_room(run, cost(&line.text)).push(line);
    }

    pub(super) fn skip(&self, run: RunId, lines: u32) {
        self.with_room(run, 0).skip(lines);
    }

    fn with_room(&self, run: RunId, bytes: usize) -> Arc<Log> {
        let mut kept = self.lock();
        if let Some(log) = kept.logs.get(&run).cloned() {
            self.make_room(&mut kept, bytes);
            return log;
        }
        self.make_room(&mut kept, bytes + LOG);
        self.room.take(LOG);
        let log = Log::new(self.bounds, &self.room);
        kept.logs.insert(run, Arc::clone(&log));
        kept.line.push_back((run, 0));
        log
    }

    /// Lets go of the logs that were not written to for the longest time, as long as there is no room for `bytes` more.
    fn make_room(&self, kept: &mut Kept, bytes: usize) {
        for _ in 0..LOOKS {
            if self.room.has(bytes) {
                return;
            }
            let Some((run, seen)) = kept.line.pop_front() else {
                return;
            };
            let Some(log) = kept.logs.get(&run) else {
                continue;
            };
            let end = log.end().seq;
            // One more holder than the map is somebody who reads or writes it.
            if end != seen || Arc::strong_count(log) > 1 {
                kept.line.push_back((run, end));
                continue;
            }
            kept.logs.remove(&run);
            self.room.give_back(LOG);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing that holds the lock panics half way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
