//! The API as a service: what every request passes through, whichever route it takes.

use std::any::Any;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, Request, Response, Uri};
use http_body::Body;
use tower::ServiceExt;
use weft_access::{Access, AuditStore, Retention};
use weft_function_engine::Engine;
use weft_function_engine::port::{BodyError, TraceContext};
use weft_quotas::Quotas;
use weft_secrets::Vault;
use weft_types::{FunctionName, ProjectName, VersionNumber};
use weft_webhooks::Webhooks;
use weft_workflow_engine::port::blob_store::BlobStore;

use crate::access;
use crate::audit::{Audit, Peer};
use crate::backups::Backups;
use crate::body::ResponseBody;
use crate::cors::{self, Origins};
use crate::exchange::{Exchange, Observer, Recorded, Recorder};
use crate::fast::{self, Callee};
use crate::functions::FunctionsService;
use crate::guard::{self, Hosts};
use crate::headers;
use crate::metrics::{Metrics, Route};
use crate::problem::{Kind, Problem};
use crate::refusal::Refusals;
use crate::serve::{Inbound, Service};
use crate::shutdown::Draining;
use crate::workflows::Workflows;
use crate::{call, routes};

/// How the API behaves.
#[derive(Clone)]
pub struct Options {
    /// Hosts that requests may name. Default: the names of loopback.
    pub hosts: Hosts,
    /// Other origins whose pages may use the API. Default: none.
    pub origins: Origins,
    /// Longest head of a request in bytes; where it is longer, a problem says so. Default 32 KiB.
    pub header_bytes: usize,
    /// Longest time without any part of a request's body. Default 30 s.
    pub body_idle: Duration,
    /// How long it takes to be refused for want of room; zero for no time. Default 250 ms.
    pub refusal_pause: Duration,
    /// Refusals that are held back so at once; more are said without delay. Default 4,096.
    pub refusals: usize,
    /// Writes finished requests down.
    pub access_log: Option<Arc<dyn Observer>>,
    /// Makes spans of finished requests. Where there is one, traces that begin here are marked as sampled.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hosts: Hosts::new([]),
            origins: Origins::default(),
            header_bytes: 32 << 10,
            body_idle: Duration::from_secs(30),
            refusal_pause: Duration::from_millis(250),
            refusals: 4_096,
            access_log: None,
            observer: None,
        }
    }
}

/// What requests are answered with; cheap to clone.
#[derive(Clone)]
pub struct Api {
    context: Arc<Context>,
    router: axum::Router<Arc<Context>>,
}

/// What every handler may need.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) engine: Engine,
    /// Present where people are asked who they are.
    pub(crate) access: Option<Arc<Access>>,
    /// Present where secrets are kept.
    pub(crate) secrets: Option<Arc<Vault>>,
    /// Present where projects have quotas.
    pub(crate) quotas: Option<Arc<Quotas>>,
    /// Present where changes are written down.
    pub(crate) audit: Option<Audit>,
    /// Present where workflows are run.
    pub(crate) workflows: Option<Workflows>,
    /// Present where the end of runs is told to others.
    pub(crate) webhooks: Option<Webhooks>,
    /// Present where blobs are kept.
    pub(crate) blobs: Option<Arc<dyn BlobStore>>,
    /// Present where backups can be made.
    pub(crate) backups: Option<Arc<dyn Backups>>,
    pub(crate) options: Options,
    pub(crate) metrics: Metrics,
    pub(crate) draining: Draining,
    pub(crate) refusals: Arc<Refusals>,
    /// The API's own description.
    pub(crate) openapi: Bytes,
}

impl Context {
    /// Who keeps tokens and members.
    pub(crate) fn access(&self) -> Result<&Arc<Access>, Problem> {
        let none = || Problem::new(Kind::NotFound, "this server asks nobody who they are");
        self.access.as_ref().ok_or_else(none)
    }

    /// Who keeps secrets.
    pub(crate) fn secrets(&self) -> Result<&Arc<Vault>, Problem> {
        let none = || Problem::new(Kind::NotFound, "this server keeps no secrets");
        self.secrets.as_ref().ok_or_else(none)
    }

    /// Who keeps quotas.
    pub(crate) fn quotas(&self) -> Result<&Arc<Quotas>, Problem> {
        let none = || Problem::new(Kind::NotFound, "this server limits no project");
        self.quotas.as_ref().ok_or_else(none)
    }

