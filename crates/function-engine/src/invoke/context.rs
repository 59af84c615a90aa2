//! The terms of one call.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use weft_pool::Party;
use weft_types::NodeKey;

use crate::deployed::Deployed;
use crate::logs::{InvocationLogs, StepLogs};
use crate::port::{CallContext, FanOut, TraceContext};
use crate::{Config, Error, random};

/// What the caller decides about a call.
pub(crate) struct Terms {
    pub(crate) trace: TraceContext,
    /// Whose turn it takes where calls wait for instances.
    pub(crate) party: Party,
    /// None draws one.
    pub(crate) seed: Option<[u8; 32]>,
    /// None takes now.
    pub(crate) time: Option<Timestamp>,
    /// None leaves it to the version's limit.
    pub(crate) timeout: Option<Duration>,
    pub(crate) depth: u32,
    pub(crate) fan_out: Arc<FanOut>,
    /// None for the first call of a tree.
    pub(crate) made: Option<Arc<AtomicU32>>,
    /// Identifies a step of a workflow, or what is done on behalf of one.
    pub(crate) key: Option<NodeKey>,
    /// Whose lines the call's are, beside the function's.
    pub(crate) step: Option<StepLogs>,
}

impl Terms {
    /// A call that no function made.
    pub(crate) fn of_outside(trace: TraceContext, party: Party, config: &Config) -> Self {
        let fan_out = FanOut::of(config.call_fan_out);
        Self {
            trace,
            party,
            seed: None,
            time: None,
            timeout: None,
            depth: 0,
            fan_out,
            made: None,
            key: None,
            step: None,
        }
    }

    /// Refuses a seed or time where the call would not repeat another all the same.
    pub(crate) fn check(&self, deployed: &Deployed) -> Result<(), Error> {
        let option = match (self.seed, self.time) {
            (None, None) => return Ok(()),
            (Some(_), _) => "seed",
            (None, Some(_)) => "time",
        };
        if deployed.repeatable() {
            return Ok(());
        }
        let why = if deployed.record().settings.grants.is_empty() {
            "its instances serve more than one call, without `grants.stateless`"
        } else {
            "it was granted capabilities"
        };
        let message = format!(
            "repeats calls of versions whose results depend on nothing else; version {} of `{}` is not one: {why}",
            deployed.record().version,
            deployed.record().function
        );
        Err(Error::InvalidOption { option, message })
    }
}

impl Deployed {
    /// How long a call under these terms may take.
    pub(crate) fn timeout(&self, terms: &Terms) -> Duration {
        let most = self.most_time();
        terms.timeout.map_or(most, |timeout| timeout.min(most))
    }

    /// What a call under these terms carries along, from now on.
    pub(crate) fn context(&self, terms: Terms) -> CallContext {
        let now = Timestamp::now();
        let limits = &self.limits;
        let timeout = self.timeout(&terms);
        CallContext {
            invocation: random::invocation(now),
            deadline: clock() + timeout,
            cpu_time: limits.cpu_time,
            memory: self.memory(),
            output: limits.output,
            depth: terms.depth,
            fan_out: terms.fan_out,
            made: terms.made,
            seed: terms.seed.unwrap_or_else(random::bytes),
            time: terms.time.unwrap_or(now),
            party: terms.party,
            trace: terms.trace,
            key: terms.key,
            logs: InvocationLogs::new(Arc::clone(&self.logs), terms.step),
            host: None,
        }
    }
}

/// The runtime's clock, which tests can stop.
pub(crate) fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}
