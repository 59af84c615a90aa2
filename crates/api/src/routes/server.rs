//! The server itself: whether it is well, and what it counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use weft_function_engine::Level;

use crate::api::Context;
use crate::headers;
use crate::problem::{Kind, Problem};
use crate::wire::{Health, Host, LevelStanding, Levels};

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Whether the server lives
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "server", responses((status = 200, description = "It does", body = Health)))]
pub(super) async fn healthz() -> Json<Health> {
    Json(health())
}

/// Whether the server takes requests
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readiness",
    tag = "server",
    responses(
        (status = 200, description = "It does", body = Health),
        (status = 500, description = "Its journal or the records of runs failed: it is to be started anew", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "It is shutting down, or runs are paused: its disk is full, or the database of runs does not answer", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn readyz(State(context): State<Arc<Context>>) -> Result<Json<Health>, Problem> {
    if context.draining.is_announced() {
        return Err(Problem::new(Kind::Draining, "the server is shutting down").retry_after(5));
    }
    if let Some(workflows) = &context.workflows {
        workflows.runs.check_store()?;
        workflows.runs.check_records()?;
    }
    Ok(Json(health()))
}

fn health() -> Health {
    Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What the machine offers
#[utoipa::path(
    get,
    path = "/v1/host",
    operation_id = "show-host",
    tag = "server",
    responses(
        (status = 200, description = "How far each isolation level can be had, tried when first asked for", body = Host),
        (status = "default", description = "An error", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn host(State(context): State<Arc<Context>>) -> Result<Json<Host>, Problem> {
    let standing = async |level| context.engine.standing(level).await.map(LevelStanding::from);
    Ok(Json(Host {
        levels: Levels {
            sandbox: standing(Level::Sandbox).await?,
            process: standing(Level::Process).await?,
            container: standing(Level::Container).await?,
        },
    }))
}

/// Metrics in the OpenMetrics text format
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "server",
    responses(
        (status = 200, description = "Counters, gauges and histograms", body = String, content_type = "application/openmetrics-text"),
        (status = "default", description = "An error", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn metrics(State(context): State<Arc<Context>>) -> Response {
    (
        [(header::CONTENT_TYPE, OPEN_METRICS)],
        context.engine.metrics().encode(),
    )
        .into_response()
}

/// The description of this API
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "show-openapi",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub(super) async fn openapi(
    State(context): State<Arc<Context>>,
) -> (StatusCode, [(header::HeaderName, HeaderValue); 1], bytes::Bytes) {
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, headers::JSON)],
        context.openapi.clone(),
    )
}