    /// Refuses a project that is not there.
    pub(crate) fn check_project(&self, project: &ProjectName) -> Result<(), Problem> {
        match self.engine.projects().contains(project) {
            true => Ok(()),
            false => Err(weft_function_engine::Error::NoProject(project.to_string()).into()),
        }
    }

    /// Who runs workflows.
    pub(crate) fn workflows(&self) -> Result<&Workflows, Problem> {
        let none = || Problem::new(Kind::NotFound, "this server runs no workflows");
        self.workflows.as_ref().ok_or_else(none)
    }

    /// Who keeps blobs.
    pub(crate) fn blobs(&self) -> Result<&dyn BlobStore, Problem> {
        let none = || Problem::new(Kind::NotFound, "this server keeps no blobs");
        self.blobs.as_deref().ok_or_else(none)
    }

    /// Who makes backups.
    pub(crate) fn backups(&self) -> Result<&dyn Backups, Problem> {
        let none = || Problem::new(Kind::NotFound, "this server makes no backups");
        self.backups.as_deref().ok_or_else(none)
    }

    /// Who tells others of the end of runs.
    pub(crate) fn webhooks(&self) -> Result<&Webhooks, Problem> {
        let none = || Problem::new(Kind::WebhookNotAllowed, "this server delivers no webhooks");
        self.webhooks.as_ref().ok_or_else(none)
    }

    /// Refuses what is no workflow.
    pub(crate) fn check_workflow(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Result<(), Problem> {
        match self.engine.version(project, function, version)?.workflow {
            Some(_) => Ok(()),
            None => Err(routes::not_a_workflow(function)),
        }
    }
}

impl Api {
    /// Serves `engine`. Adds its counts to the engine's metrics.
    pub fn new(engine: Engine, workflows: Option<Workflows>, options: Options, draining: Draining) -> Self {
        let (router, openapi) = routes::build();
        let metrics = Metrics::default();
        engine.metrics().register(metrics.collector());
        let context = Arc::new(Context {
            engine,
            access: None,
            secrets: None,
            quotas: None,
            audit: None,
            workflows,
            webhooks: None,
            blobs: None,
            backups: None,
            refusals: Arc::new(Refusals::new(options.refusals, options.refusal_pause)),
            options,
            metrics,
            draining,
            openapi,
        });
        Self { context, router }
    }

    /// Serves blobs, too.
    #[must_use]
    pub fn with_blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        Arc::make_mut(&mut self.context).blobs = Some(blobs);
        self
    }

    /// Makes backups, too.
    #[must_use]
    pub fn with_backups(mut self, backups: Arc<dyn Backups>) -> Self {
        Arc::make_mut(&mut self.context).backups = Some(backups);
        self
    }

    /// Asks who one is, too.
    #[must_use]
    pub fn with_access(mut self, access: Arc<Access>) -> Self {
        Arc::make_mut(&mut self.context).access = Some(access);
        self
    }

    /// Keeps secrets, too.
    #[must_use]
    pub fn with_secrets(mut self, vault: Arc<Vault>) -> Self {
        Arc::make_mut(&mut self.context).secrets = Some(vault);
        self
    }

    /// Shows and sets the quotas of projects, too.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Arc<Quotas>) -> Self {
        Arc::make_mut(&mut self.context).quotas = Some(quotas);
        self
    }

    /// Writes changes down, too, and keeps so much of that.
    #[must_use]
    pub fn with_audit(mut self, store: Arc<dyn AuditStore>, keep: Retention) -> Self {
        Arc::make_mut(&mut self.context).audit = Some(Audit::new(store, keep));
        self
    }

    /// Tells others of the end of runs, too.
    #[must_use]
    pub fn with_webhooks(mut self, webhooks: Webhooks) -> Self {
        Arc::make_mut(&mut self.context).webhooks = Some(webhooks);
        self
    }

    /// What one core serves: both services count into counters of its own.
    pub fn core(&self) -> crate::serve::CoreServices<ApiService, FunctionsService> {
        let recorder = Arc::new(Recorder {
            metrics: self.context.metrics.core(),
            access_log: self.context.options.access_log.clone(),
            observer: self.context.options.observer.clone(),
        });
        let api = ApiService(Arc::new(PerCore {
            context: Arc::clone(&self.context),
            router: self.router(),
            recorder: Arc::clone(&recorder),
        }));
        let functions = FunctionsService::new(Arc::clone(&self.context), recorder);
        crate::serve::CoreServices { api, functions }
    }
}

