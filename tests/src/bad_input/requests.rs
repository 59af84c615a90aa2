//! Requests whose headers are wrong, and those that somebody else's page makes.

use crate::Api;
use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = types();
    cases.extend(headers());
    cases.extend(strangers());
    cases
}

fn typed(what: &str, target: &str, kind: &str) -> Case {
    Case::new(what, "POST", Api::path(target, "/invoke"))
        .header("content-type", kind)
        .body("[1, 2]")
}

fn types() -> Vec<Case> {
    vec![
        typed("arguments as text", "arith", "text/plain").refused(
            415,
            "unsupported-media-type",
            "application/json",
        ),
        typed(
            "arguments as a form",
            "arith",
            "application/x-www-form-urlencoded",
        )
        .refused(415, "unsupported-media-type", "application/json"),
        Case::new("arguments without a type", "POST", Api::path("arith", "/invoke"))
            .body("[1, 2]")
            .refused(415, "unsupported-media-type", "application/json"),
        typed("bytes for numbers", "arith", "application/octet-stream").refused(
            415,
            "unsupported-media-type",
            "list<u8>",
        ),
        typed("an answer that cannot be had", "arith", "application/json")
            .header("accept", "image/png")
            .refused(406, "not-acceptable", "application/json"),
        typed("a number as bytes", "arith", "application/json")
            .header("accept", "application/octet-stream")
            .refused(406, "not-acceptable", "list<u8>"),
    ]
}

fn headers() -> Vec<Case> {
    let call = |what: &str, name: &str, value: &str| {
        typed(what, "arith", "application/json")
            .header(name, value)
            .refused(400, "invalid-header", "")
    };
    vec![
        call("a seed that is too short", "weft-seed", "00ff").and("64"),
        call("a seed that is not hexadecimal", "weft-seed", &"x".repeat(64)).and("hexadecimal"),
        call("a time that is none", "weft-time", "yesterday").and("weft-time"),
        Case::put("a user with spaces", "arith", crate::fixture("arith"))
            .header("weft-user", "a b")
            .refused(400, "invalid-header", "weft-user"),
    ]
}

fn strangers() -> Vec<Case> {
    let get = |what: &str| Case::new(what, "GET", "/v1/projects/default/functions");
    vec![
        get("another host")
            .header("host", "evil.example")
            .refused(421, "host-not-allowed", "evil.example"),
        get("a host that looks like ours")
            .header("host", "localhost.evil.example:8080")
            .refused(421, "host-not-allowed", "localhost.evil.example"),
        get("a page of another origin")
            .header("origin", "https://evil.example")
            .refused(403, "origin-not-allowed", "https://evil.example"),
        get("a page of another port")
            .header("origin", "http://localhost:1")
            .refused(403, "origin-not-allowed", "Origin"),
        get("a page without origin")
            .header("origin", "null")
            .refused(403, "origin-not-allowed", "null"),
        get("a link on another site")
            .header("sec-fetch-site", "cross-site")
            .refused(403, "origin-not-allowed", "Sec-Fetch-Site"),
        typed("a call from another page", "arith", "application/json")
            .header("origin", "https://evil.example")
            .refused(403, "origin-not-allowed", "https://evil.example"),
    ]
}
