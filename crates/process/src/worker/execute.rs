//! Executing a call, and telling how it ended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Empty};
use weft_function_engine::port::{Body, Call, CallContext, Failure};
use weft_isolation::protocol::{Call as Said, CallBounds, HttpHead, Target, ToHost};
use weft_types::image::{Attached, Attachment, Bounds, Image};

use super::Shared;
use super::call::OpenCall;
use super::host::OfCall;
use super::logs::Lines;
use crate::failure::{micros, told};
use crate::streams::{self, Arriving};
use crate::{head, terms};

/// The arguments were bounded by the server.
const UNBOUNDED: Bounds = Bounds {
    bytes: usize::MAX,
    elements: usize::MAX,
};

/// An answer after a call of so many microseconds of CPU does not wait for others to leave with.
const SLOW_US: u64 = 100;

/// A body that the server sends.
type Streamed = Arriving<OpenCall>;

/// Executes a call to its end, or to that of the interest in it.
pub(super) fn call(
    open: Arc<OpenCall>,
    shared: Arc<Shared>,
    said: Said,
    image: Bytes,
) -> impl Future<Output = ()> + Send + 'static {
    let Said {
        target,
        bounds,
        attached,
    } = said;
    // At once, not when the call has its turn: what arrives must find its place.
    let attached: Vec<(usize, Streamed)> = attached
        .iter()
        .map(|attached| (attached.parameter as usize, open.arriving(attached.stream)))
        .collect();
    let body = match &target {
        Target::Http { body, .. } => body.map(|stream| open.arriving(stream)),
        Target::Export(_) => None,
    };
    async move {
        let executing = async {
            let context = context(&open, &shared, &bounds);
            match target {
                Target::Export(export) => {
                    let arguments = (export as usize, image, attached);
                    typed(&shared, arguments, context).await
                }
                Target::Http { head, .. } => serve(&open, &shared, head, body, context).await,
            }
        };
        end(&open, executing).await;
    }
}

/// What the server hears last of a call.
type Last = (ToHost, Bytes);

async fn end(open: &OpenCall, executing: impl Future<Output = Result<Last, Failure>>) {
    let ended = tokio::select! {
        biased;
        ended = executing => ended,
        () = open.cancelled() => Err(Failure::Cancelled),
    };
    let (message, body) = ended.unwrap_or_else(|failure| (ToHost::Failed(told(failure)), Bytes::new()));
    // Others that execute as long would keep it from leaving.
    let hurries = match &message {
        ToHost::Returned { cpu_us, .. } => *cpu_us >= SLOW_US,
        _ => true,
    };
    open.tell_dropped();
    open.say(message, body);
    if hurries {
        open.hurry();
    }
}

fn context(open: &Arc<OpenCall>, shared: &Arc<Shared>, bounds: &CallBounds) -> CallContext {
    open.allow_lines(bounds.log_lines);
    let lines = Arc::new(Lines(Arc::clone(open)));
    let host = Arc::new(OfCall::new(Arc::clone(open), Arc::clone(shared)));
    terms::context(bounds, lines, host)
}

async fn typed(
    shared: &Arc<Shared>,
    (export, image, arriving): (usize, Bytes, Vec<(usize, Streamed)>),
    context: CallContext,
) -> Result<Last, Failure> {
    let exports = &shared.description.record.inspection.exports;
    let signature = exports.get(export).and_then(|export| export.signature());
    let signature =
        signature.ok_or_else(|| Failure::Platform(format!("export {export} cannot be called")))?;
    let arguments = Image::from_bytes(image, &signature.params, UNBOUNDED)
        .map_err(|error| Failure::Platform(error.to_string()))?;
    let mut attached = Attached::default();
    for (parameter, body) in arriving {
        let bytes = body.collect().await.map_err(Failure::Platform)?.to_bytes();
        attached.push(Attachment { parameter, bytes });
    }
    let mut instance = shared.instance();
    let call = Call {
        export,
        arguments,
        attached,
        context,
    };
    let reply = instance.call(call).await?;
    let reusable = instance.reusable();
    shared.idle.give_back(instance);
    let (cpu, start) = (micros(reply.cpu_time), micros(reply.start_time));
    let result = reply.result.map(|image| image.as_bytes().clone());
    Ok((
        returned(result.is_some(), cpu, start, reusable),
        result.unwrap_or_default(),
    ))
}

async fn serve(
    open: &Arc<OpenCall>,
    shared: &Shared,
    head: HttpHead,
    body: Option<Streamed>,
    context: CallContext,
) -> Result<Last, Failure> {
    let body = match body {
        Some(arriving) => Body::new(arriving.map_err(Into::into)),
        None => Body::new(Empty::new().map_err(|never| match never {})),
    };
    let request = head::request(head, body).map_err(|error| Failure::Platform(error.to_string()))?;
    let mut instance = shared.instance();
    let response = instance.http(request, context).await?;
    answer(open, response).await?;
    let reusable = instance.reusable();
    shared.idle.give_back(instance);
    Ok((returned(false, 0, 0, reusable), Bytes::new()))
}

/// Sends a response to its end, which is its guest's.
async fn answer(open: &Arc<OpenCall>, response: http::Response<Body>) -> Result<(), Failure> {
    let (parts, body) = response.into_parts();
    let length = body.size_hint().exact();
    let stream = open.respond(!body.is_end_stream(), |stream| ToHost::Response {
        status: parts.status.as_u16(),
        headers: head::headers(&parts.headers),
        body: stream,
        length,
    });
    let Some((stream, credit)) = stream else {
        return Ok(());
    };
    let mut body = Telling { body, failure: None };
    let sent = streams::send(&mut body, stream, credit, &**open).await;
    match (sent, body.failure) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(failure)) => Err(failure),
        (Err(why), None) => Err(Failure::InvalidResult(why)),
    }
}

/// A body that remembers the failure of its guest.
struct Telling {
    body: Body,
    failure: Option<Failure>,
}

impl http_body::Body for Telling {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map_err(|error| {
                let why = error.to_string();
                self.failure = error.downcast::<Failure>().ok().map(|failure| *failure);
                why
            })
        }))
    }
}

fn returned(result: bool, cpu_us: u64, start_us: u64, reusable: bool) -> ToHost {
    ToHost::Returned {
        result,
        cpu_us,
        start_us,
        reusable,
    }
}
