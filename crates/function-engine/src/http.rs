//! Calls of functions that answer HTTP requests.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use weft_pool::Lease;
use weft_types::version::Flavor;

use crate::deployed::{Deployed, Instances};
use crate::drain::Call;
use crate::invoke::{Measured, Terms};
use crate::metrics::ErrorKind;
use crate::port::{Body, BodyError, Failure, TraceContext};
use crate::{Engine, Error};

/// A response's body, which holds its instance until it has ended or is dropped.
struct Held {
    // Dropped in this order: the body stops the guest before its instance is given back.
    body: Body,
    lease: Option<Lease<Instances>>,
    measured: Measured,
    _under_way: Call,
}

impl Engine {
    /// Has a function answer an HTTP request; returns with the response's head. Dropping the future, or the response's
    /// body, cancels the call.
    ///
    /// # Errors
    /// Where there is no such function, it does not answer HTTP requests, no place is to be had in time, or the call fails
    /// before the head.
    pub async fn serve_http(
        &self,
        project: &str,
        function: &str,
        request: http::Request<Body>,
        trace: TraceContext,
    ) -> Result<http::Response<Body>, Error> {
        let inner = &self.0;
        let under_way = inner.begin()?;
        let deployed = inner.resolve(project, function, None)?;
        check_flavor(&deployed)?;
        let context = deployed.context(Terms::of_outside(trace, &inner.config));
        let invocation = context.invocation;
        let mut measured = Measured::begin(&deployed);
        let (mut lease, loading) = inner.lease(&deployed, context.deadline, &mut measured).await?;
        match lease.instance.http(request, context).await {
            Ok(response) => {
                measured.executed(loading);
                Ok(response.map(|body| {
                    Body::new(Held {
                        body,
                        lease: Some(lease),
                        measured,
                        _under_way: under_way,
                    })
                }))
            }
            Err(failure) => {
                measured.end(Some(ErrorKind::from(&failure)));
                Err(inner.failed(&deployed, invocation, failure, Duration::ZERO))
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

impl Held {
    /// The body came to its end: let go of it, then of the instance.
    fn end(&mut self, error: Option<ErrorKind>) {
        self.body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        self.lease = None;
        self.measured.end(error);
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.end(None),
            Poll::Ready(Some(Err(error))) => {
                let kind = error
                    .downcast_ref::<Failure>()
                    .map_or(ErrorKind::Platform, ErrorKind::from);
                self.end(Some(kind));
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => (),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Nobody needs to ask a body for more when it says that it has ended.
        if self.body.is_end_stream() {
            self.measured.end(None);
        }
    }
}
