//! Pool profiles: lists, details, changes.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode, Uri, header};

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::NamedProfile;
use crate::access::Caller;
use crate::api::Context;
use crate::body::{Bound, Whole, collect};
use crate::problem::{Kind, Problem};
use crate::query::{NoQuery, Query};
use crate::wire;

/// The longest text of a profile, in bytes.
const MOST_BYTES: u64 = 64 << 10;

/// List pool profiles
#[utoipa::path(
    get,
    path = "/v1/profiles",
    operation_id = "list-profiles",
    tag = "pools",
    params(
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "Profiles in order of their names", body = wire::Page<wire::ProfileSummary>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<wire::Page<wire::ProfileSummary>>, Problem> {
    let query = Query::parse(&uri, &["limit", "after"])?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = query.text("after")?.map(cursor::parse::<String>).transpose()?;
    // In order of their names already.
    let views = context.engine.profile_views().into_iter();
    let mut behind = views.filter(|view| after.as_ref().is_none_or(|after| view.name > *after));
    let items: Vec<_> = behind.by_ref().take(limit).collect();
    let next = items.last().filter(|_| behind.next().is_some());
    Ok(Json(wire::Page {
        next: next.map(|view| cursor::of_profile(&view.name)),
        items: items
            .iter()
            .map(|view| shown(wire::ProfileSummary::from(view), &caller))
            .collect(),
    }))
}

/// Show a pool profile
#[utoipa::path(
    get,
    path = "/v1/profiles/{profile}",
    operation_id = "show-profile",
    tag = "pools",
    params(("profile" = String, Path, description = "The profile")),
    responses(
        (status = 200, description = "What is in force of it, and its text", body = wire::Profile),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    NamedProfile(name): NamedProfile,
    caller: Caller,
    _: NoQuery,
) -> Result<Json<wire::Profile>, Problem> {
    let view = context.engine.profile_view(&name)?;
    let profile = wire::Profile::from(&view);
    Ok(Json(wire::Profile {
        summary: shown(profile.summary, &caller),
        ..profile
    }))
}

/// A profile, with those of its users that a caller may know of.
fn shown(mut profile: wire::ProfileSummary, caller: &Caller) -> wire::ProfileSummary {
    profile.used_by.retain(|user| {
        let project = user.split('/').next().and_then(|name| name.parse().ok());
        project.is_some_and(|project| caller.knows(&project))
    });
    profile
}

/// Add or change a pool profile
///
/// It is written to the directory of profiles, and its pools are replaced by new ones; no call fails. Refused where active versions
/// could not execute under it.
#[utoipa::path(
    put,
    path = "/v1/profiles/{profile}",
    operation_id = "put-profile",
    tag = "pools",
    params(("profile" = String, Path, description = "The profile")),
    request_body(description = "The profile as in its file", content = String, content_type = "application/toml"),
    responses(
        (status = 200, description = "It is in force", body = wire::ProfileChanges),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(
    State(context): State<Arc<Context>>,
    NamedProfile(name): NamedProfile,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<wire::ProfileChanges>, Problem> {
    check_type(&headers)?;
    let text = text(&context, body).await?;
    let changes = context.engine.put_profile(&name, text).await?;
    // Written, and then not taken up: somebody else changed what it depends on meanwhile.
    match changes.refused.get(&name) {
        Some(reason) => Err(Problem::new(Kind::Conflict, reason.clone())),
        None => Ok(Json(changes.into())),
    }
}

/// Delete a pool profile
///
/// One that takes the place of a profile that came with the server gives it back. Refused while active versions use it.
#[utoipa::path(
    delete,
    path = "/v1/profiles/{profile}",
    operation_id = "delete-profile",
    tag = "pools",
    params(("profile" = String, Path, description = "The profile")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    NamedProfile(name): NamedProfile,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    let changes = context.engine.delete_profile(&name).await?;
    match changes.refused.get(&name) {
        Some(reason) => Err(Problem::new(Kind::Conflict, reason.clone())),
        None => Ok(StatusCode::NO_CONTENT),
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given.map(|given| given.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/toml") => Ok(()),
        _ => Err(Problem::new(
            Kind::UnsupportedMediaType,
            "a profile is sent as `application/toml`",
        )),
    }
}

async fn text(context: &Context, body: Body) -> Result<String, Problem> {
    let bound = Bound {
        bytes: MOST_BYTES,
        idle: context.options.body_idle,
        too_large: Kind::UploadTooLarge,
    };
    let bytes = collect(body, Whole::new(None), bound).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| Problem::new(Kind::InvalidProfile, "the text of a profile is UTF-8"))
}
