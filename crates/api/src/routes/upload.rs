//! Uploads and changes of settings: what becomes a version.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use weft_function_engine::{Deploy, Deployment, SettingsChange};
use weft_types::{FunctionName, ProjectName};
use weft_workflows::Save;

use super::path::InFunction;
use super::workflow::{absent, check};
use crate::api::Context;
use crate::body::{Bound, Whole, collect};
use crate::headers;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::wire;

mod parts;
mod receive;

const WASM: &str = "application/wasm";
const YAML: &str = "application/yaml";
/// What YAML was called before RFC 9512.
const YAML_OLD: &str = "application/x-yaml";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data";
const MERGE_PATCH: &str = "application/merge-patch+json";
/// Largest settings, as JSON text, in bytes.
const MAX_SETTINGS: u64 = 512 << 10;

type Deployed = (
    StatusCode,
    [(header::HeaderName, HeaderValue); 1],
    Json<wire::Deployment>,
);

/// Upload a function
///
/// Stores a new version and activates it, unless `activate=false` or it imports what it was not granted. A body of
/// `application/wasm` is the code; settings are those of the newest version. A body of `application/yaml` or `application/json` is
/// the definition of a workflow. With `multipart/form-data`, the part
/// `settings` (JSON) replaces the settings and the part `code` is the code; a part left out keeps what the newest version
/// has. The same code with the same settings is the version that was there before.
#[utoipa::path(
    put,
    path = "/v1/projects/{project}/functions/{function}",
    operation_id = "upload",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("activate" = Option<bool>, Query, description = "Whether it shall answer calls; true if not given"),
        ("weft-user" = Option<String>, Header, description = "Who uploads"),
    ),
    request_body(
        description = "A WebAssembly component, a core command module, or a workflow's definition",
        content((wire::Bytes = "application/wasm"), (String = "application/yaml"), (serde_json::Value = "application/json"), (parts::Form = "multipart/form-data")),
    ),
    responses(
        (status = 201, description = "A new version", body = wire::Deployment),
        (status = 200, description = "A version that was there before", body = wire::Deployment),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    request: Request,
) -> Result<Deployed, Problem> {
    let activate = Query::parse(request.uri(), &["activate"])?.flag("activate", true)?;
    let creator = headers::user(request.headers())?;
    let (code, settings) = match essence(request.headers()).as_str() {
        WASM => {
            let code = receive::code(&context, request.into_body()).await?;
            (Some(code), SettingsChange::Keep)
        }
        YAML | YAML_OLD | JSON => {
            let asked = (project, function, activate, creator);
            return save(&context, asked, request).await;
        }
        MULTIPART => parts::read(&context, Multipart::from_request(request, &()).await?).await?,
        other => return Err(unsupported(other, &[WASM, MULTIPART, YAML, JSON])),
    };
    let deploy = Deploy {
        project,
        function,
        code,
        settings,
        activate,
        creator,
    };
    Ok(deployed(&context, &context.engine.deploy(deploy).await?))
}

/// Saves a workflow.
async fn save(
    context: &Context,
    (project, function, activate, creator): (ProjectName, FunctionName, bool, String),
    request: Request,
) -> Result<Deployed, Problem> {
    let definitions = &context.workflows()?.definitions;
    let definition = super::workflow::text(context, request).await?;
    if !absent(context, &project, &definition).await?.is_empty() {
        // Tells it among all that is wrong.
        check(
            context,
            project.clone(),
            Some(function.clone()),
            definition.clone(),
        )
        .await?;
    }
    let saved = definitions
        .save(Save {
            project,
            function,
            definition,
            settings: SettingsChange::Keep,
            activate,
            creator,
        })
        .await?;
    let (status, location, Json(mut told)) = deployed(context, &saved.deployment);
    told.warnings = saved.warnings.iter().map(wire::Mistake::from).collect();
    Ok((status, location, Json(told)))
}

/// Change settings
///
/// An RFC 7396 merge patch of the newest version's settings makes a new version with the same code.
#[utoipa::path(
    patch,
    path = "/v1/projects/{project}/functions/{function}",
    operation_id = "change-settings",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("activate" = Option<bool>, Query, description = "Whether it shall answer calls; true if not given"),
        ("weft-user" = Option<String>, Header, description = "Who changes"),
    ),
    request_body(content = wire::Settings, content_type = "application/merge-patch+json"),
    responses(
        (status = 201, description = "A new version", body = wire::Deployment),
        (status = 200, description = "A version that was there before", body = wire::Deployment),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn patch(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    request: Request,
) -> Result<Deployed, Problem> {
    let activate = Query::parse(request.uri(), &["activate"])?.flag("activate", true)?;
    let creator = headers::user(request.headers())?;
    let sent = essence(request.headers());
    if sent != MERGE_PATCH {
        return Err(unsupported(&sent, &[MERGE_PATCH]));
    }
    context.engine.function(&project, &function)?;
    let deploy = Deploy {
        project,
        function,
        code: None,
        settings: SettingsChange::Merge(read_patch(&context, request.into_body()).await?),
        activate,
        creator,
    };
    Ok(deployed(&context, &context.engine.deploy(deploy).await?))
}

async fn read_patch(context: &Context, body: Body) -> Result<serde_json::Value, Problem> {
    let bound = Bound {
        bytes: MAX_SETTINGS,
        idle: context.options.body_idle,
        too_large: Kind::UploadTooLarge,
    };
    let text = collect(body, Whole::new(None), bound).await?;
    serde_json::from_slice(&text)
        .map_err(|error| Problem::new(Kind::InvalidJson, format!("the merge patch is not JSON: {error}")))
}

fn deployed(context: &Context, deployment: &Deployment) -> Deployed {
    let status = if deployment.existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let record = &deployment.version;
    let location = format!(
        "/v1/projects/{}/functions/{}/versions/{}",
        record.project, record.function, record.version
    );
    let location = [(header::LOCATION, headers::ascii(location.as_bytes()))];
    (
        status,
        location,
        Json(wire::Deployment::new(deployment, &context.engine)),
    )
}

/// The media type without parameters, in lower case; empty where there is none.
fn essence(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split_once(';').map_or(value, |(essence, _)| essence);
    essence.trim().to_ascii_lowercase()
}

fn unsupported(sent: &str, accepted: &[&str]) -> Problem {
    let sent = match sent {
        "" => "no `Content-Type` was sent".to_owned(),
        sent => format!("`{}` was sent", sent.escape_debug()),
    };
    let detail = format!("{sent}; this takes `{}`", accepted.join("` or `"));
    Problem::new(Kind::UnsupportedMediaType, detail).with("accepts", accepted)
}
