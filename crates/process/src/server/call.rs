//! Calls of a worker, from the server's side.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep_until, timeout_at};
use weft_function_engine::port::{Body, BodyError, Call, CallContext, Failure, Loss, Outbound, Reply};
use weft_isolation::protocol::{AttachedStream, Call as Said, Header, StreamId, Target, ToWorker};
use weft_pool::SharedLease;
use weft_types::Signature;
use weft_types::image::{Attached, Bounds, Image};

use super::code::Workers;
use super::connection::{Connection, OfCall};
use crate::streams::{self, Arrivals, Arriving, Credit};
use crate::{head, terms};

/// Most elements in the lists of a result.
const MAX_ELEMENTS: usize = 4_000_000;
/// Attachments that come to so many bytes at most, the image included, are sent within it.
const PUT_IN: usize = 1 << 20;

/// A call that the worker has not ended.
pub(super) struct Open {
    pub(super) context: CallContext,
    pub(super) began: Instant,
    done: oneshot::Sender<Outcome>,
    head: Option<oneshot::Sender<Head>>,
    /// What the worker sends.
    pub(super) incoming: HashMap<StreamId, Arrivals>,
    /// What is sent to it.
    pub(super) outgoing: HashMap<StreamId, Credit>,
    /// The number of the next of those.
    pub(super) next: u32,
    /// What goes on on its behalf; ends with it.
    pub(super) tasks: Option<JoinSet<()>>,
    /// From its first request to another host on.
    pub(super) outbound: Option<Arc<dyn Outbound>>,
    /// Its place in the worker, which it has until the worker has ended it: whoever goes away sooner frees none.
    lease: SharedLease<Workers>,
}

/// How a call ended.
pub(super) type Outcome = Result<Returned, Failure>;

pub(super) struct Returned {
    pub(super) result: Option<Bytes>,
    pub(super) cpu_time: Duration,
    pub(super) start_time: Duration,
}

/// The head of a response, and its body where it has one.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Vec<Header>,
    pub(super) body: Option<Arriving<OfCall>>,
    pub(super) length: Option<u64>,
}

impl Open {
    fn new(context: CallContext, lease: SharedLease<Workers>) -> (Self, oneshot::Receiver<Outcome>) {
        let (done, ended) = oneshot::channel();
        let open = Self {
            context,
            began: Instant::now(),
            done,
            head: None,
            incoming: HashMap::new(),
            outgoing: HashMap::new(),
            next: 0,
            tasks: None,
            outbound: None,
            lease,
        };
        (open, ended)
    }

    /// Numbers a stream to the worker.
    pub(super) fn stream(&mut self) -> (StreamId, Credit) {
        let (stream, credit) = (StreamId(self.next), Credit::new());
        self.next += 2;
        self.outgoing.insert(stream, credit.clone());
        (stream, credit)
    }

    pub(super) fn respond(&mut self, head: Head) {
        if let Some(sender) = self.head.take() {
            // Nobody may wait for it any longer.
            let _ = sender.send(head);
        }
    }

    pub(super) fn end(self, outcome: Outcome) {
        let Self { done, lease, .. } = self;
        // Whoever hears of the end may call again at once.
        drop(lease);
        let _ = done.send(outcome);
    }
}

impl Connection {
    /// Executes a call of a typed export in the place of `lease`. Dropping the future cancels it.
    pub(super) async fn call(
        self: &Arc<Self>,
        call: Call,
        lease: SharedLease<Workers>,
    ) -> Result<Reply, Failure> {
        let Call {
            export,
            arguments,
            attached,
            context,
        } = call;
        let exports = &self.plan.record.inspection.exports;
        let signature = exports.get(export).and_then(|export| export.signature());
        let signature =
            signature.ok_or_else(|| Failure::Platform(format!("export {export} cannot be called")))?;
        let (arguments, attached) = put_in(signature, arguments, attached);
        let (mut open, ended) = Open::new(context.clone(), lease);
        let mut bodies = Vec::new();
        let mut streams = Vec::new();
        for attachment in attached.iter() {
            let (stream, credit) = open.stream();
            bodies.push((stream, credit, attachment.bytes.clone()));
            streams.push(AttachedStream {
                // Both are places among a few parameters, and lengths of what is in memory.
                parameter: attachment.parameter as u32,
                length: attachment.bytes.len() as u64,
                stream,
            });
        }
        let said = Said {
            target: Target::Export(export as u32),
            bounds: terms::bounds(&context),
            attached: streams,
        };
        let message = ToWorker::Call(Box::new(said));
        let id = self.open(open, message, arguments.as_bytes().clone())?;
        let mut under_way = UnderWay::new(self, id);
        for (stream, credit, bytes) in bodies {
            under_way.send(
                stream,
                credit,
                Full::new(bytes).map_err(|never| match never {}).boxed_unsync(),
            );
        }
        let returned = under_way.ended(ended, &context).await?;
        let result = match (&signature.result, returned.result) {
            (None, None) => None,
            (Some(ty), Some(bytes)) => {
                let bounds = Bounds {
                    bytes: usize::try_from(context.output).unwrap_or(usize::MAX),
                    elements: MAX_ELEMENTS,
                };
                let image = Image::from_bytes(bytes, ty, bounds);
                Some(image.map_err(|error| self.lied(&error.to_string()))?)
            }
            (Some(_), None) | (None, Some(_)) => {
                return Err(self.lied("a result where none belongs, or none where one does"));
            }
        };
        Ok(Reply {
            result,
            cpu_time: returned.cpu_time,
            start_time: returned.start_time,
        })
    }

