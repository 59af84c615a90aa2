//! Calls of workflows: each is a run.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use weft_function_engine::port::TraceContext;
use weft_types::image::{Bounds, Image};
use weft_types::ty::Shape;
use weft_types::{
    Address, Digest, FunctionName, ProjectName, RunStatus, Signature, Value, VersionNumber, json,
};
use weft_workflow::Plan;
use weft_workflow_engine::{Answer, CallerKey, MAX_TEXT, Outcome, StartRun, Waited};

use super::failed_run::failed;
use super::media::Sent;
use super::{Accepted, blobs, json_text, nothing, octets, printed};
use crate::access::Caller;
use crate::api::Context;
use crate::body::ResponseBody;
use crate::headers;
use crate::problem::{Kind, Problem};
use crate::wire;
use crate::wire::run_view::{address_text, name};
use crate::workflows::Workflows;

/// How long a caller waits at most for a run's end, where it does not say; then it gets the run's address.
const PATIENCE: Duration = Duration::from_secs(60);

/// A call of a workflow.
pub(super) struct RunCall<'a> {
    pub(super) project: &'a ProjectName,
    pub(super) workflow: &'a FunctionName,
    pub(super) version: Option<VersionNumber>,
    pub(super) timeout: Option<Duration>,
    /// Larger results are answered by address.
    pub(super) inline_bytes: Option<u64>,
    pub(super) sent: Sent,
    pub(super) body: Bytes,
    pub(super) limit: u64,
    pub(super) trace: TraceContext,
    pub(super) caller: &'a Caller,
}

/// Runs a workflow for a caller: to its end, or, where it is asked for or takes too long, to its address.
pub(super) async fn run(
    context: &Context,
    workflows: &Workflows,
    parts: &Parts,
    call: RunCall<'_>,
    accepted: Accepted,
) -> Result<Response<ResponseBody>, Problem> {
    let caller = call.caller;
    let apart = prefers_async(&parts.headers);
    if apart {
        caller.must_be_inside("start runs that they do not wait for")?;
    }
    if parts.headers.contains_key(headers::IDEMPOTENCY_KEY) {
        caller.must_be_inside("send an `Idempotency-Key`")?;
    }
    let (timeout, inline_bytes) = (call.timeout, call.inline_bytes);
    let mut start = start(context, workflows, &parts.headers, call).await?;
    if apart {
        start.answer = Answer::Id;
    }
    let keyed = start.key.is_some();
    let mut handle = workflows.runs.start(start).await?;
    if apart {
        return Ok(started(&handle));
    }
    let durable = handle.plan().durability == weft_types::Durability::Durable;
    if !durable && !keyed {
        handle.cancel_on_drop();
    }
    match handle.wait(timeout.unwrap_or(PATIENCE)).await? {
        Waited::Open if !caller.is_inside() => {
            handle.cancel_on_drop();
            let detail = format!(
                "run {} took longer than its caller waits, and is cancelled",
                handle.id()
            );
            Err(Problem::new(Kind::RunTimedOut, detail).with("run", handle.id().to_string()))
        }
        Waited::Open => {
            // Its address is told: from now on it is the run's own matter when it ends.
            handle.keep_on_drop();
            Ok(started(&handle))
        }
        Waited::Ended(outcome) => {
            let plan = handle.plan();
            let by_address = by_address(context, workflows, &handle, &outcome, inline_bytes);
            let mut response = match by_address.await? {
                Some(response) => response,
                None => answer(workflows, &handle, &outcome, plan, accepted).await?,
            };
            describe(response.headers_mut(), &outcome);
            Ok(response)
        }
    }
}

/// What a request asks to be started.
pub(crate) async fn start_of(
    context: &Context,
    workflows: &Workflows,
    headers: &HeaderMap,
    (project, workflow): (&ProjectName, &FunctionName),
    version: Option<VersionNumber>,
    body: Bytes,
    trace: TraceContext,
) -> Result<StartRun, Problem> {
    let limit = context
        .engine
        .callee(project.as_str(), workflow.as_str(), version)?
        .input_limit();
    let call = RunCall {
        project,
        workflow,
        version,
        timeout: None,
        inline_bytes: None,
        sent: Sent::of(headers, body.is_empty())?,
        body,
        limit,
        trace,
        // The route is for those of the project only.
        caller: &Caller::OPEN,
    };
    start(context, workflows, headers, call).await
}

