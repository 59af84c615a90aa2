//! What all clones of the engine share.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::runtime::Handle;
use weft_types::image::Image;
use weft_types::{Digest, FunctionName, ProjectName};

use super::Ports;
use super::drivers::Drivers;
use crate::admission::{Levels, Waits};
use crate::alarm::Alarm;
use crate::damaged::DamagedRuns;
use crate::ends::Ends;
use crate::flow::{Bound, Flow, Flows};
use crate::keys::Keys;
use crate::metrics::{SeriesList, Totals};
use crate::open_run::OpenRun;
use crate::port::journal::Hold;
use crate::port::records::RecordsError;
use crate::registry::Registry;
use crate::results::Results;
use crate::values::Residents;
use crate::{Config, Error};

/// The engine itself.
pub(crate) struct Inner {
    pub(crate) ports: Ports,
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    pub(crate) ends: Ends,
    pub(crate) damaged: DamagedRuns,
    pub(crate) drivers: Drivers,
    /// Who executes, over all runs.
    pub(crate) runs: Levels,
    /// Who calls a function, over all runs.
    pub(crate) calls: Levels,
    pub(crate) flows: Flows,
    /// Which nested runs wait for others of their workflow.
    pub(crate) waits: Arc<Waits<Bound>>,
    pub(crate) series: SeriesList,
    pub(crate) totals: Totals,
    pub(crate) keys: Keys,
    pub(crate) residents: Residents,
    pub(crate) results: Results,
    pub(crate) alarm: Arc<Alarm>,
    /// The runtime that the engine was opened on.
    pub(crate) background: Handle,
    /// What the clock of calls starts at whose results may be reused.
    pub(crate) opened_at: Timestamp,
    /// What their seeds are derived from: nobody can foresee them, and they are the same as long as results are kept.
    pub(crate) secret: [u8; 32],
    /// An image of a type that nothing reads.
    pub(crate) nothing: Image,
}

impl Inner {
    /// What the runs of a workflow share.
    pub(crate) fn flow(&self, project: &ProjectName, workflow: &FunctionName) -> Arc<Flow> {
        let bounds = (self.config.depth, self.config.waiting_runs);
        self.flows.of(project, workflow, &self.series, bounds)
    }

    /// A run is no longer driven: from now on it is looked for in the records.
    pub(crate) fn close(&self, open: &OpenRun) {
        if let Some(position) = open.passed() {
            self.ends.put(open.run, position);
        }
        self.registry.remove(open.run);
    }

    /// The seed of a call whose result may be reused.
    pub(crate) fn seed_of_cached(&self, key: &Digest) -> [u8; 32] {
        *blake3::keyed_hash(&self.secret, key.as_bytes()).as_bytes()
    }

    /// Refuses what cannot be begun as things stand.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if self.drivers.is_draining() {
            return Err(Error::Draining);
        }
        self.check_store()
    }

    /// Refuses what could not be written down.
    pub(crate) fn check_store(&self) -> Result<(), Error> {
        if let Some(why) = self.alarm.broken() {
            return Err(Error::Broken(why.to_owned()));
        }
        match self.held() {
            None => Ok(()),
            Some(why) => Err(Error::OnHold {
                why,
                retry_after: self.config.retry_after,
            }),
        }
    }

    /// Refuses while nothing more comes into the records.
    pub(crate) fn check_records(&self) -> Result<(), Error> {
        match self.ports.records.ended() {
            Some(why) => Err(Error::Records(RecordsError::Store(format!(
                "nothing more comes into the records until the server is started anew: {why}"
            )))),
            None => Ok(()),
        }
    }

    /// Why nothing can be written down for now, if so: the journal knows that before any run has met it.
    pub(crate) fn held(&self) -> Option<Hold> {
        self.alarm.held().or_else(|| self.ports.journal.held())
    }

    /// There is too much of something.
    pub(crate) fn overloaded(&self, what: &'static str) -> Error {
        Error::Overloaded {
            what,
            retry_after: self.config.retry_after,
        }
    }
}
