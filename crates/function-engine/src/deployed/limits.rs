//! The bounds that apply to a version's calls: what its settings say, within the platform's maxima, else the defaults.

use std::time::Duration;

use weft_pool::{Level, Profile};
use weft_types::{Limits, Settings};

use crate::port::Most;
use crate::{Bound, Config, Profiles};

/// The profile of a version whose settings name none.
pub(crate) const DEFAULT_PROFILE: &str = "sandbox";

/// The bounds on a version's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) timeout: Duration,
    pub(crate) cpu_time: Duration,
    /// Bytes.
    pub(crate) memory: u64,
    /// Bytes.
    pub(crate) input: u64,
    /// Bytes.
    pub(crate) output: u64,
    concurrency: u32,
    pub(crate) reuse: u32,
}

/// The profile of a version, if it is loaded.
pub(crate) fn profile_of<'a>(settings: &Settings, profiles: &'a Profiles) -> Option<&'a Profile> {
    profiles.get(profile_name(settings))
}

pub(crate) fn profile_name(settings: &Settings) -> &str {
    settings.profile.as_deref().unwrap_or(DEFAULT_PROFILE)
}

impl Effective {
    /// A version without a profile is not called, so that only its limits are of interest.
    pub(super) fn new(limits: &Limits, profile: Option<&Profile>, config: &Config) -> Self {
        let (concurrency, reuse) = profile.map_or((1, 1), |profile| (profile.concurrency, profile.reuse));
        Self {
            timeout: Duration::from_millis(bounded(limits.timeout_ms, config.timeout_ms)),
            cpu_time: Duration::from_millis(bounded(limits.cpu_time_ms, config.cpu_time_ms)),
            memory: bounded(limits.memory_bytes, config.memory_bytes),
            input: bounded(limits.input_bytes, config.input_bytes),
            output: bounded(limits.output_bytes, config.output_bytes),
            concurrency: limits
                .concurrency
                .unwrap_or(concurrency)
                .min(config.max_concurrency),
            reuse: limits.reuse.unwrap_or(reuse).min(config.max_reuse),
        }
    }

    /// The most that a call may ask for.
    pub(super) fn most(&self) -> Most {
        Most {
            memory: self.memory,
            input: self.input,
            output: self.output,
        }
    }

    /// The bounds of the version's pool.
    pub(super) fn pool(&self, profile: &Profile, config: &Config) -> weft_pool::Bounds {
        let bounds = weft_pool::Bounds::of(profile, config.shards);
        let bounds = weft_pool::Bounds {
            concurrency: self.concurrency,
            reuse: self.reuse,
            ..bounds
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
}

/// A maximum lowered since the version was stored applies to it as well.
fn bounded(setting: Option<u64>, bound: Bound) -> u64 {
    setting.unwrap_or(bound.default).min(bound.max)
}
