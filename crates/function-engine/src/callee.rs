//! A version prepared to be called many times by its pin, without looking anything up.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use weft_pool::Party;
use weft_types::image::{Attached, Image};
use weft_types::{Digest, Limits, NodeKey, Signature, VersionNumber, VersionRecord};

use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::invoke::Terms;
use crate::logs::StepLogs;
use crate::port::{Attempt, Call, FanOut, Reply, TraceContext};
use crate::{Engine, Error};

/// A version of a function, held.
#[derive(Clone)]
pub struct Callee {
    pub(crate) engine: Arc<Inner>,
    pub(crate) deployed: Arc<Deployed>,
}

/// A call of a prepared version, on behalf of a step of something larger.
#[derive(Debug)]
pub struct Step {
    /// Index of the export.
    pub export: usize,
    /// An image of the signature's parameter record.
    pub arguments: Image,
    /// Arguments that are not in the image, where an empty list stands for each.
    pub attached: Attached,
    /// What randomness is derived from, where the version has no effects.
    pub seed: [u8; 32],
    /// What its clock starts at, where the version has no effects.
    pub time: Timestamp,
    /// How long it may take; the version's own limit applies where it is shorter.
    pub timeout: Option<Duration>,
    /// Tighter bounds than the version's own, where they are set.
    pub limits: Option<Box<Limits>>,
    /// Identifies the step over all its attempts: the guest can read it, and outbound HTTP carries it.
    pub key: NodeKey,
    /// Which step: its lines say so.
    pub attempt: Arc<Attempt>,
    /// The span of this call.
    pub trace: TraceContext,
    /// How deep the caller is nested in calls already.
    pub depth: u32,
}

impl Engine {
    /// A version of a function, ready to be called.
    ///
    /// # Errors
    /// Where there is no such version.
    pub fn callee(
        &self,
        project: &str,
        function: &str,
        version: Option<VersionNumber>,
    ) -> Result<Callee, Error> {
        Ok(Callee {
            engine: Arc::clone(&self.0),
            deployed: self.0.resolve(project, function, version)?,
        })
    }
}

impl Engine {
    /// The version of a function that answers a call from outside: the one that is named, else the active one, or the one that is
    /// about to take its place where this call is among those that it answers already.
    ///
    /// # Errors
    /// Where there is no such version.
    pub fn called(
        &self,
        project: &str,
        function: &str,
        version: Option<VersionNumber>,
    ) -> Result<Callee, Error> {
        let deployed = self.0.route(project, function, version)?;
        if version.is_some() {
            deployed.want();
        }
        Ok(Callee {
            engine: Arc::clone(&self.0),
            deployed,
        })
    }
}

impl Callee {
    /// What is known of it, with its class as it is now.
    #[must_use]
    pub fn record(&self) -> Arc<VersionRecord> {
        self.engine.current(&self.deployed)
    }

    /// What is known of it, with its class as it was when it was stored.
    #[must_use]
    pub fn stored(&self) -> &Arc<VersionRecord> {
        self.deployed.record()
    }

    /// The same for this version only, also where another function gets its name once it was deleted.
    #[must_use]
    pub fn identity(&self) -> Digest {
        let VersionRecord {
            project,
            function,
            version,
            digest,
            created_at,
            ..
        } = &**self.stored();
        Digest::of(format!("{project}/{function}@{version} {digest} {created_at}").as_bytes())
    }

    /// Finds the export a caller means; none asks for the only one that can be called.
    ///
    /// # Errors
    /// Where there is none, or more than one fits.
    pub fn export(&self, name: Option<&str>) -> Result<(usize, &Signature), Error> {
        self.deployed.export(name)
    }

    /// How many bytes of arguments a call of it may have at most.
    #[must_use]
    pub fn input_limit(&self) -> u64 {
        self.deployed.limits.input
    }

    /// Whether it can be executed again unnoticed, as things stand now.
    #[must_use]
    pub fn effect_free(&self) -> bool {
        self.engine.effect_free(&self.deployed)
    }

    /// Calls an export. Dropping the future stops the guest within 10 ms.
    ///
    /// # Errors
    /// Where no place is to be had in time, or the call fails. The function's own `err` is a reply.
    pub async fn call(&self, step: Step) -> Result<Reply, Error> {
        let _under_way = self.engine.begin()?;
        self.deployed.want();
        let terms = Terms {
            trace: step.trace,
            party: Party::OWN,
            seed: Some(step.seed),
            time: Some(step.time),
            timeout: step.timeout,
            depth: step.depth,
            fan_out: FanOut::of(self.engine.config.call_fan_out),
            made: None,
            key: Some(step.key),
            step: Some(StepLogs {
                attempt: step.attempt,
                runs: Arc::clone(&self.engine.run_logs),
            }),
        };
        let timeout = self.deployed.timeout(&terms);
        let mut context = self.deployed.context(terms);
        if let Some(limits) = &step.limits {
            context.tighten(limits);
        }
        let call = Call {
            export: step.export,
            arguments: step.arguments,
            attached: step.attached,
            context,
        };
        let executed = self.engine.execute(&self.deployed, call).await;
        Ok(executed.map_err(|error| error.with_timeout(timeout))?.reply)
    }

    /// The same version in the pool of another profile.
    ///
    /// # Errors
    /// Where there is no such profile.
    pub fn with_profile(&self, profile: &str) -> Result<Self, Error> {
        let deployed = self.engine.in_profile(&self.deployed, profile)?;
        Ok(Self {
            engine: Arc::clone(&self.engine),
            deployed,
        })
    }

    /// The same version in the cheapest pool whose profile carries a label and has what else the version needs, separated at least
    /// as it is by itself; its own pool where that carries it.
    ///
    /// # Errors
    /// Where no profile will do: what each lacks.
    pub fn with_label(&self, label: &str) -> Result<Self, Error> {
        let deployed = self.engine.in_group(&self.deployed, label)?;
        Ok(Self {
            engine: Arc::clone(&self.engine),
            deployed,
        })
    }

    /// Loads the code if it is not, and has an instance ready where one is worth the wait, within the budget for that; in the
    /// background.
    pub fn warm(&self) {
        let is_ready = self.deployed.if_loaded().is_some_and(|loaded| loaded.has_idle());
        if self.deployed.record().workflow.is_some() || is_ready {
            return;
        }
        self.deployed.want();
        let (engine, deployed) = (Arc::clone(&self.engine), Arc::clone(&self.deployed));
        let reserved = engine.reserve_ahead(&deployed);
        self.engine.background.spawn(async move {
            if let Err(error) = engine.warm_ahead(&deployed, reserved).await {
                tracing::debug!(%error, function = ?deployed, "could not be made ready ahead");
            }
        });
    }
}

impl std::fmt::Debug for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.deployed.fmt(f)
    }
}
