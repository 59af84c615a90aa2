//! Settings that cannot be, and versions that lack grants.

use crate::Api;
use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = values();
    cases.extend(forms());
    cases.extend(grants());
    cases
}

/// A change of the settings of `arith`.
fn patch(what: &str, json: &str) -> Case {
    Case::new(what, "PATCH", Api::path("arith", ""))
        .header("content-type", "application/merge-patch+json")
        .body(json)
        .refused(400, "invalid-settings", "")
}

fn values() -> Vec<Case> {
    vec![
        patch("an unknown setting", r#"{"limit": {}}"#).and("limit"),
        patch("an unknown limit", r#"{"limits": {"timeout": 5}}"#)
            .and("timeout")
            .at("/limits/timeout"),
        patch("a limit of the wrong type", r#"{"limits": {"timeout-ms": "5s"}}"#).at("/limits/timeout-ms"),
        patch("a limit below zero", r#"{"limits": {"timeout-ms": -1}}"#).at("/limits/timeout-ms"),
        patch("a timeout of nothing", r#"{"limits": {"timeout-ms": 0}}"#).at("/limits/timeout-ms"),
        patch(
            "a timeout beyond the maximum",
            r#"{"limits": {"timeout-ms": 9999999999}}"#,
        )
        .and("3600000")
        .at("/limits/timeout-ms"),
        patch(
            "memory beyond the maximum",
            r#"{"limits": {"memory-bytes": 1099511627776}}"#,
        )
        .at("/limits/memory-bytes"),
        patch("labels as a list", r#"{"labels": ["a"]}"#).at("/labels"),
        patch("a label's key that is no name", r#"{"labels": {"A B": "x"}}"#),
        patch(
            "a grant for an address",
            r#"{"grants": {"http": ["https://example.com/path"]}}"#,
        ),
        patch("a grant that is no name", r#"{"grants": {"call": ["Pricing"]}}"#),
        patch("an environment variable of numbers", r#"{"env": {"A": 1}}"#).at("/env/A"),
        Case::new("an unknown profile", "PATCH", Api::path("arith", ""))
            .header("content-type", "application/merge-patch+json")
            .body(r#"{"profile": "gpu"}"#)
            .refused(400, "unknown-profile", "sandbox"),
    ]
}

fn forms() -> Vec<Case> {
    let put = |what: &str| Case::new(what, "PUT", Api::path("form", ""));
    let form = "multipart/form-data; boundary=x";
    vec![
        Case::new("a patch as plain JSON", "PATCH", Api::path("arith", ""))
            .header("content-type", "application/json")
            .body("{}")
            .refused(415, "unsupported-media-type", "merge-patch+json"),
        Case::new("a patch that is not JSON", "PATCH", Api::path("arith", ""))
            .header("content-type", "application/merge-patch+json")
            .body("{")
            .refused(400, "invalid-json", ""),
        put("a form without a boundary")
            .header("content-type", "multipart/form-data")
            .body("x")
            .refused(415, "unsupported-media-type", "boundary"),
        put("a form that breaks off")
            .header("content-type", form)
            .body("--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\nabc")
            .refused(400, "upload-incomplete", ""),
        put("a form with an unknown part")
            .header("content-type", form)
            .body(part("cod", "abc"))
            .refused(400, "upload-incomplete", "cod"),
        put("settings that are not JSON")
            .header("content-type", form)
            .body(part("settings", "timeout: 5"))
            .refused(400, "invalid-settings", ""),
        put("settings without code for a new function")
            .header("content-type", form)
            .body(part("settings", "{}"))
            .refused(400, "invalid-code", "needs code"),
    ]
}

fn grants() -> Vec<Case> {
    vec![
        Case::new(
            "a version that lacks a grant",
            "POST",
            Api::path("wants", "/versions/2/activate"),
        )
        .refused(409, "missing-grant", "outbound HTTP")
        .and("\"grants\""),
        Case::new(
            "a version that is not there",
            "POST",
            Api::path("wants", "/versions/5/activate"),
        )
        .refused(404, "not-found-version", "5"),
    ]
}

fn part(name: &str, text: &str) -> String {
    format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n--x--\r\n")
}
