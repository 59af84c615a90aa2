//! Calls of functions: from a request to the engine and back. Every line here is paid for by every call.
//!
//! The future of a call is moved as a whole into its connection, so what few calls need lies in boxes.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body;
use serde_json::value::RawValue;
use uuid::Uuid;
use weft_function_engine::port::{BodyError, TraceContext};
use weft_function_engine::{Answer, Arguments, Callee, Invocation};
use weft_types::image::Image;
use weft_types::json::{self, Outcome};
use weft_types::{Signature, Type, VersionNumber};

use crate::access::Caller;
use crate::api::Context;
use crate::body::{Bound, RawImage, ResponseBody, Whole, collect};
use crate::headers;
use crate::problem::{Kind, Problem};
use crate::query::Query;

pub(crate) mod blobs;
mod failed_run;
mod media;
mod names;
mod run;
mod unkeyed;

pub(crate) use media::{Accepted, Sent, expect_json};
pub(crate) use names::explain;
pub(crate) use run::{answer as answer_run, arguments as run_arguments, key_of, start_of, started};

/// What a call without any arguments is called with.
const NO_ARGUMENTS: &[u8] = b"{}";
/// The parameters a call's query may have.
const PARAMETERS: &[&str] = &["export", "version", "timeout", "inline-bytes"];
/// How much longer than the limit on values their text may be.
const TEXT_PER_VALUE: usize = 4;
/// What any text may have, in bytes.
const MIN_TEXT: usize = 1 << 20;
/// What others may not do, as blobs are the project's.
const BLOBS: &str = "name its blobs";
/// Headers of an answer, so that their table is made once and does not grow.
const HEADERS: usize = 12;

/// Calls a function.
pub(crate) async fn call<B>(
    context: &Context,
    caller: &Caller,
    (project, function): (&str, &str),
    parts: &Parts,
    body: B,
    trace: TraceContext,
) -> Result<Response<ResponseBody>, Problem>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BodyError>,
{
    let options = Options::read(parts)?;
    if options.inline_bytes.is_some() {
        caller.must_be_inside("have results kept as blobs")?;
    }
    let accepted = Accepted::of(&parts.headers)?;
    let sent = Sent::of(&parts.headers, body.is_end_stream())?;
    let callee = context
        .engine
        .called(project, function, options.version)
        .map_err(|error| explain(error, project, function))?;
    let (export, signature) = callee.export(options.export.as_deref())?;
    if accepted == Accepted::Octets {
        names::check_answers_octets(callee.stored(), export, signature)?;
    }
    let bound = Bound {
        bytes: callee.input_limit(),
        idle: context.options.body_idle,
        too_large: Kind::ArgumentsTooLarge,
    };
    if let Some(workflows) = &context.workflows
        && callee.stored().workflow.is_some()
    {
        let announced = body.size_hint().exact();
        let call = run::RunCall {
            project: &callee.stored().project,
            workflow: &callee.stored().function,
            version: options.version,
            timeout: options.timeout,
            inline_bytes: options.inline_bytes,
            sent,
            body: collect(body, Whole::new(announced), bound).await?,
            limit: bound.bytes,
            trace,
            caller,
        };
        return Box::pin(run::run(context, workflows, parts, call, accepted)).await;
    }
    unkeyed::refuse_key(&parts.headers)?;
    let invocation = Invocation {
        export,
        arguments: arguments(context, caller, &callee, sent, signature, body, bound).await?,
        party: caller.party(),
        trace,
        seed: headers::seed(&parts.headers)?,
        time: headers::time(&parts.headers)?,
        timeout: options.timeout,
    };
    let answer = callee.invoke(invocation).await?;
    if let Some(most) = options.inline_bytes
        && let Some(mut response) = Box::pin(by_address(context, &answer, most)).await?
    {
        describe(response.headers_mut(), &answer);
        return Ok(response);
    }
    respond(context, &answer, accepted)
}

/// The address of a result that is too large to be sent about.
async fn by_address(
    context: &Context,
    answer: &Answer,
    most: u64,
) -> Result<Option<Response<ResponseBody>>, Problem> {
    match (&answer.result, &answer.signature().result) {
        (Some(image), Some(ty)) => blobs::answer(context, &answer.record().project, image, ty, most).await,
        _ => Ok(None),
    }
}

/// What the query of a call says.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) export: Option<String>,
    pub(crate) version: Option<VersionNumber>,
    pub(crate) timeout: Option<Duration>,
    /// Larger results are answered by address.
    pub(crate) inline_bytes: Option<u64>,
}

impl Options {
    fn read(parts: &Parts) -> Result<Self, Problem> {
        if parts.uri.query().is_none() {
            return Ok(Self::default());
        }
        let query = Query::parse(&parts.uri, PARAMETERS)?;
        Ok(Self {
            export: query.text("export")?.map(str::to_owned),
            version: query.version()?,
            timeout: query.duration("timeout")?,
            inline_bytes: query.value("inline-bytes", "a number of bytes")?,
        })
    }
}