    /// Executes a call of an HTTP function, up to the head of its response.
    pub(super) async fn http(
        self: &Arc<Self>,
        request: http::Request<Body>,
        context: CallContext,
        lease: SharedLease<Workers>,
    ) -> Result<http::Response<Served>, Failure> {
        let (parts, body) = request.into_parts();
        let (mut open, mut ended) = Open::new(context.clone(), lease);
        let (sender, mut answered) = oneshot::channel();
        open.head = Some(sender);
        let stream = (!body.is_end_stream()).then(|| open.stream());
        let said = Said {
            target: Target::Http {
                head: head::of_request(&parts),
                body: stream.as_ref().map(|(stream, _)| *stream),
            },
            bounds: terms::bounds(&context),
            attached: Vec::new(),
        };
        let id = self.open(open, ToWorker::Call(Box::new(said)), Bytes::new())?;
        let mut under_way = UnderWay::new(self, id);
        if let Some((stream, credit)) = stream {
            under_way.send(stream, credit, body);
        }
        let head = tokio::select! {
            biased;
            head = &mut answered => head.ok(),
            outcome = under_way.ended(&mut ended, &context) => {
                let returned = outcome?;
                // Another core may have heard both since the head was looked for.
                let head = answered.try_recv().map_err(|_| Failure::NoResponse)?;
                ended = already(Ok(returned));
                Some(head)
            }
        };
        // The sender goes only with the call, which tells why it ended.
        let Some(head) = head else {
            under_way.ended(ended, &context).await?;
            return Err(Failure::NoResponse);
        };
        let Head {
            status,
            headers,
            body,
            length,
        } = head;
        let late = Box::pin(sleep_until(
            (context.deadline + self.plan.shared.settings.grace).into(),
        ));
        let served = match body {
            Some(arriving) => Served {
                arriving: Some(arriving),
                last: None,
                left: length,
                error: None,
                ended: Some(ended),
                late,
                under_way,
            },
            None => {
                under_way.ended(ended, &context).await?;
                Served {
                    arriving: None,
                    last: None,
                    left: Some(0),
                    error: None,
                    ended: None,
                    late,
                    under_way,
                }
            }
        };
        let response = head::response(status, headers, served);
        response.map_err(|error| self.lied(&format!("the head of a response that is none: {error}")))
    }

    /// What the worker said cannot be: it is ended.
    pub(super) fn lied(&self, what: &str) -> Failure {
        let loss = Loss::Violated(what.to_owned());
        self.kill(loss.clone());
        Failure::Lost(loss)
    }
}

/// Puts attachments into the image where the whole is small enough to be sent at once: a copy costs less than a stream.
fn put_in(signature: &Signature, arguments: Image, attached: Attached) -> (Image, Attached) {
    let bytes: usize = attached.iter().map(|attachment| attachment.bytes.len()).sum();
    if attached.is_empty() || arguments.as_bytes().len() + bytes > PUT_IN {
        return (arguments, attached);
    }
    let bounds = Bounds {
        bytes: usize::MAX,
        elements: MAX_ELEMENTS,
    };
    match attached.put_into(&signature.params, &arguments, bounds) {
        Ok(whole) => (whole, Attached::default()),
        // It belongs to no list.
        Err(_) => (arguments, attached),
    }
}

/// An end that was heard before it is waited for.
fn already(outcome: Outcome) -> oneshot::Receiver<Outcome> {
    let (done, ended) = oneshot::channel();
    // The receiver is here.
    let _ = done.send(outcome);
    ended
}

/// A call under way. Dropped before its end, it is cancelled.
struct UnderWay {
    of: Arc<OfCall>,
    ended: bool,
}

impl UnderWay {
    fn new(connection: &Arc<Connection>, call: u64) -> Self {
        let of = OfCall {
            connection: Arc::clone(connection),
            call,
        };
        Self {
            of: Arc::new(of),
            ended: false,
        }
    }

