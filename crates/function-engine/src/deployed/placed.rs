//! Where a version's instances live, and within which bounds: by its profile, which may change while calls are under way.

use std::collections::BTreeSet;
use std::time::Duration;

use weft_pool::profile::choose;
use weft_pool::{Level, Profile};
use weft_types::settings::NeededLevel;
use weft_types::{Limits, Settings};

use super::limits::{Effective, bounded};
use crate::{Config, Error, Profiles};

mod promoted;

/// The profile of a version whose settings name none.
pub(crate) const DEFAULT_PROFILE: &str = "sandbox";

/// Where a version's instances live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The name of the profile.
    pub(crate) name: Box<str>,
    /// Why it was chosen, where it was not named.
    pub(crate) why: Option<String>,
    pub(crate) profile: Profile,
    /// Calls that an instance serves.
    pub(crate) reuse: u32,
    /// Memory of an instance, in bytes.
    pub(crate) memory: u64,
    /// The bounds of the pool.
    pub(crate) bounds: weft_pool::Bounds,
}

/// That there is no place for a version: its profile is gone, or none has what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nowhere {
    /// There is no profile of this name; there are those.
    Unknown(String, Vec<String>),
    /// No profile will do: why.
    Unmet(String),
}

impl Placed {
    /// Finds the place of a version with these settings.
    pub(crate) fn new(settings: &Settings, profiles: &Profiles, config: &Config) -> Result<Self, Nowhere> {
        let (name, why) = match &settings.needs {
            Some(_) => {
                let chosen =
                    choose(profiles, &needs(settings)).map_err(|unmet| Nowhere::Unmet(unmet.to_string()))?;
                (chosen.profile, Some(chosen.why))
            }
            None => (named(settings).to_owned(), None),
        };
        let Some(profile) = profiles.get(&name) else {
            return Err(Nowhere::Unknown(name, profiles.keys().cloned().collect()));
        };
        let limits = &settings.limits;
        let reuse = limits.reuse.unwrap_or(profile.reuse).min(config.max_reuse);
        Ok(Self {
            reuse,
            memory: memory(settings, profile, config),
            bounds: bounds(profile, limits, reuse, config),
            profile: profile.clone(),
            name: name.into(),
            why,
        })
    }

    /// How long a call of a version with these bounds may take here.
    pub(crate) fn most_time(&self, limits: &Effective) -> Duration {
        let most = self.profile.timeout_ms.map(Duration::from_millis);
        most.map_or(limits.timeout, |most| most.min(limits.timeout))
    }

    /// All that bounds calls of a version with these bounds here.
    pub(crate) fn limits(&self, limits: &Effective) -> Limits {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Limits {
            timeout_ms: Some(millis(self.most_time(limits))),
            cpu_time_ms: Some(millis(limits.cpu_time)),
            memory_bytes: Some(self.memory),
            input_bytes: Some(limits.input),
            output_bytes: Some(limits.output),
            concurrency: Some(self.bounds.concurrency),
            reuse: Some(self.reuse),
        }
    }

    /// What separates instances from the host.
    pub(crate) fn level(&self) -> Level {
        self.profile.level
    }

    /// Whether some instances are kept ready.
    pub(crate) fn has_warm(&self) -> bool {
        let sandboxes = self.bounds.warm > 0 && self.bounds.reuse > 1;
        let others = self.profile.level != Level::Sandbox && self.profile.scaling.min > 0;
        sandboxes || others
    }
}

impl From<Nowhere> for Error {
    fn from(nowhere: Nowhere) -> Self {
        match nowhere {
            Nowhere::Unknown(profile, known) => Self::UnknownProfile { profile, known },
            Nowhere::Unmet(why) => Self::UnmetNeeds(why),
        }
    }
}

/// The profile that settings name.
fn named(settings: &Settings) -> &str {
    settings.profile.as_deref().unwrap_or(DEFAULT_PROFILE)
}

/// What settings need of a profile. One that is named is at least as good as what it is: its level.
fn needs(settings: &Settings) -> weft_pool::Needs {
    let needs = settings.needs.clone().unwrap_or_default();
    weft_pool::Needs {
        level: needs.level.map(level),
        memory_bytes: needs.memory_bytes.max(settings.limits.memory_bytes),
        labels: needs.labels,
    }
}

/// What settings need of a profile with one label more, where instances are separated at least as they are at `level`.
pub(crate) fn needs_labelled(settings: &Settings, least: Level, label: &str) -> weft_pool::Needs {
    let needs = needs(settings);
    let label = BTreeSet::from([label.to_owned()]);
    weft_pool::Needs {
        // Whatever there is is a sandbox at least.
        level: needs
            .level
            .max(Some(least))
            .filter(|level| *level > Level::Sandbox),
        labels: needs.labels.union(&label).cloned().collect(),
        ..needs
    }
}

fn level(level: NeededLevel) -> Level {
    match level {
        NeededLevel::Sandbox => Level::Sandbox,
        NeededLevel::Process => Level::Process,
        NeededLevel::Container => Level::Container,
    }
}

/// What is needed is had where nothing is set.
fn memory(settings: &Settings, profile: &Profile, config: &Config) -> u64 {
    let needed = settings.needs.as_ref().and_then(|needs| needs.memory_bytes);
    let default = config.memory_bytes.default.max(needed.unwrap_or(0));
    let wanted = settings.limits.memory_bytes.unwrap_or(default);
    let most = profile.memory_bytes.unwrap_or(u64::MAX);
    bounded(Some(wanted), config.memory_bytes).min(most)
}

fn bounds(profile: &Profile, limits: &Limits, reuse: u32, config: &Config) -> weft_pool::Bounds {
    let concurrency = limits.concurrency.unwrap_or(profile.concurrency);
    let bounds = weft_pool::Bounds {
        concurrency: concurrency.min(config.max_concurrency),
        reuse,
        ..weft_pool::Bounds::of(profile, config.shards)
    };
    match profile.level {
        Level::Sandbox => bounds,
        // What is leased is a right to call: the processes are kept by who starts them.
        Level::Process | Level::Container => weft_pool::Bounds {
            reuse: 1,
            warm: 0,
            ..bounds
        },
    }
}

#[cfg(test)]
mod tests;
