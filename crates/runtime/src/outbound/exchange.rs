//! One request and its response.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use http::Uri;
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::connect::{Client, Connection, Unconnected};
use super::response::ResponseBody;
use super::target::Target;
use super::{Notice, Sent, Work};

/// A request that was let through and all that its exchange needs.
pub(super) struct Exchange {
    pub(super) client: Arc<Client>,
    pub(super) private: bool,
    pub(super) target: Target,
    pub(super) request: http::Request<WasiBody>,
    pub(super) options: RequestOptions,
    pub(super) deadline: Instant,
    /// Given back when the response's body is dropped.
    pub(super) place: OwnedSemaphorePermit,
    pub(super) notice: Notice,
}

impl Exchange {
    /// Connects, sends the request and answers at the response's head, by the call's deadline.
    pub(super) async fn run(self) -> Result<Sent, Error> {
        let deadline = self.deadline;
        tokio::time::timeout_at(deadline, self.send())
            .await
            .unwrap_or(Err(Error::HttpResponseTimeout))
    }

    async fn send(self) -> Result<Sent, Error> {
        let settings = &self.client.settings;
        let patience = shorter(self.options.connect_timeout, settings.connect);
        let first_byte = shorter(self.options.first_byte_timeout, settings.first_byte);
        let between_bytes = shorter(self.options.between_bytes_timeout, settings.between_bytes);
        let connection = self.client.connect(&self.target, self.private, patience).await;
        let connection = connection.map_err(|error| match error {
            Unconnected::Failed(error) => error,
            Unconnected::Prohibited(what) => {
                self.notice.prohibited(&self.target, what);
                Error::DestinationIpProhibited
            }
        })?;
        let (head, work) = speak(connection, self.request, first_byte, settings.head).await?;
        let place = self.place;
        let response = head.map(|body| ResponseBody::new(body, between_bytes, place).boxed_unsync());
        Ok((response, work))
    }
}

/// What the guest asked for, but no longer than the platform allows.
fn shorter(asked: Option<Duration>, most: Duration) -> Duration {
    asked.map_or(most, |asked| asked.min(most))
}

/// Sends `request` over a fresh connection. What is left to do for its bodies is answered beside the response's head.
async fn speak(
    connection: Box<dyn Connection>,
    mut request: http::Request<WasiBody>,
    patience: Duration,
    head: usize,
) -> Result<(http::Response<hyper::body::Incoming>, Work), Error> {
    *request.uri_mut() = origin_form(request.uri())?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(head.max(MIN_HEAD));
    let (mut sender, work) = builder.handshake(TokioIo::new(connection)).await?;
    let mut work = Box::pin(work.fuse());
    let answered = async {
        let mut response = std::pin::pin!(sender.send_request(request));
        tokio::select! {
            biased;
            response = &mut response => response,
            // The connection may end right after it brought the response.
            ended = &mut work => match ended {
                Ok(()) => response.await,
                Err(error) => Err(error),
            },
        }
    };
    let response = tokio::time::timeout(patience, answered)
        .await
        .map_err(|_| Error::ConnectionReadTimeout)??;
    let rest = async move {
        if work.is_terminated() {
            Ok(())
        } else {
            Ok(work.await?)
        }
    };
    Ok((response, Box::new(rest)))
}

/// The smallest buffer that the HTTP library takes, in bytes.
const MIN_HEAD: usize = 8192;

/// Path and query alone: what a server is asked for.
fn origin_form(uri: &Uri) -> Result<Uri, Error> {
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    Uri::builder()
        .path_and_query(path)
        .build()
        .map_err(|_| Error::HttpRequestUriInvalid)
}
