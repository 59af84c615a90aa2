//! The listener for functions that answer HTTP requests themselves.
//!
//! What they answer is not ours: it is served from a listener, and so from an origin, of its own, apart from the API.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use weft_function_engine::port::{BodyError, TraceContext};

use crate::access;
use crate::api::{Context, panicked};
use crate::body::ResponseBody;
use crate::call::explain;
use crate::exchange::{Exchange, Recorded, Recorder};
use crate::headers;
use crate::metrics::Route;
use crate::problem::{Kind, Problem};
use crate::serve::{Inbound, Service};
use crate::trace::{self, TRACEPARENT};

mod hops;
mod target;

use target::Target;

/// Passes requests to functions, on one core.
#[derive(Clone)]
pub struct FunctionsService(Arc<PerCore>);

struct PerCore {
    context: Arc<Context>,
    recorder: Arc<Recorder>,
}

impl FunctionsService {
    pub(crate) fn new(context: Arc<Context>, recorder: Arc<Recorder>) -> Self {
        Self(Arc::new(PerCore { context, recorder }))
    }

    /// Answers a request with a body of any kind.
    pub(crate) async fn respond<B>(&self, request: Request<B>) -> Response<Recorded>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let exchange = Exchange::begin(&self.0.recorder, &request);
        let trace = exchange.trace().context;
        let answered = AssertUnwindSafe(self.0.pass(request, trace)).catch_unwind().await;
        let mut response = match answered {
            Ok(Ok(response)) => response,
            Ok(Err(problem)) => problem.into_response(),
            Err(panic) => panicked(&*panic),
        };
        self.0.context.refusals.hold(response.extensions_mut()).await;
        exchange.answer(response, Route::Functions)
    }
}

impl Service for FunctionsService {
    type Body = Recorded;

    fn connected(&self) -> impl Send + 'static {
        self.0.recorder.metrics.connect()
    }

    async fn answer(&self, request: Request<Inbound>, _: IpAddr) -> Response<Recorded> {
        self.respond(request).await
    }
}

impl PerCore {
    async fn pass<B>(
        &self,
        request: Request<B>,
        trace: TraceContext,
    ) -> Result<Response<ResponseBody>, Problem>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let (mut parts, body) = request.into_parts();
        self.context.options.hosts.check(&parts.uri, &parts.headers)?;
        let uri = std::mem::take(&mut parts.uri);
        let Target {
            project,
            function,
            base,
            rest,
        } = Target::of(&uri).ok_or_else(|| nowhere(&uri))?;

        parts.uri = rest.parse().map_err(|_| nowhere(&uri))?;
        let asked = access::Asked::of_http(project, function);
        let presented = access::of_function(&parts.headers);
        let caller = access::authorize(&self.context, asked, presented)?;
        access::remove(&mut parts.headers);
        access::vouch(&caller, &mut parts.headers);
        hops::remove(&mut parts.headers);
        parts
            .headers
            .insert(headers::BASE_PATH, headers::ascii(base.as_bytes()));
        parts.headers.insert(TRACEPARENT, trace::header(&trace));

        let body = body.map_err(Into::into).boxed_unsync();
        let request = Request::from_parts(parts, body);
        let called = self
            .context
            .engine
            .serve_http(project, function, request, caller.party(), trace)
            .await;
        let mut response = called.map_err(|error| explain(error, project, function))?;
        hops::remove(response.headers_mut());
        Ok(response.map(ResponseBody::stream))
    }
}

fn nowhere(uri: &Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(
        Kind::NotFound,
        format!(
            "there is nothing at `{}`: functions are served at `/{{project}}/{{function}}/…`, the API on a listener of \
             its own",
            path.escape_debug(),
        ),
    )
}
