//! Requests that guests send to other hosts, from where they execute to where they may be sent.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use weft_types::{Grants, ProjectName};

use super::{Boxed, CallContext};

/// A body on its way between a guest and another host.
pub type OutboundBody = UnsyncBoxBody<Bytes, OutboundError>;

/// Judges and sends requests, where guests execute in other processes.
pub trait Gateway: Send + Sync + 'static {
    /// What the calls of a version of a project with these grants may reach.
    fn reach(&self, project: &ProjectName, grants: &Grants) -> Arc<dyn Reach>;
}

/// What the calls of a version may reach, with what they have in common.
pub trait Reach: Send + Sync + 'static {
    /// What a call sends its requests through.
    fn open(&self, context: &CallContext) -> Arc<dyn Outbound>;
}

/// Sends the requests of one call.
pub trait Outbound: Send + Sync + 'static {
    /// Sends a request, if that was granted; answers at the response's head. Dropping the body ends the exchange.
    fn send(
        &self,
        request: http::Request<OutboundBody>,
        patience: Patience,
    ) -> Boxed<'static, Result<http::Response<OutboundBody>, OutboundError>>;
}

/// How long a guest waits; none leaves it to the platform, which has bounds of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// For the connection.
    pub connect: Option<Duration>,
    /// From the request to the response's head.
    pub first_byte: Option<Duration>,
    /// Between two pieces of a response's body.
    pub between_bytes: Option<Duration>,
}

/// Why a request failed, by the name that WASI gives to it, such as `connection-refused`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}{}", .detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
pub struct OutboundError {
    /// A case of `wasi:http/types.error-code`.
    pub code: String,
    /// What that case says beside its name.
    pub detail: Option<String>,
}
