//! Pages for people: the landing page, the rendered description, the kinds of problems. They hold nothing secret and
//! load nothing from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use crate::api::Context;
use crate::headers;
use crate::problem::{Kind, Problem};

mod html;

/// What pages may do: run our script, use our style, talk to us.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const STYLE: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");

pub(super) fn router() -> Router<Arc<Context>> {
    Router::new()
        .route("/", get(landing))
        .route(
            "/docs",
            get(|| async { page(HTML, include_str!("../assets/docs.html").to_owned()) }),
        )
        .route(
            "/docs/docs.js",
            get(|| async { page(SCRIPT, include_str!("../assets/docs.js").to_owned()) }),
        )
        .route(
            "/docs/docs.css",
            get(|| async { page(STYLE, include_str!("../assets/docs.css").to_owned()) }),
        )
        .route("/problems", get(|| async { page(HTML, html::problems()) }))
        .route("/problems/{slug}", get(problem))
}

async fn landing(headers: HeaderMap) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accept.contains("text/html") {
        return page(HTML, html::landing());
    }
    let links = json!({
        "name": "weft",
        "version": env!("CARGO_PKG_VERSION"),
        "docs": "/docs",
        "openapi": "/openapi.json",
        "problems": "/problems",
        "projects": "/v1/projects",
    });
    ([(header::CONTENT_TYPE, headers::JSON)], links.to_string()).into_response()
}

async fn problem(Path(slug): Path<String>) -> Result<Response, Problem> {
    match Kind::from_slug(&slug) {
        Some(kind) => Ok(page(HTML, html::problem(kind.entry()))),
        None => Err(Problem::new(
            Kind::NotFound,
            "there is no such kind of problem; `/problems` lists them",
        )),
    }
}

fn page(media_type: HeaderValue, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
