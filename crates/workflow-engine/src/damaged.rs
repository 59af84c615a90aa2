//! Open runs that cannot be driven, as what is stored of them is damaged, or their plan cannot be made: all that can be asked of one is
//! to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use weft_types::{ProjectName, RunId, RunStatus};
use weft_workflow::event::{Counts, ErrorCode, Finished, NodeError};
use weft_workflow::frame::Writer;
use weft_workflow::{Event, Stamped};

use crate::Error;
use crate::engine::Inner;
use crate::port::journal::{Entry, Position, Urgency};

/// Those that were found at start, as far as nobody ended them since.
#[derive(Default)]
pub(crate) struct DamagedRuns(Mutex<HashMap<RunId, Damage>>);

/// What is known of one.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    /// The number of its next event.
    pub(crate) next: u32,
    /// What was found.
    pub(crate) why: String,
}

impl DamagedRuns {
    pub(crate) fn put(&self, run: RunId, damage: Damage) {
        self.with(|runs| runs.insert(run, damage));
    }

    fn get(&self, run: RunId) -> Option<Damage> {
        self.with(|runs| runs.get(&run).cloned())
    }

    /// Answers whether it was there.
    fn remove(&self, run: RunId) -> bool {
        self.with(|runs| runs.remove(&run).is_some())
    }

    fn with<T>(&self, look: impl FnOnce(&mut HashMap<RunId, Damage>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    /// Ends a run as cancelled that cannot be driven, and is open in the records. Answers whether it was one.
    pub(crate) async fn cancel_damaged(
        self: &Arc<Self>,
        project: &ProjectName,
        run: RunId,
    ) -> Result<bool, Error> {
        let Some(Damage { next, why }) = self.damaged.get(run) else {
            return Ok(false);
        };
        let record = self.record(project, run).await?;
        if record.status.is_closed() || !self.damaged.remove(run) {
            return Ok(false);
        }
        let message = format!("it could only be ended: {why}");
        match self.close_unread(run, next, RunStatus::Cancelled, message) {
            Ok(position) => self.commit_for_caller(position).await.map(|()| true),
            Err(error) => {
                self.damaged.put(run, Damage { next, why });
                Err(error)
            }
        }
    }

    /// Ends a run that nobody drives, with its event number `next`.
    pub(crate) fn close_unread(
        &self,
        run: RunId,
        next: u32,
        status: RunStatus,
        message: String,
    ) -> Result<Position, Error> {
        let error = NodeError {
            code: ErrorCode::Platform,
            message,
            value: None,
        };
        let finished = Event::Finished(Box::new(Finished {
            status,
            result: None,
            failure: Some((None, error)),
            counts: Counts::default(),
        }));
        let stamped = Stamped::new(self.ports.clock.now(), finished);
        let mut frames = Vec::new();
        let written = Writer::new(run, next).append(&stamped, &mut frames);
        written.map_err(|error| Error::Platform(error.to_string()))?;
        let entry = Entry {
            run,
            frames: frames.into(),
            count: 1,
            closes: true,
            key: None,
        };
        let appended = self.ports.journal.append(entry, Urgency::Lazy);
        let position = appended.map_err(|error| Error::journal(error, self.config.retry_after))?;
        self.ends.put(run, position);
        Ok(position)
    }
}
