//! What is known of a run that is not journalled: it is answered from here while it is open, and for a while after, as its record
//! follows a little later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use weft_types::{ProjectName, RunId};
use weft_workflow::Stamped;
use weft_workflow::frame::{TooLarge, Writer};
use weft_workflow::record::RunRecord;

use crate::engine::Inner;
use crate::open_run::OpenRun;
use crate::port::journal::Key;
use crate::port::records::RunFilter;
use crate::recent::Recent;

/// About what a record takes in memory, beside its frames.
const RECORD_BYTES: usize = 4 << 10;

/// Those that ended lately.
pub(crate) type Ended = Recent<RunId, Arc<Kept>>;

/// The record of a run and its first events, within a bound: the record tells the rest.
pub(crate) struct Kept {
    inner: Mutex<Known>,
    /// In bytes.
    most: usize,
}

#[derive(Default)]
struct Known {
    record: Option<RunRecord>,
    frames: Vec<u8>,
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
            Some(record) => record.apply(event),
            none => {
                *none = RunRecord::begin(event).map(|record| RunRecord {
                    express: true,
                    ..record
                });
            }
        }
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

    /// The record as it stands; none before the first event.
    pub(crate) fn record(&self) -> Option<RunRecord> {
        self.lock().record.clone()
    }

    /// The record, where it is one of a project that passes a filter.
    fn record_passing(&self, project: &ProjectName, filter: &RunFilter) -> Option<RunRecord> {
        let known = self.lock();
        let record = known.record.as_ref()?;
        (record.project == *project && filter.passes(record)).then(|| record.clone())
    }

    /// The frames of the events that are kept, from byte `from` on.
    pub(crate) fn frames(&self, from: usize) -> Bytes {
        let known = self.lock();
        Bytes::copy_from_slice(known.frames.get(from..).unwrap_or_default())
    }

    /// Bytes of events that are kept.
    pub(crate) fn len(&self) -> usize {
        self.lock().frames.len()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing that holds the lock panics half way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A run that is not journalled has ended, and may be told of.
    pub(crate) fn keep_ended(&self, kept: Arc<Kept>) {
        if let Some(record) = kept.record() {
            let frames = kept.frames(0);
            let weight = RECORD_BYTES + record.extras.len() + frames.len();
            self.express.insert(record.run, kept, weight);
            self.ports.records.keep(record, frames);
        }
    }

    /// What is known here of a run that is not journalled, and may be told.
    pub(crate) fn kept_of(&self, run: RunId) -> Option<Arc<Kept>> {
        let open = self.registry.get(run);
        let kept = open.and_then(|open| open.kept.clone());
        kept.or_else(|| self.express.get(&run))
    }

    /// The records of those runs that pass a filter, of those older than `before`: open ones, and some that are in the records too.
    pub(crate) fn express_records(
        &self,
        project: &ProjectName,
        filter: &RunFilter,
        before: Option<RunId>,
    ) -> Vec<RunRecord> {
        let is_older = |run: RunId| before.is_none_or(|before| run < before);
        let open = self.registry.express();
        let open = open.iter().filter_map(|open: &Arc<OpenRun>| open.kept.clone());
        let ended = self.express.filter_map(|kept| Some(Arc::clone(kept)));
        let all = open.chain(ended);
        let passing = all.filter_map(|kept| kept.record_passing(project, filter));
        passing.filter(|record| is_older(record.run)).collect()
    }
}
