//! The bounds that apply to a version's calls: what its settings say, within the platform's maxima, else the defaults.

use std::time::Duration;

use weft_types::Limits;

use crate::{Bound, Config};

/// The bounds on a version's calls, but for those that depend on its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) timeout: Duration,
    pub(crate) cpu_time: Duration,
    /// Bytes.
    pub(crate) input: u64,
    /// Bytes.
    pub(crate) output: u64,
}

impl Effective {
    pub(crate) fn new(limits: &Limits, config: &Config) -> Self {
        Self {
            timeout: Duration::from_millis(bounded(limits.timeout_ms, config.timeout_ms)),
            cpu_time: Duration::from_millis(bounded(limits.cpu_time_ms, config.cpu_time_ms)),
            input: bounded(limits.input_bytes, config.input_bytes),
            output: bounded(limits.output_bytes, config.output_bytes),
        }
    }
}

/// A maximum lowered since the version was stored applies to it as well.
pub(super) fn bounded(setting: Option<u64>, bound: Bound) -> u64 {
    setting.unwrap_or(bound.default).min(bound.max)
}
