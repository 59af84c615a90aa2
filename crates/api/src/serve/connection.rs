//! One connection.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use weft_function_engine::port::BodyError;

use super::inbound::{Inbound, Unread};
use super::lingering::Lingering;
use super::{Config, Tls};

/// The smallest buffer hyper accepts.
const MIN_BUFFER: usize = 8192;
/// Bytes of a response that are buffered before the client must take some.
const BUFFER: usize = 256 << 10;

/// Answers requests; cloned for each connection.
pub trait Service: Clone + Send + 'static {
    /// The responses' bodies.
    type Body: Body<Data = Bytes, Error: Into<BodyError>> + Send + 'static;

    /// Takes note of a connection for as long as the answer lives.
    fn connected(&self) -> impl Send + 'static;

    /// Answers one request, which came from this address. Dropping the future means that nobody waits any longer.
    fn answer(
        &self,
        request: Request<Inbound>,
        peer: IpAddr,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// How connections are spoken to.
pub(super) struct Speaking {
    http: http1::Builder,
    tls: Option<Tls>,
    /// How long a client may take to agree on how to encrypt.
    handshake: Duration,
    /// How long a client may take nothing of its answer.
    stall: Duration,
}

impl Speaking {
    pub(super) fn new(config: &Config) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_header_size(config.header_bytes.max(MIN_BUFFER))
            .max_buf_size(BUFFER.max(config.header_bytes))
            // Off, as with it hyper never sends what it answers to a head that is too large or malformed; and it would copy
            // bodies into one buffer with their heads.
            .pipeline_flush(false)
            // A client that closes its side is gone: only so does hyper watch for that while a call executes, and drops it.
            .half_close(false);
        Self {
            http,
            tls: config.tls.clone(),
            handshake: config.header_timeout,
            stall: config.stall_timeout,
        }
    }

    /// Serves a connection until it ends.
    pub(super) fn spawn<S: Service>(
        &self,
        watcher: Watcher,
        ((stream, peer), permit): ((TcpStream, IpAddr), OwnedSemaphorePermit),
        service: S,
    ) {
        let Some(tls) = &self.tls else {
            let how = (self.http.clone(), self.stall);
            tokio::spawn(serve(how, watcher, (stream, peer), permit, service));
            return;
        };
        let (how, handshake) = ((self.http.clone(), self.stall), self.handshake);
        let accepting = tls.accept(stream);
        tokio::spawn(async move {
            match tokio::time::timeout(handshake, accepting).await {
                Ok(Ok(stream)) => serve(how, watcher, (stream, peer), permit, service).await,
                Ok(Err(error)) => tracing::debug!(%error, "a client did not agree on how to encrypt"),
                Err(_) => tracing::debug!("a client took too long to agree on how to encrypt"),
            }
        });
    }
}

async fn serve<S: Service>(
    (http, stall): (http1::Builder, Duration),
    watcher: Watcher,
    (stream, peer): (impl AsyncRead + AsyncWrite + Unpin + Send + 'static, IpAddr),
    permit: OwnedSemaphorePermit,
    service: S,
) {
    let open = service.connected();
    let unread = Unread::default();
    let lingering = Lingering::new(stream, unread.clone(), stall);
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, unread) = (service.clone(), unread.clone());
        let request = request.map(|body| Inbound::new(body, unread.clone()));
        async move {
            let mut response = service.answer(request, peer).await;
            if unread.ends_connection() {
                // Said, or the client would send its next request into a connection that is being closed.
                response
                    .headers_mut()
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    if let Err(error) = watcher.watch(http.serve_connection(lingering, answer)).await {
        // Clients that go away in the middle, or speak something else: their business, but of use when searching.
        tracing::debug!(%error, "connection ended early");
    }
    drop((open, permit));
}
