//! The engine's handle.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use weft_types::image::Image;
use weft_types::{Address, FunctionName, ProjectName, Type, Value, VersionNumber};

use crate::driver::Driver;
use crate::metrics::EngineMetrics;
use crate::port::blobs::Blobs;
use crate::port::calls::Calls;
use crate::port::clock::Clock;
use crate::port::journal::Journal;
use crate::port::records::Records;
use crate::port::workflows::Workflows;
use crate::values::Unavailable;
use crate::{Config, Error};

mod drivers;
mod inner;
mod open;

pub(crate) use inner::Inner;

/// The workflow engine. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

/// What the engine reaches the world through.
pub struct Ports {
    /// The durable truth of open runs.
    pub journal: Arc<dyn Journal>,
    /// The history of runs.
    pub records: Arc<dyn Records>,
    /// Values by address.
    pub blobs: Arc<dyn Blobs>,
    /// Functions.
    pub calls: Arc<dyn Calls>,
    /// Workflows.
    pub workflows: Arc<dyn Workflows>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The runs that were open in the journal. Dropped, they stay as they are until the next start.
#[must_use = "they go on only when they are taken up"]
pub struct Recovered {
    engine: Engine,
    drivers: Vec<Driver>,
}

impl Recovered {
    /// Has them driven on, on the runtime that the engine was opened on.
    pub fn take_up(self) {
        for driver in self.drivers {
            self.engine.0.background.spawn(driver);
        }
    }
}

impl std::fmt::Debug for Recovered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recovered")
            .field("trees", &self.drivers.len())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Forgets what was counted of a workflow that was deleted. One of the same name begins anew.
    pub fn forget(&self, project: &ProjectName, workflow: &FunctionName) {
        self.0.flows.forget(project, workflow);
        self.0.series.remove(project, workflow);
    }

    /// Opens an engine, and finds every run that is open in the journal: those go on once they are
    /// [taken up](Recovered::take_up), so that all they may call can be put together before. Runs that are started later are driven
    /// on the runtime that starts them.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn open(ports: Ports, config: Config) -> Result<(Self, Recovered), Error> {
        let (inner, drivers) = open::open(ports, config).await?;
        let engine = Self(inner);
        Ok((engine.clone(), Recovered { engine, drivers }))
    }

    /// The bounds.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What is counted, to be registered where metrics are served.
    #[must_use]
    pub fn metrics(&self) -> EngineMetrics {
        EngineMetrics(Arc::downgrade(&self.0))
    }

    /// Whether runs can be written down, and thus started: whoever asks is told why not before a run meets it.
    ///
    /// # Errors
    /// [`Error::OnHold`] while nothing can be written; [`Error::Broken`] once the journal failed for good.
    pub fn check_store(&self) -> Result<(), Error> {
        self.0.check_store()
    }

    /// Whether the records of runs still follow what happens.
    ///
    /// # Errors
    /// [`Error::Records`] once they failed for good.
    pub fn check_records(&self) -> Result<(), Error> {
        self.0.check_records()
    }

    /// Every version of a workflow of a project of which a run is open, nested ones included.
    #[must_use]
    pub fn open_versions(&self, project: &ProjectName) -> BTreeSet<(FunctionName, VersionNumber)> {
        self.0.registry.versions_of(project)
    }

    /// The value itself, wherever it is kept, as an image of type `ty`.
    ///
    /// # Errors
    /// Where its blob cannot be had, or holds something else.
    pub async fn load(&self, project: &ProjectName, value: &Value, ty: &Type) -> Result<Image, Error> {
        match value {
            Value::Direct(image) => Ok(image.clone()),
            Value::Address(address) => self.load_address(project, address, ty).await,
        }
    }

    /// Takes no new runs from now on, and returns once those that execute have ended, or `patience` has; then leaves the others as they
    /// are. Durable ones go on at the next start. Whoever waits for a run is told.
    pub async fn drain(&self, patience: Duration) {
        self.0.drain(patience).await;
    }

    async fn load_address(
        &self,
        project: &ProjectName,
        address: &Address,
        ty: &Type,
    ) -> Result<Image, Error> {
        let loaded = self.0.load(project, address, ty).await;
        loaded.map_err(|unavailable| match unavailable {
            Unavailable::Blob(error) => Error::Blob(error),
            invalid @ (Unavailable::Invalid(..) | Unavailable::NotBytes(..)) => Error::WrongType {
                what: invalid.to_string(),
                expected: ty.to_string(),
            },
        })
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}
