//! Answering HTTP requests by guests, with bodies streamed both ways.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http::{Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use weft_function_engine::port::{Body, Failure};

use crate::code::Loaded;
use crate::execution::Execution;
use crate::failure;
use crate::live::{Head, Live};
use crate::memory::Place;

mod body;

use body::GuestBody;

/// How much of a body is waited for, if the guest has it ready, before the head is answered: small responses then leave in
/// one piece, with their length.
const READ_AHEAD: usize = 64 << 10;

/// A guest that has ended, how, and whether it can serve another call.
type Ended = (Live, wasmtime::Result<()>, bool);

/// A head and, where the guest has ended by then, how, and with what is left for another call.
type Answered = (Response<HyperOutgoingBody>, Option<Result<Option<Live>, Failure>>);

/// A guest that handles a request.
pub(crate) struct Serving {
    execution: Execution<Ended>,
    head: oneshot::Receiver<Head>,
    timeout: Duration,
}

/// What there is of a response at its head.
struct Begun {
    /// Frames read ahead.
    frames: VecDeque<Frame<Bytes>>,
    /// The rest, unless all was read.
    body: Option<HyperOutgoingBody>,
    /// How the guest ended, if it has.
    ended: Option<Result<Option<Live>, Failure>>,
}

impl Serving {
    /// Nothing executes yet.
    pub(crate) fn new(code: Arc<Loaded>, mut live: Live, request: Request<Body>, deadline: Instant) -> Self {
        let (sender, head) = oneshot::channel();
        let meter = live.meter().clone();
        let guest = Box::pin({
            let code = code.clone();
            async move {
                let result = live.serve(&code, with_authority(request), sender).await;
                let stays = result.is_ok() && live.stays(&code).await;
                (live, result, stays)
            }
        });
        let execution = Execution::new(guest, meter, code, deadline);
        Self {
            execution,
            head,
            timeout: deadline.saturating_duration_since(Instant::now()),
        }
    }

    /// Executes until the guest has set the head of its response. Where the guest has ended by then, answers the store as well, if that
    /// can serve another call; else `place` tells where it goes.
    pub(crate) async fn head(
        mut self,
        place: impl FnOnce() -> Option<Place>,
    ) -> Result<(Response<Body>, Option<Live>), Failure> {
        let (head, ended) = std::future::poll_fn(|cx| self.poll_head(cx)).await?;
        let (parts, body) = head.into_parts();
        let mut begun = Begun {
            frames: VecDeque::new(),
            body: Some(body),
            ended,
        };
        std::future::poll_fn(|cx| {
            self.read_ahead(&mut begun, cx);
            Poll::Ready(())
        })
        .await;
        let length = content_length(&parts.headers);
        let Begun { frames, body, ended } = begun;
        let (body, live) = match ended {
            Some(ended) => {
                let live = ended?;
                (GuestBody::new(frames, body, None, length), live)
            }
            None => {
                let guest = body::Running::spawn(self.execution, self.timeout, place());
                (GuestBody::new(frames, body, Some(guest), length), None)
            }
        };
        Ok((Response::from_parts(parts, body.boxed_unsync()), live))
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answered, Failure>> {
        if let Poll::Ready(ended) = self.poll_end(cx) {
            // Unlike a poll, this finds the head even where the task has used up its turn.
            return Poll::Ready(match (self.head.try_recv(), ended) {
                (Ok(head), ended) => of_head(head).map(|head| (head, Some(ended))),
                (Err(_), Ok(_)) => Err(Failure::NoResponse),
                (Err(_), Err(failure)) => Err(failure),
            });
        }
        // A guest that has dropped its means to answer may go on for as long as it may execute.
        if self.head.is_terminated() {
            return Poll::Pending;
        }
        match pin!(&mut self.head).poll(cx) {
            Poll::Ready(Ok(head)) => Poll::Ready(of_head(head).map(|head| (head, None))),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Live>, Failure>> {
        Pin::new(&mut self.execution)
            .poll(cx)
            .map(|ended| end(ended, self.timeout))
    }

    /// Takes what the guest has ready, within bounds.
    fn read_ahead(&mut self, begun: &mut Begun, cx: &mut Context<'_>) {
        let mut read = 0;
        while read < READ_AHEAD {
            let Some(body) = &mut begun.body else { break };
            match Pin::new(body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    read += frame.data_ref().map_or(0, Bytes::len);
                    begun.frames.push_back(frame);
                }
                Poll::Ready(None) => begun.body = None,
                // The body fails again when it is read.
                Poll::Ready(Some(Err(_))) => break,
                Poll::Pending => {
                    if begun.ended.is_some() {
                        break;
                    }
                    match self.poll_end(cx) {
                        Poll::Ready(ended) => begun.ended = Some(ended),
                        Poll::Pending => break,
                    }
                }
            }
        }
    }
}

fn end(ended: Result<Ended, crate::stop::Stop>, timeout: Duration) -> Result<Option<Live>, Failure> {
    let (live, result, stays) = ended.map_err(|stop| failure::of_stop(stop, timeout))?;
    live.end(result, timeout)?;
    Ok(stays.then_some(live))
}

fn of_head(head: Head) -> Result<Response<HyperOutgoingBody>, Failure> {
    head.map_err(|code| Failure::InvalidResult(format!("it answered with the error {code:?}")))
}

/// Guests are promised an authority.
fn with_authority(mut request: Request<Body>) -> Request<Body> {
    let named = request
        .headers()
        .get(HOST)
        .is_some_and(|host| host.to_str().is_ok());
    if request.uri().authority().is_none() && !named {
        request
            .headers_mut()
            .insert(HOST, HeaderValue::from_static("localhost"));
    }
    request
}

fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
