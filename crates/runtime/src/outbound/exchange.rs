//! One request and its response.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::PathAndQuery;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::channel::{Channel, Done, Driver, Outgoing, Request, Unanswered};
use super::connect::Unconnected;
use super::kept::{Kept, Route};
use super::response::ResponseBody;
use super::target::Target;
use super::{Notice, Sent, Work};

/// A request that was let through and all that its exchange needs.
pub(crate) struct Exchange {
    pub(super) target: Target,
    pub(super) request: http::Request<WasiBody>,
    /// Given back when the response's body is dropped.
    pub(super) place: OwnedSemaphorePermit,
    pub(super) terms: Terms,
}

/// What bounds an exchange.
pub(super) struct Terms {
    pub(super) kept: Arc<Kept>,
    pub(super) private: bool,
    pub(super) options: RequestOptions,
    pub(super) deadline: Instant,
    pub(super) notice: Notice,
}

impl Exchange {
    /// Sends the request and answers at the response's head, by the call's deadline.
    pub(crate) async fn run(self) -> Result<Sent, Error> {
        let Self {
            target,
            request,
            place,
            terms,
        } = self;
        let route = Route::here(target);
        let (request, mut done) = outgoing(request);
        let (response, channel) = terms.ask(&route, request).await?;
        let sent = done.try_recv() == Err(TryRecvError::Closed);
        let work: Work = match sent {
            true => Box::new(std::future::ready(Ok(()))),
            false => Box::new(hold(channel.hold(), done)),
        };
        let loan = terms.kept.lend(route, channel, &response, sent);
        let patience = terms.between_bytes();
        let response = response.map(|body| ResponseBody::new(body, patience, place, loan).boxed_unsync());
        Ok((response, work))
    }
}

/// The request as a server is to see it: path and query alone.
fn outgoing(request: http::Request<WasiBody>) -> (Request, Done) {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().cloned();
    head.uri = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    let (body, done) = Outgoing::new(body);
    (http::Request::from_parts(head, body), done)
}

/// What is left to do where the response came before the end of its request: to hold the connection open until that was sent.
async fn hold(open: Arc<Driver>, done: Done) -> Result<(), Error> {
    // It is never sent anything: the wait ends when the body is dropped.
    let _ = done.await;
    drop(open);
    Ok(())
}

impl Terms {
    /// Gets the response's head, over a kept connection if there is one.
    async fn ask(
        &self,
        route: &Route,
        mut request: Request,
    ) -> Result<(http::Response<Incoming>, Channel), Error> {
        if let Some(mut channel) = self.kept.take(route) {
            match self.in_time(channel.send(request)).await? {
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
                answered => return Ok((answered?, channel)),
            }
        }
        let mut channel = self.connect(route).await?;
        let response = self.in_time(channel.send(request)).await??;
        Ok((response, channel))
    }

    async fn connect(&self, route: &Route) -> Result<Channel, Error> {
        let patience = shorter(self.options.connect_timeout, self.kept.client.settings.connect);
        let opening = self.kept.open(route, self.private, patience);
        let opened = timeout_at(self.deadline, opening)
            .await
            .map_err(|_| Error::HttpResponseTimeout)?;
        opened.map_err(|error| match error {
            Unconnected::Failed(error) => error,
            Unconnected::Busy(why) => {
                self.notice.refused(&route.target, &why);
                Error::ConnectionLimitReached
            }
            Unconnected::Prohibited(what) => {
                self.notice.prohibited(&route.target, what);
                Error::DestinationIpProhibited
            }
        })
    }

    /// Waits for a response's head no longer than the guest wants to and the call may.
    async fn in_time<T>(&self, head: impl Future<Output = T>) -> Result<T, Error> {
        let patience = shorter(
            self.options.first_byte_timeout,
            self.kept.client.settings.first_byte,
        );
        let patient = Instant::now() + patience;
        let (until, late) = match patient < self.deadline {
            true => (patient, Error::ConnectionReadTimeout),
            false => (self.deadline, Error::HttpResponseTimeout),
        };
        timeout_at(until, head).await.map_err(|_| late)
    }

    fn between_bytes(&self) -> Duration {
        shorter(
            self.options.between_bytes_timeout,
            self.kept.client.settings.between_bytes,
        )
    }
}

/// What the guest asked for, but no longer than the platform allows.
fn shorter(asked: Option<Duration>, most: Duration) -> Duration {
    asked.map_or(most, |asked| asked.min(most))
}
