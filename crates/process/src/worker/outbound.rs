//! Requests to other hosts, which the server sends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt, Empty};
use weft_function_engine::port::{Boxed, Outbound, OutboundBody, OutboundError, Patience};
use weft_isolation::protocol::{Answer, Patience as Asks, Request};

use super::Answered;
use super::call::OpenCall;
use crate::failure::micros;
use crate::{head, streams};

/// Through the server, on behalf of one call.
pub(super) struct Through(pub(super) Arc<OpenCall>);

impl Outbound for Through {
    fn send(
        &self,
        request: http::Request<OutboundBody>,
        patience: Patience,
    ) -> Boxed<'static, Result<http::Response<OutboundBody>, OutboundError>> {
        let call = Arc::clone(&self.0);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut stream = None;
            let has_body = !body.is_end_stream();
            let answered = call.request(
                |open| {
                    stream = has_body.then(open);
                    Request::Http {
                        head: head::of_request(&parts),
                        body: stream.as_ref().map(|(stream, _)| *stream),
                        patience: asks(patience),
                    }
                },
                Bytes::new(),
            );
            if let Some((stream, credit)) = stream {
                let voice = Arc::clone(&call);
                // Goes on beside the response, and ends with the call at the latest: then nobody gives credit.
                tokio::spawn(async move { streams::send(body, stream, credit, &*voice).await });
            }
            respond(answered.await.ok())
        })
    }
}

fn respond(answered: Option<Answered>) -> Result<http::Response<OutboundBody>, OutboundError> {
    let Some(Answered { answer, arriving, .. }) = answered else {
        return Err(error("connection-terminated"));
    };
    match answer {
        Answer::Http { status, headers, .. } => {
            let body = match arriving {
                Some(arriving) => arriving
                    .map_err(|_| error("connection-terminated"))
                    .boxed_unsync(),
                None => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            };
            head::response(status, headers, body).map_err(|_| error("HTTP-protocol-error"))
        }
        Answer::HttpFailed { code, detail } => Err(OutboundError { code, detail }),
        _ => Err(error("internal-error")),
    }
}

fn asks(patience: Patience) -> Asks {
    let span = |span: Option<Duration>| span.map(micros);
    Asks {
        connect_us: span(patience.connect),
        first_byte_us: span(patience.first_byte),
        between_bytes_us: span(patience.between_bytes),
    }
}

fn error(code: &str) -> OutboundError {
    OutboundError {
        code: code.to_owned(),
        detail: None,
    }
}
