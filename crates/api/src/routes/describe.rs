//! What a function's calls look like: JSON Schema and OpenAPI.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use serde_json::{Map, Value, json};
use weft_types::ty::Shape;
use weft_types::version::Flavor;
use weft_types::{Signature, Type, VersionRecord, json_schema};

use super::path::InFunction;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::Query;

mod document;

const JSON_SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

/// JSON Schemas of a function's calls
///
/// For each export that can be called: its arguments, its result, and its error where it has one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/schema",
    operation_id = "show-schema",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one, else the newest"),
    ),
    responses(
        (status = 200, description = "Schemas by export", body = serde_json::Value),
        (status = "default", description = "An error", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn schema(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Json<Value>, Problem> {
    let version = Query::parse(&uri, &["version"])?.version()?;
    let record = context.engine.version(&project, &function, version)?;
    Ok(Json(json!({
        "$schema": JSON_SCHEMA,
        "function": record.function,
        "version": record.version,
        "exports": exports(&record),
    })))
}

/// OpenAPI of a function's calls
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/openapi.json",
    operation_id = "show-function-openapi",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one, else the newest"),
    ),
    responses(
        (status = 200, description = "OpenAPI 3.1", body = serde_json::Value),
        (status = "default", description = "An error", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn openapi(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Json<Value>, Problem> {
    let version = Query::parse(&uri, &["version"])?.version()?;
    let record = context.engine.version(&project, &function, version)?;
    Ok(Json(match record.inspection.flavor {
        Flavor::Exports | Flavor::Command | Flavor::Workflow => document::of_calls(&record),
        Flavor::Http => document::of_http(&record),
    }))
}

/// Schemas by the full name of each callable export.
fn exports(record: &VersionRecord) -> Map<String, Value> {
    let callable = record
        .inspection
        .exports
        .iter()
        .filter_map(|export| Some((export, export.signature()?)));
    callable
        .map(|(export, signature)| (export.full_name(), of_signature(signature)))
        .collect()
}

fn of_signature(signature: &Signature) -> Value {
    let (result, error) = outcomes(signature);
    let mut schemas = Map::from_iter([("arguments".to_owned(), json_schema::of_arguments(signature))]);
    schemas.extend(result.map(|ty| ("result".to_owned(), json_schema::of(ty))));
    schemas.extend(error.map(|ty| ("error".to_owned(), json_schema::of(ty))));
    schemas.into()
}

/// What a call answers: the value of success, and that of the function's own error.
fn outcomes(signature: &Signature) -> (Option<&Type>, Option<&Type>) {
    match signature.result.as_ref().map(|ty| (ty, ty.shape())) {
        None => (None, None),
        Some((_, Shape::Result(either))) => (either.ok.as_deref(), either.err.as_deref()),
        Some((ty, _)) => (Some(ty), None),
    }
}
