//! Outbound HTTP of guests: to granted hosts only, and only to addresses that were checked.
//!
//! A request passes three gates. Its host must be granted; the addresses that its name resolves to are judged one by one (see
//! [`weft_types::reach`]), and the connection goes to an address that passed, never to the name again, so that a name cannot answer one
//! thing to the check and another to the connection; and a call has a bounded number of exchanges at once. Redirects are not
//! followed: a guest that follows one makes a new request, which passes the same gates.
//!
//! Connections are kept for further requests of the same version ([`kept`]).

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};
use weft_function_engine::port::{CallContext, LogSink, Stream, TraceContext};
use weft_types::settings::HostPattern;
use weft_types::{Grants, NodeKey, ProjectName};

use crate::host::Caller;
use crate::reach::{Sent, Work};

mod channel;
mod connect;
mod exchange;
mod kept;
mod lookups;
mod response;
mod secrets;
mod target;

pub use connect::Settings;

pub(crate) use connect::Client;
pub(crate) use exchange::Exchange;
use exchange::Terms;
use kept::Kept;
use secrets::Granted;
use target::Target;

/// What the calls of a version may reach.
pub(crate) struct Access {
    kept: Arc<Kept>,
    hosts: Vec<HostPattern>,
    private: bool,
    secrets: Granted,
}

/// The exchanges of one call; nothing is allocated before the first.
#[derive(Default)]
pub(crate) struct Exchanges {
    places: Option<Arc<Semaphore>>,
    /// Requests of the present call so far.
    requests: u32,
}

impl Access {
    /// What `grants` open up to a version of a project. A pattern that does not read as one covers nothing.
    pub(crate) fn new(project: &ProjectName, grants: &Grants, client: Arc<Client>) -> Self {
        Self {
            secrets: Granted::new(project, grants, Arc::clone(&client.secrets)),
            kept: Arc::new(Kept::new(client)),
            hosts: grants
                .http
                .iter()
                .filter_map(|pattern| pattern.parse().ok())
                .collect(),
            private: grants.private_network,
        }
    }

    fn covers(&self, target: &Target) -> bool {
        self.hosts
            .iter()
            .any(|pattern| pattern.matches(&target.host, target.port, target.default_port()))
    }
}

impl Exchanges {
    /// Takes a place for an exchange, if one is free.
    fn begin(&mut self, most: usize) -> Option<OwnedSemaphorePermit> {
        let places = self.places.get_or_insert_with(|| Arc::new(Semaphore::new(most)));
        Arc::clone(places).try_acquire_owned().ok()
    }

    /// Begins to count anew, for the next call of a reused instance.
    pub(crate) fn reset(&mut self) {
        self.requests = 0;
    }

    /// The number of the next request, from 1.
    fn count(&mut self) -> u32 {
        self.requests = self.requests.saturating_add(1);
        self.requests
    }
}

impl Caller {
    /// Sends a request from this process.
    pub(crate) fn send_directly(
        &mut self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let Self {
            version,
            context,
            exchanges,
        } = self;
        let exchange = version.outbound.admit(exchanges, context, request, options);
        Box::new(async move { exchange?.run().await })
    }
}

impl Access {
    /// Lets a request of a call through the gates that need no waiting.
    pub(crate) fn admit(
        &self,
        exchanges: &mut Exchanges,
        context: &CallContext,
        mut request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Exchange, Error> {
        let target = Target::of(&request)?;
        let notice = Notice {
            invocation: context.invocation,
            logs: Arc::clone(&context.logs),
        };
        if !self.covers(&target) {
            notice.ungranted(&target);
            return Err(Error::HttpRequestDenied);
        }
        if let Err(refused) = self.secrets.put_into(request.headers_mut(), &target) {
            notice.refused(&target, &refused.to_string());
            return Err(Error::HttpRequestDenied);
        }
        let most = self.kept.client.settings.at_once;
        let Some(place) = exchanges.begin(most) else {
            notice.too_many(&target, most);
            return Err(Error::ConnectionLimitReached);
        };
        add_trace(&mut request, &context.trace);
        if let Some(key) = &context.key {
            add_key(&mut request, key, exchanges.count());
        }
        Ok(Exchange {
            target,
            request,
            place,
            terms: Terms {
                kept: Arc::clone(&self.kept),
                private: self.private,
                options,
                deadline: Instant::from_std(context.deadline),
                notice,
            },
        })
    }
}

/// Tells the owner of a function, in its log, why a request was refused and what would let it through.
struct Notice {
    invocation: Uuid,
    logs: Arc<dyn LogSink>,
}

impl Notice {
    fn ungranted(&self, target: &Target) {
        self.refused(
            target,
            &format!("the host is not granted; grant it with `grants.http = [\"{target}\"]`, or `weft deploy --grant-http {target}`"),
        );
    }

    fn too_many(&self, target: &Target, most: usize) {
        self.refused(
            target,
            &format!("the call has {most} requests under way, the most it may have"),
        );
    }

    fn prohibited(&self, target: &Target, what: &str) {
        self.refused(
            target,
            &format!(
                "it leads to {what}; addresses that are not public need `grants.private-network = true`, or `weft deploy --grant-private-network`"
            ),
        );
    }

    fn refused(&self, target: &Target, why: &str) {
        let line = format!("outbound HTTP to `{target}` was refused: {why}");
        self.logs.line(self.invocation, Stream::Stderr, &line);
    }
}

/// Lets the receiver recognise the request when the step that makes it is executed once more.
fn add_key(request: &mut http::Request<WasiBody>, key: &NodeKey, n: u32) {
    const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
    if request.headers().contains_key(IDEMPOTENCY_KEY) {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(format!("{key}-{n}")) {
        request.headers_mut().insert(IDEMPOTENCY_KEY, value);
    }
}

/// Makes the request part of the call's trace, unless the guest did something about it.
fn add_trace(request: &mut http::Request<WasiBody>, trace: &TraceContext) {
    const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    if request.headers().contains_key(TRACEPARENT) {
        return;
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let flags = u8::from(trace.sampled);
    let text = format!("00-{}-{}-{flags:02x}", hex(&trace.trace_id), hex(&trace.span_id));
    if let Ok(value) = HeaderValue::try_from(text) {
        request.headers_mut().insert(TRACEPARENT, value);
    }
}

#[cfg(test)]
mod tests;
