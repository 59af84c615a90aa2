//! A journal whose disk does what a test wants.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;
use weft_types::RunId;
use weft_workflow::Stamped;
use weft_workflow::frame::Reader;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::{
    Entry, Hold, Journal, JournalError, Key, Position, Recovered, Urgency,
};

/// Entries in memory; what counts as on the disk is what was committed.
pub(crate) struct FakeJournal {
    inner: Mutex<Inner>,
    changed: Notify,
    /// How often somebody waited for a commit.
    pub(crate) waits: AtomicUsize,
}

struct Inner {
    entries: Vec<Entry>,
    /// How many of them are on the disk.
    committed: usize,
    disk: Disk,
    /// Entries that may still be appended.
    room: usize,
}

/// What the disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    /// It writes whatever somebody waits for at once.
    Fast,
    /// It writes nothing until the test says so.
    Held,
    /// It has no space.
    Full,
    /// A sync failed.
    Broken,
}

impl FakeJournal {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(Vec::new())
    }

    /// A journal that was opened on these entries.
    pub(crate) fn with(entries: Vec<Entry>) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                committed: entries.len(),
                entries,
                disk: Disk::Fast,
                room: usize::MAX,
            }),
            changed: Notify::new(),
            waits: AtomicUsize::new(0),
        })
    }

    pub(crate) fn set_disk(&self, disk: Disk) {
        self.lock().disk = disk;
        self.changed.notify_waiters();
    }

    /// How many more entries the queue takes.
    pub(crate) fn set_room(&self, room: usize) {
        self.lock().room = room;
    }

    /// Writes everything that was appended, whoever waits.
    pub(crate) fn sync(&self) {
        let mut inner = self.lock();
        inner.committed = inner.entries.len();
        drop(inner);
        self.changed.notify_waiters();
    }

    /// What would be found after a crash now.
    pub(crate) fn on_disk(&self) -> Vec<Entry> {
        let inner = self.lock();
        inner.entries[..inner.committed].to_vec()
    }

    /// Everything that was appended.
    pub(crate) fn appended(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// The events of a run among some entries.
    pub(crate) fn events_in(entries: &[Entry], run: RunId) -> Vec<Stamped> {
        let own = entries.iter().filter(|entry| entry.run == run);
        let frames: Vec<u8> = own.flat_map(|entry| entry.frames.to_vec()).collect();
        Reader::of(run, 0, Bytes::from(frames))
            .map(|frame| frame.unwrap().stamped)
            .collect()
    }

    /// The committed entries of a run with their places.
    pub(crate) fn committed_of(&self, run: RunId) -> Vec<(u64, Bytes)> {
        let entries = self.on_disk();
        let numbered = (1..).zip(entries);
        numbered
            .filter(|(_, entry)| entry.run == run)
            .map(|(at, entry)| (at, entry.frames))
            .collect()
    }

    /// Every run with something committed, in order of appearance.
    pub(crate) fn committed_runs(&self) -> Vec<RunId> {
        let mut seen = HashSet::new();
        let entries = self.on_disk();
        let runs = entries.iter().map(|entry| entry.run);
        runs.filter(|run| seen.insert(*run)).collect()
    }

    pub(crate) fn waits(&self) -> usize {
        self.waits.load(SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Journal for FakeJournal {
    fn append(&self, entry: Entry, _: Urgency) -> Result<Position, JournalError> {
        let mut inner = self.lock();
        if inner.disk == Disk::Broken {
            return Err(JournalError::Broken("a sync failed".into()));
        }
        if inner.disk == Disk::Full {
            return Err(JournalError::Held(Hold::DiskFull));
        }
        if inner.room == 0 {
            return Err(JournalError::Full);
        }
        inner.room -= 1;
        inner.entries.push(entry);
        Ok(Position(inner.entries.len() as u64))
    }

    fn commit(&self, position: Position) -> Boxed<'_, Result<(), JournalError>> {
        self.waits.fetch_add(1, SeqCst);
        Box::pin(async move {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                {
                    let mut inner = self.lock();
                    match inner.disk {
                        Disk::Fast => inner.committed = inner.entries.len(),
                        Disk::Held => {}
                        Disk::Full => return Err(JournalError::Held(Hold::DiskFull)),
                        Disk::Broken => return Err(JournalError::Broken("a sync failed".into())),
                    }
                    if inner.committed as u64 >= position.0 {
                        return Ok(());
                    }
                }
                changed.await;
            }
        })
    }

    fn committed(&self) -> Position {
        Position(self.lock().committed as u64)
    }

    fn held(&self) -> Option<Hold> {
        (self.lock().disk == Disk::Full).then_some(Hold::DiskFull)
    }

    fn recover(&self) -> Boxed<'_, Result<Recovered, JournalError>> {
        let entries = self.on_disk();
        let closed: HashSet<RunId> = entries
            .iter()
            .filter(|entry| entry.closes)
            .map(|entry| entry.run)
            .collect();
        let mut order = Vec::new();
        let mut frames: BTreeMap<RunId, Vec<u8>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| !closed.contains(&entry.run)) {
            frames
                .entry(entry.run)
                .or_insert_with(|| {
                    order.push(entry.run);
                    Vec::new()
                })
                .extend_from_slice(&entry.frames);
        }
        let runs = order
            .into_iter()
            .map(|run| (run, Bytes::from(frames.remove(&run).unwrap())))
            .collect();
        let keys: Vec<Key> = entries.iter().filter_map(|entry| entry.key.clone()).collect();
        Box::pin(async { Ok(Recovered { runs, keys }) })
    }
}