async fn start(
    context: &Context,
    workflows: &Workflows,
    headers: &HeaderMap,
    call: RunCall<'_>,
) -> Result<StartRun, Problem> {
    use weft_workflow_engine::port::workflows::Workflows as _;

    let found = workflows.plans.plan(call.project, call.workflow, call.version);
    let (version, plan) = found.map_err(weft_workflow_engine::Error::from)?;
    let bounds = Bounds {
        bytes: usize::try_from(call.limit).unwrap_or(usize::MAX),
        elements: context.engine.config().elements,
    };
    if call.sent == Sent::Json && json::names_blobs(&call.body) {
        call.caller.must_be_inside(super::BLOBS)?;
    }
    let key = key(headers, &call)?;
    let arguments = arguments(
        context,
        call.project,
        &plan.signature,
        call.sent,
        &call.body,
        bounds,
    )
    .await?;
    Ok(StartRun {
        version: Some(version),
        submitter: match call.caller.user() {
            Some(user) => user.to_owned(),
            None => headers::user(headers)?,
        },
        trace: (call.trace.trace_id, call.trace.span_id),
        key,
        ..StartRun::new(
            call.project.clone(),
            call.workflow.clone(),
            Value::Direct(arguments),
        )
    })
}

/// Reads the arguments of a workflow.
pub(crate) async fn arguments(
    context: &Context,
    project: &ProjectName,
    signature: &Signature,
    sent: Sent,
    body: &Bytes,
    bounds: Bounds,
) -> Result<Image, Problem> {
    let invalid = |error| weft_function_engine::Error::InvalidArguments(error).into();
    match sent {
        Sent::Json if body.is_empty() => json::parse_arguments(signature, b"{}", bounds).map_err(invalid),
        Sent::Json if json::names_blobs(body) => {
            blobs::arguments(context, project, signature, body, bounds).await
        }
        Sent::Json => json::parse_arguments(signature, body, bounds).map_err(invalid),
        Sent::Octets => Image::of_raw(&signature.params, body).ok_or_else(|| {
            weft_function_engine::Error::RawArguments {
                export: weft_function_engine::RUN.to_owned(),
                params: signature.params.to_string(),
            }
            .into()
        }),
    }
}

/// The caller's idempotency key, with a hash of what it stands for.
fn key(headers: &HeaderMap, call: &RunCall<'_>) -> Result<Option<CallerKey>, Problem> {
    key_of(headers, || {
        let mut request = Vec::with_capacity(call.body.len() + 128);
        let version = call.version.map_or(0, |version| version.0);
        request.extend_from_slice(call.workflow.as_str().as_bytes());
        request.push(0);
        request.extend_from_slice(&version.to_le_bytes());
        request.push(u8::from(call.sent == Sent::Octets));
        request.extend_from_slice(&call.body);
        request
    })
}

/// The caller's idempotency key, with the hash of all that the request asks for.
pub(crate) fn key_of(
    headers: &HeaderMap,
    request: impl FnOnce() -> Vec<u8>,
) -> Result<Option<CallerKey>, Problem> {
    let Some(value) = headers.get(headers::IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .ok()
        .filter(|text| (1..=MAX_TEXT).contains(&text.len()));
    let Some(key) = text else {
        let detail = format!(
            "the header `idempotency-key` has 1 to {MAX_TEXT} visible ASCII characters, chosen anew for each request that is \
             not a repetition"
        );
        return Err(Problem::new(Kind::InvalidHeader, detail).with("header", "idempotency-key"));
    };
    Ok(Some(CallerKey {
        key: key.to_owned(),
        request: Digest::of(&request()),
    }))
}

/// Whether the caller asks for the run's address instead of its end (RFC 7240).
fn prefers_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

/// The answer to who gets a run's address.
pub(crate) fn started(handle: &weft_workflow_engine::RunHandle) -> Response<ResponseBody> {
    let (run, project) = (handle.id().to_string(), handle.project());
    let location = format!("/v1/projects/{project}/runs/{run}");
    let told = wire::Started {
        run: run.clone(),
        version: handle.version().0,
        location: location.clone(),
    };
    // Wire types have text keys only, so they always serialize.
    let mut response = json_text(serde_json::to_vec(&told).unwrap_or_default());
    *response.status_mut() = StatusCode::ACCEPTED;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, headers::ascii(location.as_bytes()));
    headers.insert(headers::RUN, headers::ascii(run.as_bytes()));
    headers.insert(headers::VERSION, HeaderValue::from(handle.version().0));
    response
}

