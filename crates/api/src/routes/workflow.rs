//! Workflows: their definitions, graphs and differences.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Uri, header};
use weft_function_engine::in_words;
use weft_types::{FunctionName, Kind as FunctionKind, ProjectName, VersionNumber};
use weft_workflow::plan::Pins;
use weft_workflow::{Plan, definition, diff, draw};
use weft_workflows::{Repin, Validated};

use super::path::{InFunction, InProject};
use crate::api::Context;
use crate::body::{Bound, Whole, collect};
use crate::headers;
use crate::problem::{Kind, Problem, mistaken};
use crate::query::{Query, invalid};
use crate::wire;

mod blobs;

pub(super) use blobs::absent;

/// What a request to pin anew may have in its query.
pub(crate) const REPIN_PARAMETERS: &[&str] = &[DRY_RUN, "activate"];
/// Says that it is to change nothing.
pub(crate) const DRY_RUN: &str = "dry-run";

/// Check a definition
///
/// Nothing is stored. Everything that is wrong is told at once, each with its place.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/validate",
    operation_id = "validate",
    tag = "workflows",
    params(
        ("project" = String, Path, description = "The project, whose functions the definition calls"),
        ("function" = Option<String>, Query, description = "What the workflow will be called"),
    ),
    request_body(description = "A definition, YAML or JSON", content((String = "application/yaml"), (serde_json::Value = "application/json"))),
    responses(
        (status = 200, description = "It may be saved", body = wire::Validated),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn validate(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    request: Request,
) -> Result<Json<wire::Validated>, Problem> {
    context.engine.check_project(&project)?;
    let query = Query::parse(request.uri(), &["function"])?;
    let function = query.value::<FunctionName>("function", "a function's name")?;
    let text = text(&context, request).await?;
    let valid = check(&context, project, function, text).await?;
    Ok(Json(wire::Validated {
        signature: in_words(&valid.signature),
        effect_free: valid.plan.effect_free,
        graph: graph_json(&valid.plan),
        warnings: valid.warnings.iter().map(wire::Mistake::from).collect(),
    }))
}

/// Checks a definition, and that what it names is there.
pub(super) async fn check(
    context: &Context,
    project: ProjectName,
    function: Option<FunctionName>,
    text: String,
) -> Result<Validated, Problem> {
    let definitions = context.workflows()?.definitions.clone();
    let absent = absent(context, &project, &text).await?;
    let check = move || definitions.validate(&project, function.as_ref(), text.as_bytes(), &Pins::default());
    let checked = tokio::task::spawn_blocking(check).await;
    match checked.map_err(|error| weft_function_engine::Error::Platform(error.to_string()))? {
        Ok(valid) if absent.is_empty() => Ok(valid),
        checked => {
            let mut mistakes = checked.err().unwrap_or_default();
            mistakes.extend(absent);
            mistakes.sort_by_key(|mistake| mistake.at);
            Err(mistaken(&mistakes))
        }
    }
}

/// The text of a definition.
pub(super) async fn text(context: &Context, request: Request) -> Result<String, Problem> {
    let most = context.workflows()?.definitions.most_bytes();
    let bound = Bound {
        bytes: most as u64,
        idle: context.options.body_idle,
        too_large: Kind::UploadTooLarge,
    };
    let bytes = collect(request.into_body(), Whole::new(None), bound).await?;
    String::from_utf8(bytes.into()).map_err(|error| {
        // What reads definitions also tells where one is no text.
        let read = definition::read(error.as_bytes(), &definition::Bounds::default());
        mistaken(&read.problems)
    })
}

/// Download a definition
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/definition",
    operation_id = "download-definition",
    tag = "workflows",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The workflow"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one, or the latest"),
    ),
    responses(
        (status = 200, description = "The definition as it was saved", body = String, content_type = "application/yaml"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn definition(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Response, Problem> {
    let version = Query::parse(&uri, &["version"])?.version()?;
    let record = context.engine.version(&project, &function, version)?;
    let source = record
        .workflow
        .as_ref()
        .ok_or_else(|| not_a_workflow(&function))?;
    let media = HeaderValue::from_static("application/yaml");
    Ok(([(header::CONTENT_TYPE, media)], source.definition.clone()).into_response())
}

/// Draw a workflow
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/graph",
    operation_id = "graph",
    tag = "workflows",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The workflow"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one"),
        ("format" = Option<String>, Query, description = "`json` (if not given), `mermaid` or `svg`"),
    ),
    responses(
        (
            status = 200,
            description = "The graph",
            content((serde_json::Value = "application/json"), (String = "text/vnd.mermaid"), (String = "image/svg+xml")),
        ),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn graph(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Query::parse(&uri, &["version", "format"])?;
    let plan = plan(&context, &project, &function, query.version()?)?;
    let drawn = |media, text: String| {
        let media = HeaderValue::from_static(media);
        Ok(([(header::CONTENT_TYPE, media)], text).into_response())
    };
    match query.text("format")?.unwrap_or("json") {
        "json" => Ok(Json(graph_json(&plan)).into_response()),
        "mermaid" => drawn("text/vnd.mermaid", draw::mermaid(&plan)),
        "svg" => drawn("image/svg+xml", draw::svg(&plan)),
        _ => Err(invalid("format", "must be `json`, `mermaid` or `svg`")),
    }
}

/// Compare two versions
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/diff",
    operation_id = "diff",
    tag = "workflows",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The workflow"),
        ("from" = u32, Query, description = "The version before"),
        ("to" = u32, Query, description = "The version after"),
    ),
    responses(
        (status = 200, description = "Nodes and edges that were added, removed or changed", body = serde_json::Value),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn differences(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Json<serde_json::Value>, Problem> {
    let query = Query::parse(&uri, &["from", "to"])?;
    let side = |name| {
        let number = query.value::<u32>(name, "a version's number")?;
        let number = number.ok_or_else(|| invalid(name, "is missing: say which two versions to compare"))?;
        plan(&context, &project, &function, Some(VersionNumber(number)))
    };
    let diff = diff::diff(&*side("from")?, &*side("to")?);
    // Made of texts and lists, it always serializes.
    Ok(Json(serde_json::to_value(diff).unwrap_or_default()))
}

/// Pin a workflow anew
///
/// Checks the latest definition against the versions of functions that are active now and saves it as a new version that calls
/// them. Where types changed so that it no longer fits, every place is told and nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/functions/{function}/repin",
    operation_id = "repin",
    tag = "workflows",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The workflow"),
        ("dry-run" = Option<bool>, Query, description = "Only tell what would change"),
        ("activate" = Option<bool>, Query, description = "Whether the new version shall answer calls; true if not given"),
        ("weft-user" = Option<String>, Header, description = "Who asks"),
    ),
    responses(
        (status = 200, description = "What changed, or would", body = wire::Repinned),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn repin(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    request: Request,
) -> Result<Json<wire::Repinned>, Problem> {
    let query = Query::parse(request.uri(), REPIN_PARAMETERS)?;
    let repin = Repin {
        project,
        function,
        activate: query.flag("activate", true)?,
        creator: headers::user(request.headers())?,
        dry_run: query.flag(DRY_RUN, false)?,
    };
    let repinned = context.workflows()?.definitions.repin(repin).await?;
    Ok(Json(wire::Repinned {
        changes: repinned
            .changes
            .iter()
            .map(|change| wire::PinChange {
                function: change.function.to_string(),
                from: change.from.0,
                to: change.to.0,
            })
            .collect(),
        version: repinned.saved.map(|saved| saved.deployment.version.version.0),
        warnings: repinned.warnings.iter().map(wire::Mistake::from).collect(),
    }))
}

fn plan(
    context: &Context,
    project: &ProjectName,
    function: &FunctionName,
    version: Option<VersionNumber>,
) -> Result<Arc<Plan>, Problem> {
    let record = context.engine.version(project, function, version)?;
    if record.kind != FunctionKind::Workflow {
        return Err(not_a_workflow(function));
    }
    let plan = context.workflows()?.plans.of(&record);
    Ok(plan.map_err(weft_workflow_engine::Error::from)?)
}

pub(crate) fn not_a_workflow(function: &FunctionName) -> Problem {
    Problem::new(
        Kind::NotCallable,
        format!("`{function}` is a component, not a workflow: it has no definition and no runs"),
    )
}

fn graph_json(plan: &Plan) -> serde_json::Value {
    // Made of texts and lists, it always serializes.
    serde_json::to_value(draw::drawing(plan)).unwrap_or_default()
}
