//! The one route that is matched by hand.
//!
//! Calls are what the server does all day. The router would match their path in well under a microsecond, but what comes
//! with it (boxed bodies and futures, extensions, path parameters decoded into owned texts) costs more than everything
//! else the API does for a call. So their path is matched here, in place, and only what does not match goes to the
//! router, which knows the same route and answers in the same way.

use http::Method;

/// The names in the path of a call, not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Callee<'a> {
    pub(crate) project: &'a str,
    pub(crate) function: &'a str,
}

/// Matches `POST /v1/projects/{project}/functions/{function}/invoke`.
///
/// Names that are written with escapes, or could not be names, are left to the router, which explains what is wrong.
pub(crate) fn match_call<'a>(method: &Method, path: &'a str) -> Option<Callee<'a>> {
    if method != Method::POST {
        return None;
    }
    let rest = path.strip_prefix("/v1/projects/")?.strip_suffix("/invoke")?;
    let (project, rest) = rest.split_once('/')?;
    let function = rest.strip_prefix("functions/")?;
    (could_be_name(project) && could_be_name(function)).then_some(Callee { project, function })
}

fn could_be_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_path(path: &str, expected: Option<(&str, &str)>) {
        let expected = expected.map(|(project, function)| Callee { project, function });
        assert_eq!(match_call(&Method::POST, path), expected, "{path}");
    }

    #[test]
    fn calls_match() {
        test_path(
            "/v1/projects/default/functions/pricing/invoke",
            Some(("default", "pricing")),
        );
        test_path(
            "/v1/projects/a-1/functions/invoke/invoke",
            Some(("a-1", "invoke")),
        );
        test_path(
            "/v1/projects/functions/functions/functions/invoke",
            Some(("functions", "functions")),
        );
    }

    #[test]
    fn everything_else_is_left_to_the_router() {
        let paths = [
            "/",
            "/v1/projects/default/functions/pricing",
            "/v1/projects/default/functions/pricing/invoke/",
            "/v1/projects/default/functions//invoke",
            "/v1/projects/default/functions/invoke",
            "/v1/projects//functions/pricing/invoke",
            "//v1/projects/default/functions/pricing/invoke",
            "/v1/projects/default//functions/pricing/invoke",
            "/v1/projects/default/functions/a/b/invoke",
            "/v1/projects/default/functions/a%2fb/invoke",
            "/v1/projects/default/functions/%70ricing/invoke",
            "/v1/projects/default/functions/../invoke",
            "/v1/projects/../functions/pricing/invoke",
            "/v1/projects/default/functions/Pricing/invoke",
            "/v1/projects/default/functions/pricing;a/invoke",
            "/v1/projects/default/runs/pricing/invoke",
            "/V1/projects/default/functions/pricing/invoke",
            "*",
        ];
        for path in paths {
            test_path(path, None);
        }
        assert_eq!(
            match_call(&Method::GET, "/v1/projects/default/functions/pricing/invoke"),
            None
        );
    }
}
