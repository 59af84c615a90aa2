//! Small requests that want to become large, and large ones.

use crate::Api;
use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::call("a depth bomb", "echo?export=nested", "[".repeat(100_000)).refused(
            400,
            "invalid-arguments",
            "",
        ),
        Case::call(
            "a depth bomb of objects",
            "echo?export=echo-point",
            "{\"a\":".repeat(100_000),
        )
        .refused(400, "invalid-arguments", ""),
        Case::call(
            "a depth bomb where anything is ignored",
            "arith",
            format!("{{\"a\": {}", "[".repeat(50_000)),
        )
        .refused(400, "invalid-arguments", ""),
        Case::call("too many elements", "echo?export=numbers", elements(4_000_001)).refused(
            413,
            "arguments-too-large",
            "4000000",
        ),
        Case::call(
            "more bytes than the function takes",
            "narrow?export=names",
            elements(600),
        )
        .refused(413, "arguments-too-large", "1024"),
        Case::new(
            "more raw bytes than the function takes",
            "POST",
            Api::path("narrow", "/invoke?export=bytes"),
        )
        .header("content-type", "application/octet-stream")
        .body(vec![0; 1025])
        .refused(413, "arguments-too-large", "1024"),
        Case::call("a body that says it is too large", "narrow?export=names", "")
            .header("content-length", "1000000000000")
            .refused(413, "arguments-too-large", "1024"),
        Case::new("a head that is too large", "GET", "/healthz")
            .header("x-padding", "x".repeat(40_000))
            .refused(431, "header-too-large", ""),
    ]
}

/// `[[0,0,…]]`
fn elements(count: usize) -> String {
    format!("[[{}0]]", "0,".repeat(count - 1))
}
