//! Calls of functions that answer HTTP requests.

use std::time::Duration;

use weft_pool::{Lease, Level, Party};
use weft_types::version::Flavor;

use crate::deployed::{Deployed, Instances};
use crate::engine::Inner;
use crate::invoke::{AGAIN, Measured, Terms, clock};
use crate::metrics::ErrorKind;
use crate::port::{Body, CallContext, Failure, Loss, TraceContext};
use crate::{Engine, Error};

mod held;
mod replay;

use held::{Held, Holding};
use replay::Replay;

impl Engine {
    /// Has a function answer an HTTP request of a `party`; returns with the response's head. Dropping the future, or the response's
    /// body, cancels the call; so does a client that has not taken the body five seconds after the call must have ended.
    ///
    /// # Errors
    /// Where there is no such function, it does not answer HTTP requests, no place is to be had in time, or the call fails
    /// before the head.
    pub async fn serve_http(
        &self,
        project: &str,
        function: &str,
        request: http::Request<Body>,
        party: Party,
        trace: TraceContext,
    ) -> Result<http::Response<Body>, Error> {
        let inner = &self.0;
        let under_way = inner.begin()?;
        let deployed = inner.route(project, function, None)?;
        check_flavor(&deployed)?;
        let terms = Terms::of_outside(trace, party, &inner.config);
        let timeout = deployed.timeout(&terms);
        let context = deployed.context(terms);
        let (invocation, deadline) = (context.invocation, context.deadline);
        let mut measured = Measured::begin(&deployed);
        let (mut lease, loading) = inner.lease(&deployed, (deadline, party), &mut measured).await?;
        let answered = inner.answer(&deployed, &mut lease, request, context).await;
        measured.admitted(&mut lease);
        match answered {
            Ok(response) => {
                measured.executed(loading);
                measured.answered(response.status());
                Ok(response.map(|body| {
                    let holding = Holding {
                        body,
                        _lease: lease,
                        measured,
                        _under_way: under_way,
                    };
                    Body::new(Held::new(holding, timeout, deadline))
                }))
            }
            Err(failure) => {
                measured.end(Some(ErrorKind::from(&failure)));
                Err(inner.failed(&deployed, invocation, failure, Duration::ZERO))
            }
        }
    }
}

impl Inner {
    /// Passes a request on; once more where its process was lost before it answered, as long as there is time and nobody could
    /// tell that it was passed on twice.
    async fn answer(
        &self,
        deployed: &Deployed,
        lease: &mut Lease<Instances>,
        request: http::Request<Body>,
        context: CallContext,
    ) -> Result<http::Response<Body>, Failure> {
        if deployed.level() == Some(Level::Sandbox) {
            return lease.instance.http(request, context).await;
        }
        let effect_free = self.effect_free(deployed);
        let (parts, body) = request.into_parts();
        let body = Replay::new(body);
        let (mut tries, mut lost) = (0, None);
        loop {
            // It is there for whoever is first, and looked for below before the next try.
            let Some(again) = body.take() else {
                return Err(Failure::Platform("the body of a request was lost".to_owned()));
            };
            tries += 1;
            let request = http::Request::from_parts(parts.clone(), again);
            let answered = lease.instance.http(request, context.clone()).await;
            let failure = match (answered, lost.take()) {
                // How it was lost says more than that another could not be started.
                (Err(Failure::Unstarted(Loss::HeldBack { .. })), Some(before)) => return Err(before),
                // Whatever ended the first may have ended the next as it started.
                (Err(Failure::Unstarted(loss)), Some(before)) => {
                    tracing::debug!(%loss, "no other process could be started yet");
                    lost = Some(before.clone());
                    before
                }
                // Whoever said so has waited already.
                (held @ Err(Failure::Unstarted(Loss::HeldBack { .. })), None) => return held,
                // Nothing of it was executed.
                (Err(Failure::Unstarted(loss)), None) => Failure::Unstarted(loss),
                (Err(Failure::Lost(loss)), _) if effect_free => {
                    lost = Some(Failure::Lost(loss.clone()));
                    Failure::Lost(loss)
                }
                (answered, _) => return answered,
            };
            if tries > AGAIN || clock() >= context.deadline || !body.is_kept() {
                return Err(failure);
            }
        }
    }
}

fn check_flavor(deployed: &Deployed) -> Result<(), Error> {
    if deployed.record().inspection.flavor == Flavor::Http {
        return Ok(());
    }
    Err(Error::NotCallable {
        export: deployed.record().function.to_string(),
        reason: "it answers no HTTP requests; call its typed exports with `invoke`".into(),
    })
}
