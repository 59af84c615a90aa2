//! The level as a whole.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use weft_function_engine::port::{
    Boxed, Code, Gateway, Load, LoadError, PrepareError, Runtime, Standing, Tier,
};
use weft_isolation::launch::Launcher;
use weft_isolation::probe;
use weft_pool::Level;
use weft_types::version::Inspection;

use super::code::ProcessCode;
use super::plan::{Homes, Living};

/// How workers are started and watched.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The worker's program.
    pub program: PathBuf,
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
}

impl Settings {
    /// The defaults, for workers of this program.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            start: Duration::from_secs(5),
            grace: Duration::from_secs(1),
            threads: 4,
            files: 64,
            base_memory: 32 << 20,
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
    pub(super) living: Living,
    /// Found out when first needed: what the host has, and how to start workers there.
    tried: OnceLock<(probe::Standing, Option<Launcher>)>,
}

impl Processes {
    /// Workers beside what `own` executes. To be called in the runtime that does slow work.
    #[must_use]
    pub fn new(settings: Settings, own: Arc<dyn Runtime>, gateway: Arc<dyn Gateway>) -> Self {
        let shared = Arc::new(Shared {
            settings,
            gateway,
            background: Handle::current(),
            homes: Homes::default(),
            living: Living::default(),
            tried: OnceLock::new(),
        });
        Self { shared, own }
    }

    /// Waits until all workers have ended, once nothing is loaded any longer, and removes what was made for them.
    pub async fn end(&self, patience: Duration) {
        let ended = tokio::time::timeout(patience, self.shared.living.none()).await;
        if ended.is_err() {
            tracing::warn!("workers are left; the next start ends them");
        }
        let Some((_, Some(launcher))) = self.shared.tried.get() else {
            return;
        };
        if let Err(error) = launcher.close() {
            tracing::warn!(%error, "what was made for workers could not be removed");
        }
    }

    /// Ends what workers of servers that are gone left behind. Blocks for as long as that takes.
    pub fn sweep() {
        // Where there are no groups nothing was left in any.
        let swept = weft_isolation::group::Groups::find().and_then(|groups| groups.sweep());
        match swept {
            Ok(swept) if swept.groups > 0 => {
                tracing::info!(?swept, "what workers of a dead server left was removed")
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "nothing could be swept"),
        }
    }
}

/// What the host has of the level, from really trying it. Blocks for a fraction of a second.
#[must_use]
pub fn try_level(program: &Path) -> Standing {
    standing(&probe_program(program))
}

impl Shared {
    /// What starts workers here.
    ///
    /// # Errors
    /// Where the level cannot be had.
    pub(super) fn launcher(&self) -> Result<&Launcher, String> {
        match self.tried() {
            (_, Some(launcher)) => Ok(launcher),
            (found, None) => Err(found.to_string()),
        }
    }

    fn tried(&self) -> &(probe::Standing, Option<Launcher>) {
        self.tried.get_or_init(|| {
            let program = &self.settings.program;
            let found = probe_program(program);
            let launcher = found
                .lacking()
                .map(|lacking| Launcher::new(program.clone(), Vec::new(), lacking));
            match launcher.transpose() {
                Ok(launcher) => (found, launcher),
                Err(error) => {
                    let unavailable = probe::Standing::Unavailable {
                        why: error.to_string(),
                        remedy: "run the server in a control group of its own".to_owned(),
                    };
                    (unavailable, None)
                }
            }
        })
    }
}

fn probe_program(program: &Path) -> probe::Standing {
    if program.is_file() {
        return probe::process(program, &[]);
    }
    probe::Standing::Unavailable {
        why: format!("there is no worker at {}", program.display()),
        remedy: "install `weft-worker` beside `weft`, or name it by `--worker`".to_owned(),
    }
}

fn standing(found: &probe::Standing) -> Standing {
    match found {
        probe::Standing::Works => Standing::Works,
        probe::Standing::Degraded(missing) => {
            let reason = |missing: &probe::Missing| {
                let probe::Missing {
                    layer,
                    why,
                    lost,
                    remedy,
                } = missing;
                format!("without {layer}: {lost} ({why}); {remedy}")
            };
            Standing::Degraded(missing.iter().map(reason).collect())
        }
        probe::Standing::Unavailable { why, remedy } => Standing::Unavailable(format!("{why}; {remedy}")),
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
            Level::Process => standing(&self.shared.tried().0),
            Level::Container => Standing::Unavailable("containers are not supported yet".to_owned()),
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
