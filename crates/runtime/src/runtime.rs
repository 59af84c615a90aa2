//! The port that the function engine knows this crate by.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use weft_function_engine::port::{self, Boxed, Code, Load, LoadError, PrepareError, Standing, Tier};
use weft_pool::Level;
use weft_types::version::Inspection;

use crate::code::Shared;
use crate::engine::{Engines, Slots};
use crate::heavy::Heavy;
use crate::load;
use crate::memory::{GuestMemory, Memory};
use crate::outbound::{Client, Settings as OutboundSettings};
use crate::prepare::{Preparer, Settings as Compiling};
use crate::reach::Gateway;

/// How WebAssembly is compiled and executed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many instances there may be at once.
    pub slots: Slots,
    /// Threads for calls that execute long; the number of cores by default.
    pub heavy_threads: NonZeroUsize,
    /// Memory that all guests may have together, in bytes; as much as there is by default.
    pub memory: u64,
    /// Bounds on compiling.
    pub compiling: Compiling,
    /// Bounds on outbound HTTP.
    pub outbound: OutboundSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            heavy_threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            memory: u64::MAX,
            compiling: Compiling::default(),
            outbound: OutboundSettings::default(),
        }
    }
}

/// Compiles and executes WebAssembly.
pub struct Runtime {
    engines: Arc<Engines>,
    heavy: Arc<Heavy>,
    preparer: Preparer,
    client: Arc<Client>,
    memory: Arc<Memory>,
}

/// Why this machine cannot execute WebAssembly with the settings given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine could not be created, most likely for want of address space.
    #[error("the WebAssembly engine could not be created: {0}")]
    Engine(String),
    /// The threads could not be started.
    #[error("the threads for heavy work could not be started: {0}")]
    Threads(#[from] std::io::Error),
}

impl Runtime {
    /// Creates the engine of the usual tier, which reserves the address space of its slots, and starts the threads.
    ///
    /// # Errors
    /// Where the machine has too little address space, or too few threads.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Self::with_secrets(settings, Arc::new(port::NoSecrets))
    }

    /// The same, with secrets that the headers of guests' requests may name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_secrets(settings: Settings, secrets: Arc<dyn port::Secrets>) -> Result<Self, Error> {
        let engines = Engines::new(settings.slots).map_err(|error| Error::Engine(format!("{error:#}")))?;
        let heavy = Arc::new(Heavy::new(settings.heavy_threads)?);
        let client = Arc::new(Client::new(settings.outbound).with_secrets(secrets));
        Ok(Self {
            engines,
            heavy,
            preparer: Preparer::new(settings.compiling),
            client,
            memory: Arc::new(Memory::new(settings.memory)),
        })
    }
}

impl Runtime {
    /// What sends the requests of guests that execute in workers.
    #[must_use]
    pub fn gateway(&self) -> Arc<dyn port::Gateway> {
        Arc::new(Gateway(Arc::clone(&self.client)))
    }

    /// The memory of the guests that execute here.
    #[must_use]
    pub fn guest_memory(&self) -> GuestMemory {
        GuestMemory(Arc::clone(&self.memory))
    }
}

impl port::Runtime for Runtime {
    fn prepare<'a>(
        &'a self,
        code: &'a Path,
        out: &'a Path,
        tier: Tier,
    ) -> Boxed<'a, Result<Inspection, PrepareError>> {
        Box::pin(self.preparer.prepare(code, out, tier))
    }

    fn compiled_key(&self, tier: Tier) -> String {
        self.engines.compiled_key(tier)
    }

    fn first_tier(&self, size: u64) -> Tier {
        self.preparer.first_tier(size)
    }

    fn standing(&self, level: Level) -> Standing {
        match level {
            Level::Sandbox => Standing::Works,
            Level::Process | Level::Container => {
                Standing::Unavailable("only sandboxes are made in the server's own process".to_owned())
            }
        }
    }

    fn load(&self, load: Load<'_>) -> Result<Arc<dyn Code>, LoadError> {
        let loaded = load::load(&self.engines, &self.heavy, (&self.client, &self.memory), load)?;
        Ok(Arc::new(Shared(Arc::new(loaded))))
    }
}
