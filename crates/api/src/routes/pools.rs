//! Pools: what their instances do, and what was decided of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use jiff::Timestamp;
use weft_function_engine::{Level, PoolFilter};

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::InPool;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::{NoQuery, Query, invalid};
use crate::wire;

/// List pools
///
/// Those of versions that are loaded, from their first call on, and those that serve their last calls.
#[utoipa::path(
    get,
    path = "/v1/pools",
    operation_id = "list-pools",
    tag = "pools",
    params(
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
        ("project" = Option<String>, Query, description = "Only those of functions in this project"),
        ("function" = Option<String>, Query, description = "Only those of functions of this name"),
        ("level" = Option<wire::Level>, Query, description = "Only those of this isolation level"),
        ("profile" = Option<String>, Query, description = "Only those of this profile"),
    ),
    responses(
        (status = 200, description = "Pools in the order of project, function, version, profile and age", body = wire::Page<wire::PoolSummary>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    uri: Uri,
) -> Result<Json<wire::Page<wire::PoolSummary>>, Problem> {
    let query = Query::parse(
        &uri,
        &["limit", "after", "project", "function", "level", "profile"],
    )?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = query.text("after")?.map(cursor::parse).transpose()?;
    let text = |name| query.text(name).map(|text| text.map(str::to_owned));
    let filter = PoolFilter {
        project: text("project")?,
        function: text("function")?,
        level: level(&query)?,
        profile: text("profile")?,
    };
    let page = context.engine.pools(&filter, after.as_ref(), limit);
    let now = Timestamp::now();
    let items = page.items.iter().map(|view| wire::PoolSummary::new(view, now));
    Ok(Json(wire::Page {
        items: items.collect(),
        next: page.next.as_ref().map(cursor::of_pool),
    }))
}

fn level(query: &Query) -> Result<Option<Level>, Problem> {
    match query.text("level")? {
        None => Ok(None),
        Some("sandbox") => Ok(Some(Level::Sandbox)),
        Some("process") => Ok(Some(Level::Process)),
        Some("container") => Ok(Some(Level::Container)),
        Some(_) => Err(invalid("level", "must be `sandbox`, `process` or `container`")),
    }
}

/// Show a pool
///
/// Its instances, what was decided of their number and why, and how many were lost.
#[utoipa::path(
    get,
    path = "/v1/pools/{pool}",
    operation_id = "show-pool",
    tag = "pools",
    params(("pool" = String, Path, description = "The pool's id")),
    responses(
        (status = 200, description = "The pool", body = wire::Pool),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InPool(pool): InPool,
    _: NoQuery,
) -> Result<Json<wire::Pool>, Problem> {
    let view = context.engine.pool(&pool).await?;
    Ok(Json(wire::Pool::new(&view, Timestamp::now())))
}

/// Drain a pool
///
/// A new pool takes its place and serves from then on; the old one serves the calls that it has, and ends with them. No call fails.
#[utoipa::path(
    post,
    path = "/v1/pools/{pool}/drain",
    operation_id = "drain-pool",
    tag = "pools",
    params(("pool" = String, Path, description = "The pool's id")),
    responses(
        (status = 200, description = "Another pool serves", body = wire::PoolDrained),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn drain(
    State(context): State<Arc<Context>>,
    InPool(pool): InPool,
    _: NoQuery,
) -> Result<Json<wire::PoolDrained>, Problem> {
    let drained = context.engine.drain_pool(&pool).await?;
    Ok(Json(wire::PoolDrained {
        pool: pool.to_string(),
        replaced_by: drained.by.map(|by| by.to_string()),
    }))
}
