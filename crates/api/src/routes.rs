//! The router: every route but the one matched by hand, and that one too, for what the short way leaves to it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use bytes::Bytes;
use http::{Method, header};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_types::ProjectName;

use crate::api::Context;
use crate::problem::{Kind, Problem};

mod audit;
mod backup;
mod blobs;
mod code;
mod cursor;
mod describe;
mod file;
mod functions;
mod invoke;
mod logs;
mod members;
mod pages;
mod path;
mod pools;
mod profiles;
mod projects;
mod quotas;
mod rollout;
mod run;
mod runs;
mod secrets;
mod server;
mod tokens;
mod upload;
mod versions;
mod workflow;

pub(crate) use run::view as run_view;
pub(crate) use workflow::{DRY_RUN, REPIN_PARAMETERS, not_a_workflow};

/// What the API says about itself, but for its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weft",
        description = "Upload WebAssembly components, call their typed exports. Errors are `application/problem+json`; \
                       `/problems/{slug}` explains each kind.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(crate::wire::Problem, crate::wire::RunEvent)),
    modifiers(&Tokens),
    security((), ("token" = [])),
    tags(
        (name = "calls", description = "Call functions"),
        (name = "functions", description = "Upload, list, change and delete functions"),
        (name = "versions", description = "Versions of functions"),
        (name = "workflows", description = "Check, draw and compare workflows"),
        (name = "runs", description = "Runs of workflows"),
        (name = "blobs", description = "Values by address"),
        (name = "logs", description = "What functions print"),
        (name = "projects", description = "Namespaces"),
        (name = "access", description = "Members and tokens: who may do what; secrets"),
        (name = "pools", description = "Where functions execute"),
        (name = "server", description = "The server itself"),
    ),
)]
struct Description;

/// Tells how tokens are sent.
struct Tokens;

impl utoipa::Modify for Tokens {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Not needed where the server asks nobody who they are."));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// The router, and the description of the API as JSON.
pub(crate) fn build() -> (Router<Arc<Context>>, Bytes) {
    let (router, mut description) = described().split_for_parts();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    // A description is made of texts and maps with text keys, which always serialize.
    let openapi = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
    let router = router
        .merge(pages::router())
        .route_layer(middleware::from_fn(remember_route))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable());
    (router, openapi)
}

fn described() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(invoke::invoke))
        .routes(routes!(projects::list))
        .routes(routes!(projects::show, projects::create, projects::delete))
        .routes(routes!(quotas::show, quotas::set))
        .routes(routes!(members::list))
        .routes(routes!(members::set, members::remove))
        .routes(routes!(secrets::list))
        .routes(routes!(secrets::set, secrets::delete))
        .routes(routes!(audit::list))
        .routes(routes!(audit::list_of_project))
        .routes(routes!(tokens::myself))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(tokens::list_of_project, tokens::create_of_project))
        .routes(routes!(tokens::revoke_of_project))
        .routes(routes!(functions::list))
        .routes(routes!(
            functions::show,
            functions::delete,
            upload::put,
            upload::patch
        ))
        .routes(routes!(versions::list))
        .routes(routes!(versions::show, versions::delete))
        .routes(routes!(versions::activate))
        .routes(routes!(rollout::show))
        .routes(routes!(rollout::promote))
        .routes(routes!(rollout::cancel))
        .routes(routes!(rollout::moves))
        .routes(routes!(code::wit))
        .routes(routes!(code::wasm))
        .routes(routes!(describe::schema))
        .routes(routes!(describe::openapi))
        .routes(routes!(logs::logs))
        .routes(routes!(logs::of_run))
        .routes(routes!(logs::of_node))
        .routes(routes!(workflow::validate))
        .routes(routes!(workflow::definition))
        .routes(routes!(workflow::graph))
        .routes(routes!(workflow::differences))
        .routes(routes!(workflow::repin))
        .routes(routes!(runs::start))
        .routes(routes!(runs::list))
        .routes(routes!(run::show, run::delete))
        .routes(routes!(run::control::cancel))
        .routes(routes!(run::control::pause))
        .routes(routes!(run::control::resume))
        .routes(routes!(run::rerun))
        .routes(routes!(run::control::complete))
        .routes(routes!(run::compare::compare))
        .routes(routes!(run::node::show))
        .routes(routes!(run::values::result))
        .routes(routes!(run::values::output))
        .routes(routes!(run::values::input))
        .routes(routes!(run::events::events))
        .routes(routes!(blobs::store))
        .routes(routes!(blobs::show, blobs::head))
        .routes(routes!(pools::list))
        .routes(routes!(pools::show))
        .routes(routes!(pools::drain))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::show, profiles::put, profiles::delete))
        .routes(routes!(server::healthz))
        .routes(routes!(server::readyz))
        .routes(routes!(backup::make))
        .routes(routes!(server::host))
        .routes(routes!(server::metrics))
        .routes(routes!(server::openapi))
}

/// Tells the outside which route it was, for metrics.
async fn remember_route(matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(matched) = matched {
        response.extensions_mut().insert(matched);
    }
    response
}

async fn not_found(request: Request) -> Problem {
    let path = request.uri().path();
    let shown: String = path.chars().take(200).collect();
    let hint = match path {
        _ if could_be_a_functions(path) => {
            "; `/docs` lists what there is, and HTTP functions answer at `/{project}/{function}/…` on a listener of their own (`--http-listen`)"
        }
        _ if path.contains("//") => "; a part of the path is empty",
        _ if path.len() > 1 && path.ends_with('/') => "; paths do not end with a slash",
        _ => "; `/docs` lists what there is",
    };
    Problem::new(
        Kind::NotFound,
        format!("there is nothing at `{}`{hint}", shown.escape_debug()),
    )
}

/// What the paths of the API that have several parts begin with.
const OWN: [&str; 3] = ["v1", "docs", "problems"];

/// Whether an HTTP function could answer at this path of the other listener, and nothing of the API's lies there.
fn could_be_a_functions(path: &str) -> bool {
    let mut parts = path.strip_prefix('/').unwrap_or(path).splitn(3, '/');
    let (Some(project), Some(function)) = (parts.next(), parts.next()) else {
        return false;
    };
    let is_name = |part: &str| part.parse::<ProjectName>().is_ok();
    !OWN.contains(&project) && is_name(project) && is_name(function)
}

async fn method_not_allowed(method: Method, request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(200).collect();
    Problem::new(
        Kind::MethodNotAllowed,
        format!(
            "`{}` does not know the method {method}; see the header `{}`",
            path.escape_debug(),
            header::ALLOW
        ),
    )
}

#[cfg(test)]
mod tests;
