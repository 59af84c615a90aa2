//! What the host has of each level, and how to start workers there.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use weft_function_engine::port::Standing;
use weft_isolation::launch::{Containers, Launch, ProcessLauncher};
use weft_isolation::probe;
use weft_pool::Level;

use super::level::Settings;

/// What came of trying a level for real.
pub struct Tried {
    standing: probe::Standing,
    launcher: Option<Box<dyn Launch>>,
    /// What makes what is around workers, where there is a choice.
    by: Option<String>,
}

/// A program that is not where it should be.
pub(super) struct Missing {
    why: String,
    remedy: String,
}

/// What was tried so far.
#[derive(Default)]
pub(super) struct Levels {
    process: OnceLock<Tried>,
    container: OnceLock<Tried>,
}

impl Levels {
    /// What came of trying a level that has workers; it is tried where it was not yet. That a program is missing is not kept:
    /// it may be installed while the server runs.
    ///
    /// # Errors
    /// Where a program is missing.
    pub(super) fn get(&self, level: Level, settings: &Settings) -> Result<&Tried, Missing> {
        let tried = match level {
            Level::Container => &self.container,
            Level::Sandbox | Level::Process => &self.process,
        };
        if tried.get().is_none() {
            Missing::check(level, settings)?;
        }
        Ok(tried.get_or_init(|| Tried::with_programs(level, settings)))
    }

    /// What starts workers at the levels that were tried.
    pub(super) fn launchers(&self) -> impl Iterator<Item = &dyn Launch> {
        let tried = [self.process.get(), self.container.get()];
        tried
            .into_iter()
            .flatten()
            .filter_map(|tried| tried.launcher.as_deref())
    }
}

impl Missing {
    fn check(level: Level, settings: &Settings) -> Result<(), Self> {
        let there = |program: &Path, option: &str, name: &str| {
            let missing = || Self {
                why: format!("there is no {name} at {}", program.display()),
                remedy: format!("install `{name}` beside `weft`, or name it by `{option}`"),
            };
            if program.is_file() { Ok(()) } else { Err(missing()) }
        };
        there(&settings.program, "--worker", "weft-worker")?;
        match level {
            Level::Sandbox | Level::Process => Ok(()),
            Level::Container => there(&settings.starter, "--container-starter", "weft-container"),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.why, self.remedy)
    }
}

impl Tried {
    /// Tries a level that has workers. Blocks for a fraction of a second.
    #[must_use]
    pub fn new(level: Level, settings: &Settings) -> Self {
        match Missing::check(level, settings) {
            Ok(()) => Self::with_programs(level, settings),
            Err(Missing { why, remedy }) => Self::unavailable(why, remedy),
        }
    }

    fn with_programs(level: Level, settings: &Settings) -> Self {
        match level {
            Level::Sandbox | Level::Process => Self::process(settings),
            Level::Container => Self::container(settings),
        }
    }

    fn process(settings: &Settings) -> Self {
        let program = &settings.program;
        let standing = probe::process(program, &[]);
        let Some(lacking) = standing.lacking() else {
            return Self {
                standing,
                launcher: None,
                by: None,
            };
        };
        match ProcessLauncher::new(program.clone(), Vec::new(), lacking) {
            Ok(launcher) => Self {
                standing,
                launcher: Some(Box::new(launcher.bounded(settings.total.memory))),
                by: None,
            },
            Err(error) => Self::unavailable(
                error.to_string(),
                "run the server in a control group of its own".to_owned(),
            ),
        }
    }

    fn container(settings: &Settings) -> Self {
        let containers = Containers {
            starter: settings.starter.clone(),
            worker: settings.program.clone(),
            arguments: Vec::new(),
            directory: settings.containers.clone(),
        };
        let (standing, launcher) = probe::container(&containers, &settings.runtime);
        Self {
            standing,
            by: launcher.as_ref().map(|launcher| launcher.runtime().to_string()),
            launcher: launcher
                .map(|launcher| Box::new(launcher.bounded(settings.total.memory)) as Box<dyn Launch>),
        }
    }

    fn unavailable(why: String, remedy: String) -> Self {
        Self {
            standing: probe::Standing::Unavailable { why, remedy },
            launcher: None,
            by: None,
        }
    }

    /// How far the level can be had.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match &self.standing {
            probe::Standing::Works => Standing::Works,
            probe::Standing::Degraded(missing) => Standing::Degraded(missing.iter().map(reason).collect()),
            probe::Standing::Unavailable { why, remedy } => Standing::Unavailable(format!("{why}; {remedy}")),
        }
    }

    /// What makes containers, where those were tried and can be had.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Removes what was made to try it, where nobody is to start workers.
    pub fn forget(self) {
        if let Some(Err(error)) = self.launcher.map(|launcher| launcher.close()) {
            tracing::debug!(%error, "what was made to try a level could not be removed");
        }
    }

    /// What starts workers here.
    ///
    /// # Errors
    /// Where the level cannot be had.
    pub(super) fn launcher(&self) -> Result<&dyn Launch, String> {
        self.launcher.as_deref().ok_or_else(|| self.standing.to_string())
    }
}

fn reason(missing: &probe::Missing) -> String {
    let probe::Missing {
        layer,
        why,
        lost,
        remedy,
    } = missing;
    format!("without {layer}: {lost} ({why}); {remedy}")
}
