//! What is known of a run that is not journalled: it is answered from here while it is open.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use weft_types::{Digest, ProjectName, RunId};
use weft_workflow::Stamped;
use weft_workflow::frame::{TooLarge, Writer};
use weft_workflow::record::RunRecord;

use crate::engine::Inner;
use crate::open_run::OpenRun;
use crate::port::journal::Key;
use crate::port::records::{ExpressRun, RunFilter};

/// The record of a run and its first events, within a bound: the record tells the rest.
pub(crate) struct Kept {
    inner: Mutex<Known>,
    /// In bytes.
    most: usize,
}

#[derive(Default)]
struct Known {
    record: Option<Arc<RunRecord>>,
    frames: Vec<u8>,
    /// The frames, once there are no more to come.
    sealed: Option<Bytes>,
    blobs: BTreeSet<Digest>,
    /// The caller's key: nothing of it is in the journal either.
    key: Option<Key>,
}

impl Kept {
    /// With this many bytes of events.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::default(),
            most,
        })
    }

    pub(crate) fn write(&self, frames: &mut Writer, event: &Stamped) -> Result<(), TooLarge> {
        let known = &mut *self.lock();
        match &mut known.record {
            Some(record) => Arc::make_mut(record).apply(event),
            none => {
                *none = RunRecord::begin(event).map(|record| {
                    Arc::new(RunRecord {
                        express: true,
                        ..record
                    })
                });
            }
        }
        known.blobs.extend(event.event.blobs());
        // Of the first that does not fit on, none is kept: what is kept has no gap.
        match known.frames.len() < self.most {
            true => frames.append(event, &mut known.frames).map(drop),
            false => Ok(()),
        }
    }

    pub(crate) fn set_key(&self, key: Key) {
        self.lock().key = Some(key);
    }

    pub(crate) fn take_key(&self) -> Option<Key> {
        self.lock().key.take()
    }

    /// What is to be kept of it, now that it has ended: its events are no longer copied for those who read them. None where nothing
    /// happened in it.
    fn seal(&self) -> Option<ExpressRun> {
        let known = &mut *self.lock();
        let frames = Bytes::from(std::mem::take(&mut known.frames));
        known.sealed = Some(frames.clone());
        Some(ExpressRun {
            record: Arc::clone(known.record.as_ref()?),
            frames,
            blobs: std::mem::take(&mut known.blobs),
        })
    }

    /// The record as it stands; none before the first event.
    pub(crate) fn record(&self) -> Option<Arc<RunRecord>> {
        self.lock().record.clone()
    }

    /// The record, where it is one of a project that passes a filter.
    fn record_passing(&self, project: &ProjectName, filter: &RunFilter) -> Option<RunRecord> {
        let known = self.lock();
        let record = known.record.as_ref()?;
        (record.project == *project && filter.passes(record)).then(|| RunRecord::clone(record))
    }

    /// The frames of the events that are kept, from byte `from` on.
    pub(crate) fn frames(&self, from: usize) -> Bytes {
        let known = self.lock();
        match &known.sealed {
            Some(frames) => frames.slice(from.min(frames.len())..),
            None => Bytes::copy_from_slice(known.frames.get(from..).unwrap_or_default()),
        }
    }

    /// Bytes of events that are kept.
    pub(crate) fn len(&self) -> usize {
        let known = self.lock();
        known.sealed.as_ref().map_or(known.frames.len(), Bytes::len)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing that holds the lock panics half way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A run that is not journalled has ended, and may be told of.
    pub(crate) fn keep_ended(&self, kept: &Kept) {
        if let Some(run) = kept.seal() {
            self.ports.records.keep(run);
        }
    }

    /// What is known here of an open run that is not journalled, and may be told.
    pub(crate) fn kept_of(&self, run: RunId) -> Option<Arc<Kept>> {
        self.registry.get(run)?.kept.clone()
    }

    /// The records of those open runs that pass a filter, of those older than `before`.
    pub(crate) fn express_records(
        &self,
        project: &ProjectName,
        filter: &RunFilter,
        before: Option<RunId>,
    ) -> Vec<RunRecord> {
        let is_older = |run: RunId| before.is_none_or(|before| run < before);
        let open = self.registry.express();
        let kept = open.iter().filter_map(|open: &Arc<OpenRun>| open.kept.as_ref());
        let passing = kept.filter_map(|kept| kept.record_passing(project, filter));
        passing.filter(|record| is_older(record.run)).collect()
    }
}
