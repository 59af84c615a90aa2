//! From a version to an instance of it, and through the call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;
use uuid::Uuid;
use weft_pool::{Lease, LeaseError, Level, Party};
use weft_types::VersionNumber;
use weft_types::image::Image;

use super::context::clock;
use super::{Measured, is_error};
use crate::Error;
use crate::catalog::{Function, Snapshot};
use crate::deployed::{Deployed, Instances};
use crate::engine::Inner;
use crate::metrics::ErrorKind;
use crate::port::{Call, Failure, Instance, Loss, Reply};

/// When a call that found no place is worth trying again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A call that answered.
pub(crate) struct Executed {
    pub(crate) reply: Reply,
    pub(super) queue: Duration,
    pub(super) start: Duration,
}

/// How often a call without effects is made again after its process was lost under it: it may be what ends them.
pub(crate) const AGAIN: usize = 4;

/// Makes a call again whose process was lost, as long as there is time.
async fn again(
    instance: &mut Box<dyn Instance>,
    spare: Call,
    mut called: Result<Reply, Failure>,
) -> Result<Reply, Failure> {
    for _ in 0..AGAIN {
        let lost = matches!(called, Err(Failure::Lost(_)));
        if !lost || clock() >= spare.context.deadline {
            break;
        }
        match instance.call(spare.clone()).await {
            // How it was lost says more than that another could not be started.
            Err(Failure::Unstarted(Loss::HeldBack { .. })) => break,
            // Whatever ended the first may have ended the next as it started.
            Err(Failure::Unstarted(loss)) => tracing::debug!(%loss, "no other process could be started yet"),
            next => called = next,
        }
    }
    called
}

fn version_of(
    snapshot: &Snapshot,
    found: &Function,
    version: Option<VersionNumber>,
) -> Result<Arc<Deployed>, Error> {
    match found.version(version) {
        Ok(deployed) => Ok(Arc::clone(deployed)),
        Err(Error::NoActiveVersion { function, .. }) => {
            let missing = snapshot
                .project(found.record.project.as_str())?
                .view(found)
                .missing;
            Err(Error::NoActiveVersion { function, missing })
        }
        Err(error) => Err(error),
    }
}

impl Inner {
    /// The version that is named, else the active one.
    pub(crate) fn resolve(
        &self,
        project: &str,
        function: &str,
        version: Option<VersionNumber>,
    ) -> Result<Arc<Deployed>, Error> {
        let snapshot = self.catalog.read();
        let found = snapshot.function(project, function)?;
        version_of(&snapshot, found, version)
    }

    /// The version that answers a call: see [`Engine::called`](crate::Engine::called).
    pub(crate) fn route(
        &self,
        project: &str,
        function: &str,
        version: Option<VersionNumber>,
    ) -> Result<Arc<Deployed>, Error> {
        let snapshot = self.catalog.read();
        let found = snapshot.function(project, function)?;
        // Only calls that could go either way are counted.
        let candidate = if version.is_none() {
            found.candidate()
        } else {
            None
        };
        match candidate {
            Some(candidate) => Ok(Arc::clone(candidate)),
            None => version_of(&snapshot, found, version),
        }
    }