/// Reads the arguments: plain bytes into the image that the guest gets, so that large ones lie in memory once.
async fn arguments<B>(
    context: &Context,
    caller: &Caller,
    callee: &Callee,
    sent: Sent,
    signature: &Signature,
    body: B,
    bound: Bound,
) -> Result<Arguments, Problem>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BodyError>,
{
    let announced = body.size_hint().exact();
    if sent == Sent::Octets
        && let Some(image) = RawImage::new(&signature.params, announced)
    {
        let image = collect(body, image, bound).await?;
        return image.map(Arguments::Image).ok_or_else(|| bound.exceeded());
    }
    let bytes = collect(body, Whole::new(announced), bound).await?;
    Ok(match sent {
        Sent::Octets => Arguments::Raw(bytes),
        Sent::Json if bytes.is_empty() => Arguments::Json(Bytes::from_static(NO_ARGUMENTS)),
        Sent::Json if json::names_blobs(&bytes) => {
            caller.must_be_inside(BLOBS)?;
            let bounds = context.engine.config().bounds(bound.bytes);
            let project = &callee.stored().project;
            let attaching = blobs::attached_arguments(context, project, signature, &bytes, bounds);
            let (image, attached) = Box::pin(attaching).await?;
            Arguments::Attached(image, attached)
        }
        Sent::Json => Arguments::Json(bytes),
    })
}

fn respond(
    context: &Context,
    answer: &Answer,
    accepted: Accepted,
) -> Result<Response<ResponseBody>, Problem> {
    let mut response = match (&answer.result, &answer.signature().result) {
        (Some(image), Some(ty)) => {
            let raw = if accepted == Accepted::Json {
                None
            } else {
                image.raw(ty)
            };
            match raw {
                Some(bytes) => octets(bytes),
                None => printed(image, ty, most_text(context, answer)),
            }
        }
        _ => nothing(),
    };
    describe(response.headers_mut(), answer);
    Ok(response)
}

fn printed(image: &Image, ty: &Type, most: usize) -> Response<ResponseBody> {
    let mut text = Vec::with_capacity(image.as_bytes().len());
    match json::print_result_within(ty, image, most, &mut text) {
        Ok(Outcome::Ok) if text.is_empty() => nothing(),
        Ok(Outcome::Ok) => json_text(text),
        Ok(Outcome::Err) => function_error(text).into_response(),
        Err(too_long) => Problem::new(Kind::ResultTooLarge, too_long.to_string())
            .with("limit", most)
            .into_response(),
    }
}

/// How long a result may be as text. It repeats the names of fields for each record of a list, so it may be longer than
/// the value itself, though not by any factor.
fn most_text(context: &Context, answer: &Answer) -> usize {
    let limit = answer.record().settings.limits.output_bytes;
    let limit = limit.unwrap_or(context.engine.config().output_bytes.default);
    usize::try_from(limit)
        .unwrap_or(usize::MAX)
        .saturating_mul(TEXT_PER_VALUE)
        .max(MIN_TEXT)
}

pub(crate) fn json_text(text: Vec<u8>) -> Response<ResponseBody> {
    with_type(Bytes::from(text), headers::JSON)
}

pub(crate) fn octets(bytes: Bytes) -> Response<ResponseBody> {
    let mut response = with_type(bytes, headers::OCTETS);
    // What a guest made must never be shown by a browser as if it were a page of ours.
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    response
}

pub(crate) fn nothing() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn with_type(bytes: Bytes, media_type: HeaderValue) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(bytes));
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(header::CONTENT_TYPE, media_type);
    *response.headers_mut() = headers;
    response
}

/// The function's own error: `error` is its value, as JSON; null where it has none.
fn function_error(text: Vec<u8>) -> Problem {
    let text = if text.is_empty() {
        "null".to_owned()
    } else {
        String::from_utf8(text).unwrap_or_default()
    };
    let problem = Problem::new(Kind::FunctionError, "the function answered an error: see `error`");
    match RawValue::from_string(text) {
        Ok(error) => problem.with_raw("error", error),
        // What was printed is always JSON.
        Err(error) => Problem::new(Kind::PlatformFault, error.to_string()),
    }
}

/// Says which call it was, who answered and how long it took.
fn describe(headers: &mut HeaderMap, answer: &Answer) {
    let mut id = Uuid::encode_buffer();
    let id = answer.invocation.hyphenated().encode_lower(&mut id);
    headers.insert(headers::INVOCATION, headers::ascii(id.as_bytes()));
    headers.insert(headers::VERSION, HeaderValue::from(answer.version.0));
    let timing = headers::server_timing(answer.queue, answer.start, answer.execution);
    headers.insert(headers::SERVER_TIMING, timing);
    if let (Some(seed), Some(time)) = (&answer.seed, &answer.time) {
        headers.insert(headers::SEED, headers::seed_value(seed));
        headers.insert(headers::TIME, headers::time_value(*time));
    }
}
