//! Names, versions, exports and paths that do not exist or cannot.

use crate::Api;
use crate::case::Case;
use crate::guests::fixture;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = names();
    cases.extend(paths());
    cases.extend(exports());
    cases
}

fn names() -> Vec<Case> {
    let put = |what: &str, name: &str| Case::put(what, name, fixture("arith"));
    vec![
        put("a name in capitals", "Pricing").refused(400, "invalid-name", "`P` at position 1"),
        put("a name with an underscore", "a_b").refused(400, "invalid-name", "`_` at position 2"),
        put("a name that begins with a hyphen", "-a").refused(400, "invalid-name", "`-` at position 1"),
        put("a name that ends with a hyphen", "a-").refused(400, "invalid-name", "`-` at position 2"),
        put("a name that begins with a digit", "1a").refused(400, "invalid-name", "`1` at position 1"),
        put("a long name", &"x".repeat(64)).refused(400, "invalid-name", "64"),
        put("a name of dots, escaped", "%2e%2e").refused(400, "invalid-name", "`..`"),
        put("a name with slashes, escaped", "..%2f..%2fetc%2fpasswd").refused(
            400,
            "invalid-name",
            "../../etc/passwd",
        ),
        put("a name with a zero byte", "a%00b").refused(400, "invalid-name", "\\0"),
        put("a name with an accent", "caf%c3%a9").refused(400, "invalid-name", "é"),
        put("a name that is not UTF-8", "%ff%fe").refused(400, "invalid-name", ""),
        put("a name with a line break", "a%0ab").refused(400, "invalid-name", "\\n"),
        Case::new("a project in capitals", "PUT", "/v1/projects/Shop").refused(
            400,
            "invalid-name",
            "`S` at position 1",
        ),
    ]
}

fn paths() -> Vec<Case> {
    let get = |what: &str, path: &str| Case::new(what, "GET", path);
    vec![
        get(
            "a path out of the API",
            "/v1/projects/default/functions/../../../etc/passwd",
        )
        .refused(404, "not-found", ""),
        get("a path that does not exist", "/v2/functions").refused(404, "not-found", "/docs"),
        get("an empty name", &Api::path("", "/versions")).refused(400, "invalid-name", "empty"),
        get("a slash at the end", "/v1/projects/default/functions/").refused(404, "not-found", "slash"),
        get("an unknown project", "/v1/projects/nobody/functions").refused(
            404,
            "not-found-project",
            "`nobody`",
        ),
        get("an unknown function", &Api::path("nobody", "")).refused(404, "not-found-function", "`nobody`"),
        get("an unknown version", &Api::path("arith", "/versions/9")).refused(404, "not-found-version", "9"),
        get("an unknown problem", "/problems/nothing").refused(404, "not-found", ""),
        Case::new(
            "a method that does not exist there",
            "DELETE",
            Api::path("arith", "/versions"),
        )
        .refused(405, "method-not-allowed", "DELETE"),
        Case::new("deleting what is not there", "DELETE", Api::path("nobody", "")).refused(
            404,
            "not-found-function",
            "`nobody`",
        ),
        Case::new(
            "deleting what is called by another",
            "DELETE",
            Api::path("pricing", ""),
        )
        .refused(409, "still-referenced", "checkout"),
    ]
}

fn exports() -> Vec<Case> {
    let call = |what: &str, target: &str| Case::call(what, target, "{}");
    vec![
        call("a call of nobody", "nobody").refused(404, "not-found-function", "`nobody`"),
        call("a version that is not there", "arith?version=7").refused(404, "not-found-version", "7"),
        call("version zero", "arith?version=0").refused(404, "not-found-version", "no version 0"),
        call("a version that is no number", "arith?version=latest").refused(400, "invalid-query", "latest"),
        call("an unknown export", "arith?export=sub").refused(404, "not-found-export", "`add`"),
        call("no export of many", "echo").refused(400, "ambiguous-export", "more than one export"),
        call("an export of two interfaces", "echo?export=text").refused(
            400,
            "ambiguous-export",
            "fixture:echo/twin@0.1.0#text",
        ),
        call("a call of an HTTP function", "hello").refused(400, "not-callable", "HTTP"),
        call("a call before any version is active", "stored").refused(409, "no-active-version", "activate"),
        call("a call before grants are given", "waiting").refused(409, "no-active-version", "keyvalue"),
        call("an unknown parameter of the query", "arith?verison=1").refused(400, "invalid-query", "verison"),
        call("a parameter of the query twice", "arith?version=1&version=2").refused(
            400,
            "invalid-query",
            "version",
        ),
        call("a timeout without sense", "arith?timeout=soon").refused(400, "invalid-query", "timeout"),
    ]
}