impl Api {
    fn router(&self) -> axum::Router {
        let enforce = axum::middleware::from_fn_with_state(Arc::clone(&self.context), access::enforce);
        let router = self.router.clone().route_layer(enforce);
        router.with_state(Arc::clone(&self.context))
    }
}

/// Answers the API's requests on one core.
#[derive(Clone)]
pub struct ApiService(Arc<PerCore>);

struct PerCore {
    context: Arc<Context>,
    router: axum::Router,
    recorder: Arc<Recorder>,
}

impl Service for ApiService {
    type Body = Recorded;

    fn connected(&self) -> impl Send + 'static {
        self.0.recorder.metrics.connect()
    }

    async fn answer(&self, request: Request<Inbound>, peer: IpAddr) -> Response<Recorded> {
        self.respond(request, peer).await
    }
}

impl ApiService {
    /// Answers a request with a body of any kind.
    pub(crate) async fn respond<B>(&self, request: Request<B>, peer: IpAddr) -> Response<Recorded>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let exchange = Exchange::begin(&self.0.recorder, &request);
        let trace = exchange.trace().context;
        let origin = self.0.context.options.origins.allowed(request.headers()).cloned();
        let answered = AssertUnwindSafe(self.0.dispatch(request, trace, peer))
            .catch_unwind()
            .await;
        let (mut response, route) = answered.unwrap_or_else(|panic| (panicked(&*panic), Route::Unmatched));
        self.0.context.refusals.hold(response.extensions_mut()).await;
        headers::no_sniff(response.headers_mut());
        if let Some(origin) = origin {
            cors::allow(origin, response.headers_mut());
        }
        exchange.answer(response, route)
    }
}

impl PerCore {
    async fn dispatch<B>(
        &self,
        request: Request<B>,
        trace: TraceContext,
        peer: IpAddr,
    ) -> (Response<ResponseBody>, Route)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let (parts, body) = request.into_parts();
        if let Err(problem) = admit(&self.context.options, &parts) {
            return (problem.into_response(), Route::Unmatched);
        }
        if let Some(response) = self.context.options.origins.preflight(&parts) {
            return (response, Route::Unmatched);
        }
        if let Some(Callee { project, function }) = fast::match_call(&parts.method, parts.uri.path()) {
            let named = (project, function);
            let caller = match access::of_call(&self.context, &parts.uri, &parts.headers, named) {
                Ok(caller) => caller,
                Err(problem) => return (problem.into_response(), Route::Invoke),
            };
            let called = call::call(&self.context, &caller, named, &parts, body, trace).await;
            return (called.unwrap_or_else(Problem::into_response), Route::Invoke);
        }
        let mut request = Request::from_parts(parts, axum::body::Body::new(body));
        request.extensions_mut().insert(Peer(peer));
        Box::pin(self.route(request, trace)).await
    }

    async fn route(
        &self,
        mut request: Request<axum::body::Body>,
        trace: TraceContext,
    ) -> (Response<ResponseBody>, Route) {
        request.extensions_mut().insert(trace);
        let mut response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let matched = response.extensions_mut().remove::<axum::extract::MatchedPath>();
        let route = matched.map_or(Route::Unmatched, Route::Matched);
        (response.map(ResponseBody::stream), route)
    }
}

fn admit(options: &Options, parts: &Parts) -> Result<(), Problem> {
    check_size(&parts.uri, &parts.headers, options.header_bytes)?;
    let host = options.hosts.check(&parts.uri, &parts.headers)?;
    if options.origins.allowed(&parts.headers).is_some() {
        return Ok(());
    }
    guard::check_origin(host, &parts.method, parts.uri.path(), &parts.headers)
}

fn check_size(uri: &Uri, headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    let target = uri.path().len() + uri.query().map_or(0, str::len);
    let fields: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let size = target + fields;
    if size <= limit {
        return Ok(());
    }
    let detail = format!("the path, the query and the header fields have {size} bytes, the limit is {limit}");
    Err(Problem::new(Kind::HeaderTooLarge, detail).with("limit", limit))
}

/// The answer of a handler that panicked: a bug, to be found in the log.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Response<ResponseBody> {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("of unknown kind");
    tracing::error!(panic = message, "a request's handler panicked");
    Problem::new(Kind::PlatformFault, Kind::PlatformFault.entry().explanation).into_response()
}