/// The address of a result that is too large to be sent about: its own, where it has one already.
async fn by_address(
    context: &Context,
    workflows: &Workflows,
    handle: &weft_workflow_engine::RunHandle,
    outcome: &Outcome,
    most: Option<u64>,
) -> Result<Option<Response<ResponseBody>>, Problem> {
    let ty = &handle.plan().signature.result;
    let (Some(most), Some(value), Some(ty)) = (most, &outcome.result, ty) else {
        return Ok(None);
    };
    if outcome.status != RunStatus::Succeeded {
        return Ok(None);
    }
    match value {
        // Of a `result` only what is in it tells whether it is the function's `err`, and only what an `ok` carries is answered.
        Value::Address(Address::Blob(blob)) if !matches!(ty.shape(), Shape::Result(_)) => {
            Ok((blob.length > most).then(|| blobs::by_address(blob.digest)))
        }
        value => {
            let image = workflows.runs.load(handle.project(), value, ty).await?;
            blobs::answer(context, handle.project(), &image, ty, most).await
        }
    }
}

/// The result of a run, or why it has none.
pub(crate) async fn answer(
    workflows: &Workflows,
    handle: &weft_workflow_engine::RunHandle,
    outcome: &Outcome,
    plan: &Arc<Plan>,
    accepted: Accepted,
) -> Result<Response<ResponseBody>, Problem> {
    if outcome.status != RunStatus::Succeeded {
        let origin = match outcome.status {
            RunStatus::Failed => workflows.runs.origin(handle.project(), outcome, plan).await,
            _ => None,
        };
        return Ok(failed(outcome, origin.as_ref()).into_response());
    }
    let (Some(value), Some(ty)) = (&outcome.result, &plan.signature.result) else {
        return Ok(nothing());
    };
    let image = workflows.runs.load(handle.project(), value, ty).await?;
    let raw = if accepted == Accepted::Json {
        None
    } else {
        image.raw(ty)
    };
    Ok(match raw {
        Some(bytes) => octets(bytes),
        None => printed(&image, ty, MOST_TEXT),
    })
}

/// The longest result as text, in bytes.
const MOST_TEXT: usize = 64 << 20;

/// Says which run it was and what it took.
fn describe(headers: &mut HeaderMap, outcome: &Outcome) {
    let run = outcome.run.to_string();
    headers.insert(headers::RUN, headers::ascii(run.as_bytes()));
    headers.insert(headers::VERSION, HeaderValue::from(outcome.version.0));
    let since = outcome.started_at.unwrap_or(outcome.created_at);
    let queue = since.duration_since(outcome.created_at).unsigned_abs();
    let execution = outcome.finished_at.duration_since(since).unsigned_abs();
    let timing = headers::server_timing(queue, Duration::ZERO, execution);
    headers.insert(headers::SERVER_TIMING, timing);
    // What is answered by address has its own.
    if let Some(Value::Address(address)) = &outcome.result {
        let digest = address_text(address);
        let entry = headers.entry(headers::BLOB);
        entry.or_insert_with(|| headers::ascii(digest.as_bytes()));
    }
    headers.insert(
        headers::RUN_STATUS,
        headers::ascii(name(&outcome.status).as_bytes()),
    );
}
