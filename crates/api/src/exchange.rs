//! One request and its answer, as the access log, the metrics and an observer see them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};

use crate::body::ResponseBody;
use crate::headers;
use crate::metrics::{Core, Route};
use crate::trace::{self, TRACEPARENT, Trace};

/// Is told of every finished request; for access logs and spans. Must not block.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of a request.
    fn finished(&self, request: &Finished<'_>);
}

/// A finished request.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its target.
    pub uri: &'a Uri,
    /// The pattern it matched.
    pub route: &'a str,
    /// What it was answered; 499 where nobody waited for the answer.
    pub status: StatusCode,
    /// Bytes of the response's body.
    pub bytes: u64,
    /// When its head had arrived.
    pub began: SystemTime,
    /// How long it took to the end of the response's body.
    pub took: Duration,
    /// Its invocation, if it was a call.
    pub invocation: Option<&'a HeaderValue>,
    /// Its trace, its span and its caller's span.
    pub trace: &'a Trace,
}

/// What is shared by the requests of one core.
pub(crate) struct Recorder {
    pub(crate) metrics: Arc<Core>,
    pub(crate) access_log: Option<Arc<dyn Observer>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// A request under way. Dropping it records it: with the status it has by then, or as cancelled.
pub(crate) struct Exchange {
    recorder: Arc<Recorder>,
    began: Instant,
    method: Method,
    /// Kept only where somebody will read it.
    uri: Option<Uri>,
    trace: Trace,
    route: Route,
    status: Option<StatusCode>,
    bytes: u64,
    invocation: Option<HeaderValue>,
}

impl Exchange {
    /// Begins with a request whose head has arrived.
    pub(crate) fn begin<B>(recorder: &Arc<Recorder>, request: &Request<B>) -> Self {
        let observed = recorder.observer.is_some();
        Self {
            began: Instant::now(),
            method: request.method().clone(),
            uri: (observed || recorder.access_log.is_some()).then(|| request.uri().clone()),
            trace: trace::begin(request.headers(), observed),
            route: Route::Unmatched,
            status: None,
            bytes: 0,
            invocation: None,
            recorder: Arc::clone(recorder),
        }
    }

    /// The request's trace.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Completes the response's head, and records the request once its body is done.
    pub(crate) fn answer(mut self, mut response: Response<ResponseBody>, route: Route) -> Response<Recorded> {
        let headers = response.headers_mut();
        headers.insert(TRACEPARENT, trace::header(&self.trace.context));
        self.invocation = headers.get(headers::INVOCATION).cloned();
        self.status = Some(response.status());
        self.route = route;
        response.map(|body| Recorded { body, exchange: self })
    }

    fn record(&self) {
        let took = self.began.elapsed();
        let status = self.status.unwrap_or_else(headers::client_closed_request);
        self.recorder
            .metrics
            .count(&self.route, &self.method, status, took);
        let Some(uri) = &self.uri else { return };
        let finished = Finished {
            method: &self.method,
            uri,
            route: self.route.as_str(),
            status,
            bytes: self.bytes,
            began: SystemTime::now()
                .checked_sub(took)
                .unwrap_or(SystemTime::UNIX_EPOCH),
            took,
            invocation: self.invocation.as_ref(),
            trace: &self.trace,
        };
        let Recorder {
            access_log, observer, ..
        } = &*self.recorder;
        for observer in [access_log, observer].into_iter().flatten() {
            observer.finished(&finished);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.record();
    }
}

/// A response's body that records its request when it is done with.
pub struct Recorded {
    body: ResponseBody,
    exchange: Exchange,
}

impl Body for Recorded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            this.exchange.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
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

#[cfg(test)]
mod tests;