    /// Sends a body along with it.
    fn send(&self, stream: StreamId, credit: Credit, body: Body) {
        let OfCall { connection, call } = &*self.of;
        let of = Arc::clone(&self.of);
        let sending = async move {
            // Its receiver learns how it ended.
            let _ = streams::send(body, stream, credit, &*of).await;
        };
        if let Some(open) = connection.state().open.get_mut(call) {
            open.tasks
                .get_or_insert_default()
                .spawn_on(sending, &connection.home);
        }
    }

    /// Waits for the end: the worker's to tell by the deadline, and for a while after it.
    async fn ended(
        &mut self,
        ended: impl Future<Output = Result<Outcome, oneshot::error::RecvError>>,
        context: &CallContext,
    ) -> Outcome {
        let grace = self.of.connection.plan.shared.settings.grace;
        match timeout_at((context.deadline + grace).into(), ended).await {
            Ok(outcome) => {
                self.ended = true;
                // Nobody lets go of a call without saying how it ended.
                outcome.unwrap_or_else(|_| Err(Failure::Platform("a call was forgotten".to_owned())))
            }
            Err(_) => Err(self.hung()),
        }
    }

    /// It did not end in time: the worker is ended.
    fn hung(&mut self) -> Failure {
        self.ended = true;
        let connection = &self.of.connection;
        let loss = Loss::Hung(connection.plan.shared.settings.grace);
        connection.kill(loss.clone());
        Failure::Lost(loss)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let OfCall { connection, call } = &*self.of;
        let call = *call;
        connection.say(call, ToWorker::Cancel, Bytes::new());
        let grace = connection.plan.shared.settings.grace;
        let connection = Arc::clone(connection);
        let home = connection.home.clone();
        home.spawn(async move {
            tokio::time::sleep(grace).await;
            if connection.state().open.contains_key(&call) {
                connection.kill(Loss::Hung(grace));
            }
        });
    }
}

/// The body of a response whose guest may still be writing it. Its last piece leaves when the call has ended, so that whoever
/// has read all of it has also learnt how. Dropping it cancels the call.
pub(super) struct Served {
    arriving: Option<Arriving<OfCall>>,
    /// The last piece, while the end of the call is waited for.
    last: Option<Bytes>,
    /// Bytes to come, where that is known.
    left: Option<u64>,
    /// What the body failed with, where the call does not say better.
    error: Option<String>,
    ended: Option<oneshot::Receiver<Outcome>>,
    /// When the worker must have ended the call.
    late: Pin<Box<Sleep>>,
    under_way: UnderWay,
}

impl Served {
    /// Takes a piece; true where it is the last one.
    fn take(&mut self, bytes: &Bytes) -> bool {
        let length = bytes.len() as u64;
        match &mut self.left {
            Some(left) if length > *left => {
                self.error = Some("the body is longer than its length".to_owned());
                true
            }
            Some(left) => {
                *left -= length;
                *left == 0
            }
            None => false,
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        if let Some(ended) = &mut self.ended {
            let outcome = ready!(Pin::new(ended).poll(cx));
            self.ended = None;
            self.under_way.ended = true;
            if let Ok(Err(failure)) = outcome {
                return Poll::Ready(Err(failure.into()));
            }
        }
        Poll::Ready(match self.error.take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        })
    }
}

impl http_body::Body for Served {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = this.poll_piece(cx);
        if polled.is_ready() || this.ended.is_none() {
            return polled;
        }
        ready!(this.late.as_mut().poll(cx));
        (this.arriving, this.last, this.ended) = (None, None, None);
        Poll::Ready(Some(Err(this.under_way.hung().into())))
    }

    fn is_end_stream(&self) -> bool {
        self.arriving.is_none() && self.last.is_none() && self.ended.is_none() && self.error.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let last = self.last.as_ref().map_or(0, |bytes| bytes.len() as u64);
        match self.left {
            Some(left) => SizeHint::with_exact(left + last),
            None => SizeHint::new(),
        }
    }
}

impl Served {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        while let Some(arriving) = &mut self.arriving {
            match ready!(Pin::new(arriving).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    if self.take(&bytes) {
                        self.arriving = None;
                        self.last = Some(bytes);
                    } else {
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                }
                Some(Err(error)) => {
                    self.error = Some(error);
                    self.arriving = None;
                }
                None => self.arriving = None,
            }
        }
        match ready!(self.poll_end(cx)) {
            Ok(()) => Poll::Ready(self.last.take().map(|bytes| Ok(Frame::data(bytes)))),
            Err(error) => {
                self.last = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}
