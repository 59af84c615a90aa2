//! Pages of other origins that may use the API (CORS): those that the server's operator lists, and no other.

use std::collections::BTreeSet;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::body::ResponseBody;

/// How long a browser may remember what it was told, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What of an answer a page may read beside what it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "location, retry-after, server-timing, traceparent, www-authenticate, weft-blob, weft-invocation, weft-kept-runs, weft-run, \
     weft-run-status, weft-seed, weft-time, weft-version",
);
const ORIGIN: HeaderValue = HeaderValue::from_static("origin");

/// The origins whose pages may use the API, such as `https://console.example.com`.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeSet<String>);

impl Origins {
    /// Those that are named, as browsers write them: scheme and host in lower case, the port where it is not the scheme's own, and
    /// nothing behind it. There is no name for all of them.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The origin of the page that made a request, where it may.
    pub(crate) fn allowed<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let origin = headers.get(header::ORIGIN)?;
        self.0.contains(origin.to_str().ok()?).then_some(origin)
    }

    /// The answer to a browser that asks beforehand whether a page may send something.
    pub(crate) fn preflight(&self, parts: &Parts) -> Option<Response<ResponseBody>> {
        let asks = parts.method == Method::OPTIONS
            && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        self.allowed(&parts.headers)?;
        let mut response = Response::new(ResponseBody::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        if let Some(asked) = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            // Each header means what it means, whoever sends it: tokens are sent by pages that have them, not by browsers.
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        Some(response)
    }
}

/// Lets a page of an origin read an answer. No cookies are ever involved.
pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(header::VARY, ORIGIN);
}
