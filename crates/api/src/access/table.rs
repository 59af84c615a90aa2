//! What each route needs: the one place that says so.

use http::Method;
use weft_access::Need::{self, Anyone, Function, Platform, Project, Token};
use weft_access::Role::{Developer, Invoker, Owner, Viewer};

/// What calls need, which take a way of their own as well.
pub(super) const CALL: Need = Function(Invoker);

/// Every route of the API's description. Whatever shows or takes values of calls and runs is for those who may make them.
pub(crate) const ROWS: &[(&str, &str, Need)] = &[
    ("GET", "/healthz", Anyone),
    ("GET", "/readyz", Anyone),
    ("GET", "/openapi.json", Anyone),
    ("GET", "/metrics", Platform),
    ("GET", "/v1/host", Platform),
    ("POST", "/v1/backup", Platform),
    ("GET", "/v1/self", Token),
    ("GET", "/v1/audit", Platform),
    ("GET", "/v1/tokens", Platform),
    ("POST", "/v1/tokens", Platform),
    ("DELETE", "/v1/tokens/{token}", Platform),
    ("GET", "/v1/pools", Platform),
    ("GET", "/v1/pools/{pool}", Platform),
    ("POST", "/v1/pools/{pool}/drain", Platform),
    ("GET", "/v1/profiles", Token),
    ("GET", "/v1/profiles/{profile}", Token),
    ("PUT", "/v1/profiles/{profile}", Platform),
    ("DELETE", "/v1/profiles/{profile}", Platform),
    ("GET", "/v1/projects", Token),
    ("GET", "/v1/projects/{project}", Project(Viewer)),
    ("PUT", "/v1/projects/{project}", Platform),
    ("DELETE", "/v1/projects/{project}", Project(Owner)),
    ("GET", "/v1/projects/{project}/audit", Project(Owner)),
    ("GET", "/v1/projects/{project}/quotas", Project(Viewer)),
    ("PUT", "/v1/projects/{project}/quotas", Platform),
    ("GET", "/v1/projects/{project}/members", Project(Viewer)),
    ("PUT", "/v1/projects/{project}/members/{user}", Project(Owner)),
    ("DELETE", "/v1/projects/{project}/members/{user}", Project(Owner)),
    ("GET", "/v1/projects/{project}/secrets", Project(Viewer)),
    (
        "PUT",
        "/v1/projects/{project}/secrets/{secret}",
        Project(Developer),
    ),
    (
        "DELETE",
        "/v1/projects/{project}/secrets/{secret}",
        Project(Developer),
    ),
    ("GET", "/v1/projects/{project}/tokens", Project(Owner)),
    ("POST", "/v1/projects/{project}/tokens", Project(Owner)),
    ("DELETE", "/v1/projects/{project}/tokens/{token}", Project(Owner)),
    ("POST", "/v1/projects/{project}/blobs", Project(Invoker)),
    ("GET", "/v1/projects/{project}/blobs/{digest}", Project(Invoker)),
    ("HEAD", "/v1/projects/{project}/blobs/{digest}", Project(Invoker)),
    ("POST", "/v1/projects/{project}/validate", Project(Viewer)),
    ("GET", "/v1/projects/{project}/functions", Project(Viewer)),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}",
        Project(Viewer),
    ),
    (
        "PUT",
        "/v1/projects/{project}/functions/{function}",
        Project(Developer),
    ),
    (
        "PATCH",
        "/v1/projects/{project}/functions/{function}",
        Project(Developer),
    ),
    (
        "DELETE",
        "/v1/projects/{project}/functions/{function}",
        Project(Developer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/versions",
        Project(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/versions/{version}",
        Project(Viewer),
    ),
    (
        "DELETE",
        "/v1/projects/{project}/functions/{function}/versions/{version}",
        Project(Developer),
    ),
    (
        "POST",
        "/v1/projects/{project}/functions/{function}/versions/{version}/activate",
        Project(Developer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/rollout",
        Project(Viewer),
    ),
    (
        "POST",
        "/v1/projects/{project}/functions/{function}/rollout/promote",
        Project(Developer),
    ),
    (
        "POST",
        "/v1/projects/{project}/functions/{function}/rollout/cancel",
        Project(Developer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/moves",
        Project(Viewer),
    ),
    ("POST", "/v1/projects/{project}/functions/{function}/invoke", CALL),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/wit",
        Function(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/schema",
        Function(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/openapi.json",
        Function(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/wasm",
        Project(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/definition",
        Project(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/graph",
        Project(Viewer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/diff",
        Project(Viewer),
    ),
    (
        "POST",
        "/v1/projects/{project}/functions/{function}/repin",
        Project(Developer),
    ),
    (
        "GET",
        "/v1/projects/{project}/functions/{function}/logs",
        Project(Invoker),
    ),
    (
        "POST",
        "/v1/projects/{project}/functions/{function}/runs",
        Project(Invoker),
    ),
    ("GET", "/v1/projects/{project}/runs", Project(Invoker)),
    ("GET", "/v1/projects/{project}/runs/{run}", Project(Invoker)),
    ("DELETE", "/v1/projects/{project}/runs/{run}", Project(Developer)),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/events",
        Project(Invoker),
    ),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/result",
        Project(Invoker),
    ),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/compare",
        Project(Invoker),
    ),
    ("GET", "/v1/projects/{project}/runs/{run}/logs", Project(Invoker)),
    (
        "POST",
        "/v1/projects/{project}/runs/{run}/cancel",
        Project(Invoker),
    ),
    (
        "POST",
        "/v1/projects/{project}/runs/{run}/pause",
        Project(Invoker),
    ),
    (
        "POST",
        "/v1/projects/{project}/runs/{run}/resume",
        Project(Invoker),
    ),
    (
        "POST",
        "/v1/projects/{project}/runs/{run}/rerun",
        Project(Invoker),
    ),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/nodes/{node}",
        Project(Invoker),
    ),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/nodes/{node}/input",
        Project(Invoker),
    ),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/nodes/{node}/output",
        Project(Invoker),
    ),
    (
        "GET",
        "/v1/projects/{project}/runs/{run}/nodes/{node}/logs",
        Project(Invoker),
    ),
    (
        "POST",
        "/v1/projects/{project}/runs/{run}/nodes/{node}/complete",
        Project(Invoker),
    ),
];

/// Pages for people, which are read only, hold nothing of anybody's, and are not in the description.
pub(crate) const PAGES: &[&str] = &[
    "/",
    "/docs",
    "/docs/docs.js",
    "/docs/docs.css",
    "/problems",
    "/problems/{slug}",
];

/// What the table says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// What it needs.
    Need(Need),
    /// The address is known, though not with this method.
    NoMethod,
    /// Nobody has thought of it.
    Nothing,
}

/// Looks a request up. `HEAD` needs what `GET` does, as it is answered so.
pub(super) fn need(method: &Method, pattern: &str) -> Found {
    let read = matches!(*method, Method::GET | Method::HEAD);
    if PAGES.contains(&pattern) {
        return if read {
            Found::Need(Anyone)
        } else {
            Found::NoMethod
        };
    }
    let mut found = Found::Nothing;
    for &(known, _, need) in ROWS.iter().filter(|(_, of, _)| *of == pattern) {
        if known == method.as_str() || (read && known == "GET") {
            return Found::Need(need);
        }
        found = Found::NoMethod;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_is_not_found() {
        let run = "/v1/projects/{project}/runs/{run}";
        for (method, pattern, expected) in [
            (Method::GET, "/", Found::Need(Anyone)),
            (Method::POST, "/docs", Found::NoMethod),
            (Method::HEAD, run, Found::Need(Project(Invoker))),
            (Method::DELETE, run, Found::Need(Project(Developer))),
            (Method::PUT, run, Found::NoMethod),
            (Method::GET, "/v1/new", Found::Nothing),
            (Method::GET, "/v1/projects/{id}", Found::Nothing),
        ] {
            assert_eq!(need(&method, pattern), expected, "{method} {pattern}");
        }
    }
}
