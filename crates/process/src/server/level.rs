//! The levels as a whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::runtime::Handle;
use weft_function_engine::port::{
    Boxed, Code, Gateway, Load, LoadError, PrepareError, Runtime, Standing, Tier,
};
use weft_isolation::launch::{self, Launch};
use weft_isolation::probe::Choice;
use weft_pool::Level;
use weft_pool::budget::Share;
use weft_types::version::Inspection;

use super::budget::Budget;
use super::code::ProcessCode;
use super::plan::{Homes, Living};
use super::tried::{Levels, Missing, Tried};

/// How workers are started and watched.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The worker's program.
    pub program: PathBuf,
    /// The program that starts and guards containers.
    pub starter: PathBuf,
    /// Who makes containers; the first that works by default.
    pub runtime: Choice,
    /// Where what containers are made of is kept while they are there; `/run/weft` by default.
    pub containers: PathBuf,
    /// How long a worker may take until it can be called; 5 s by default.
    pub start: Duration,
    /// How long a worker may take to end a call that should have ended, before it is killed; 1 s by default.
    pub grace: Duration,
    /// Threads of a worker, 4 by default.
    pub threads: u64,
    /// Descriptors a worker may have open at once, 64 by default.
    pub files: u64,
    /// Memory that a worker may have beside what its calls may, in bytes; 32 MiB by default.
    pub base_memory: u64,
    /// What all workers together may use: memory, and the processor time that profiles bound theirs by. As much as there is
    /// by default.
    pub total: Share,
}

impl Settings {
    /// The defaults, for workers of one program, and containers that another starts.
    #[must_use]
    pub fn new(program: PathBuf, starter: PathBuf) -> Self {
        Self {
            program,
            starter,
            runtime: Choice::Best,
            containers: PathBuf::from("/run/weft"),
            start: Duration::from_secs(5),
            grace: Duration::from_secs(1),
            threads: 4,
            files: 64,
            base_memory: 32 << 20,
            total: Share {
                memory: u64::MAX,
                cpu: u64::MAX,
            },
        }
    }
}

/// A runtime that executes in worker processes what shall execute there, and has another execute the rest.
pub struct Processes {
    shared: Arc<Shared>,
    own: Arc<dyn Runtime>,
}

/// What all pools have in common.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) gateway: Arc<dyn Gateway>,
    /// For slow work, and for conversations that no core wanted.
    pub(super) background: Handle,
    pub(super) homes: Homes,
    /// How many pools there have been.
    pub(super) pools: AtomicU64,
    pub(super) living: Living,
    pub(super) levels: Levels,
    pub(super) budget: Arc<Budget>,
}

impl Processes {
    /// Workers beside what `own` executes. To be called in the runtime that does slow work.
    #[must_use]
    pub fn new(settings: Settings, own: Arc<dyn Runtime>, gateway: Arc<dyn Gateway>) -> Self {
        let shared = Arc::new(Shared {
            budget: Budget::new(settings.total),
            settings,
            gateway,
            background: Handle::current(),
            homes: Homes::default(),
            pools: AtomicU64::new(0),
            living: Living::default(),
            levels: Levels::default(),
        });
        Self { shared, own }
    }

    /// Waits until all workers have ended, once nothing is loaded any longer, and removes what was made for them.
    pub async fn end(&self, patience: Duration) {
        let ended = tokio::time::timeout(patience, self.shared.living.none()).await;
        if ended.is_err() {
            tracing::warn!("workers are left; the next start ends them");
        }
        for launcher in self.shared.levels.launchers() {
            if let Err(error) = launcher.close() {
                tracing::warn!(%error, "what was made for workers could not be removed");
            }
        }
    }

    /// Ends what workers of servers that are gone left behind, also in this directory of containers. Blocks for as long as that
    /// takes.
    pub fn sweep(containers: &Path) {
        // Where there are no groups nothing was left in any.
        match launch::sweep(containers) {
            Ok(swept) if swept.groups > 0 || swept.directories > 0 => {
                tracing::info!(?swept, "what workers of a dead server left was removed")
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "not everything could be swept"),
        }
    }
}

impl Shared {
    /// What came of trying a level, which is done when it is first needed.
    fn tried(&self, level: Level) -> Result<&Tried, Missing> {
        self.levels.get(level, &self.settings)
    }

    /// What starts workers at a level.
    ///
    /// # Errors
    /// Where the level cannot be had.
    pub(super) fn launcher(&self, level: Level) -> Result<&dyn Launch, String> {
        self.tried(level)
            .map_err(|missing| missing.to_string())?
            .launcher()
    }
}

impl Runtime for Processes {
    fn prepare<'a>(
        &'a self,
        code: &'a Path,
        out: &'a Path,
        tier: Tier,
    ) -> Boxed<'a, Result<Inspection, PrepareError>> {
        self.own.prepare(code, out, tier)
    }

    fn compiled_key(&self, tier: Tier) -> String {
        self.own.compiled_key(tier)
    }

    fn first_tier(&self, size: u64) -> Tier {
        self.own.first_tier(size)
    }

    fn standing(&self, level: Level) -> Standing {
        match level {
            Level::Sandbox => self.own.standing(level),
            Level::Process | Level::Container => match self.shared.tried(level) {
                Ok(tried) => tried.standing(),
                Err(missing) => Standing::Unavailable(missing.to_string()),
            },
        }
    }

    fn load(&self, load: Load<'_>) -> Result<Arc<dyn Code>, LoadError> {
        if load.profile.level == Level::Sandbox {
            return self.own.load(load);
        }
        // Proves that it is intact and that all it imports is there, before any worker is started.
        self.own.load(Load {
            bindings: load.bindings.clone(),
            host: Arc::clone(&load.host),
            ..load
        })?;
        let key = self.own.compiled_key(load.tier);
        ProcessCode::new(&self.shared, key, load).map(|code| code as Arc<dyn Code>)
    }
}