    /// Executes a call in an instance of the version.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        call: Call,
    ) -> Result<Executed, Error> {
        if deployed.record().workflow.is_some() {
            return Box::pin(self.run(deployed, call)).await;
        }
        let mut measured = Measured::begin(deployed);
        let (invocation, export) = (call.context.invocation, call.export);
        let spare = self.spare(deployed, &call);
        let asks = (call.context.deadline, call.context.party);
        let (mut lease, loading) = self.lease(deployed, asks, &mut measured).await?;
        let mut called = lease.instance.call(call).await;
        if let (Err(Failure::Lost(_)), Some(spare)) = (&called, spare) {
            called = Box::pin(again(&mut lease.instance, spare, called)).await;
        }
        let cpu_time = lease.instance.cpu_time();
        let queue = measured.admitted(&mut lease);
        drop(lease);
        match called {
            Ok(reply) => {
                let start = loading + reply.start_time;
                measured.executed(start);
                let signature = deployed.signature(export);
                let error = signature.is_some_and(|signature| is_error(signature, reply.result.as_ref()));
                measured.end(error.then_some(ErrorKind::Function));
                Ok(Executed { reply, queue, start })
            }
            Err(failure) => {
                measured.end(Some(ErrorKind::from(&failure)));
                Err(self.failed(deployed, invocation, failure, cpu_time))
            }
        }
    }

    /// What becomes of a call that failed: one with effects that was lost may have had them.
    pub(crate) fn failed(
        &self,
        deployed: &Deployed,
        invocation: Uuid,
        failure: Failure,
        cpu_time: Duration,
    ) -> Error {
        match failure {
            Failure::Lost(loss) if !self.effect_free(deployed) => Error::OutcomeUnknown { invocation, loss },
            Failure::QueueTimeout(waited) => Error::QueueTimeout {
                waited,
                retry_after: RETRY_AFTER,
            },
            failure => Error::Failed {
                invocation,
                failure: Box::new(failure),
                cpu_time,
            },
        }
    }

    /// Whether a version can be executed again unnoticed, as things stand now.
    pub(crate) fn effect_free(&self, deployed: &Deployed) -> bool {
        let record = deployed.record();
        if record.settings.grants.call.is_empty() && record.workflow.is_none() {
            // Its profile may have changed since it was stored.
            return deployed.repeatable();
        }
        self.current(deployed).effect_free
    }

    /// The call once more, for the case that its process is lost under it, where nobody could tell that it was made twice.
    fn spare(&self, deployed: &Deployed, call: &Call) -> Option<Call> {
        let can_be_lost = deployed.level() != Some(Level::Sandbox);
        (can_be_lost && self.effect_free(deployed)).then(|| call.clone())
    }

    /// Runs a version that is a graph of calls.
    async fn run(&self, deployed: &Deployed, call: Call) -> Result<Executed, Error> {
        let invocation = call.context.invocation;
        let failed = |failure| Error::Failed {
            invocation,
            failure: Box::new(failure),
            cpu_time: Duration::ZERO,
        };
        let Some(workflows) = self.workflows.get() else {
            return Err(failed(Failure::Unavailable("no workflows are run here".into())));
        };
        let arguments = self.whole(deployed, &call).map_err(failed)?;
        let reply = workflows
            .call(deployed.record(), arguments, &call.context)
            .await
            .map_err(failed)?;
        Ok(Executed {
            reply,
            queue: Duration::ZERO,
            start: Duration::ZERO,
        })
    }

    /// The arguments of a call as one image.
    fn whole(&self, deployed: &Deployed, call: &Call) -> Result<Image, Failure> {
        if call.attached.is_empty() {
            return Ok(call.arguments.clone());
        }
        let Some(signature) = deployed.signature(call.export) else {
            return Err(Failure::Platform("an export without types was called".to_owned()));
        };
        let bounds = self.config.bounds(deployed.limits.input);
        let whole = call.attached.put_into(&signature.params, &call.arguments, bounds);
        whole.map_err(|error| Failure::Platform(format!("the arguments could not be put together: {error}")))
    }

    /// An instance of the version, by when and for whom it is asked, and how long loading its code took.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        asks: (Instant, Party),
        measured: &mut Measured,
    ) -> Result<(Lease<Instances>, Duration), Error> {
        let leased = match measured.count() {
            Ok(()) => self.try_lease(deployed, asks).await,
            Err(exceeded) => Err(exceeded),
        };
        match &leased {
            Ok((lease, _)) => {
                // Elsewhere what is leased is the right to a call, and the level's own pool knows what was started.
                if deployed.level() == Some(Level::Sandbox) {
                    measured.leased(lease.waited(), lease.is_new());
                }
            }
            Err(error) => measured.refused(error),
        }
        leased
    }

    async fn try_lease(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        (deadline, party): (Instant, Party),
    ) -> Result<(Lease<Instances>, Duration), Error> {
        let (loaded, loading) = match deployed.if_loaded() {
            Some(loaded) => (loaded, Duration::ZERO),
            None => {
                let since = clock();
                // Goes on when this call gives up: the next one finds it done.
                let loaded = timeout_at(deadline.into(), Box::pin(self.loaded(deployed))).await;
                let waited = clock().saturating_duration_since(since);
                (
                    loaded.map_err(|_| Error::QueueTimeout {
                        waited,
                        retry_after: RETRY_AFTER,
                    })??,
                    waited,
                )
            }
        };
        loaded.touch();
        match loaded.pool.lease(deadline.into(), party).await {
            Ok(lease) => Ok((lease, loading)),
            Err(LeaseError::Overloaded { queued }) => Err(Error::Overloaded {
                queued,
                retry_after: RETRY_AFTER,
            }),
            Err(LeaseError::WaitedTooLong(waited)) => Err(Error::QueueTimeout {
                waited,
                retry_after: RETRY_AFTER,
            }),
        }
    }
}
