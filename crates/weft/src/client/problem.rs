//! Problem answers (RFC 9457) as failures of the command.

use reqwest::Response;
use serde_json::Value;
use weft_types::pointer::Told;

use crate::failure::{Exit, Failure};

/// Reads an answer that is not a success.
pub(crate) async fn failure(response: Response) -> Failure {
    let status = response.status();
    let bytes = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(problem) if problem.get("type").is_some() => described(problem),
        _ => Failure::new(
            by_status(status.as_u16()),
            format!("the server answered {status}"),
        )
        .hint("is this a Weft server? --server names another"),
    }
}

/// A problem as a failure.
pub(crate) fn described(problem: Value) -> Failure {
    let text = |member: &str| problem.get(member).and_then(Value::as_str).unwrap_or_default();
    let slug = text("type").rsplit('/').next().unwrap_or_default().to_owned();
    let detail = if text("detail").is_empty() {
        text("title")
    } else {
        text("detail")
    };
    let mut message = detail.to_owned();
    let pointer = problem.get("pointer").and_then(Value::as_str);
    let place = pointer.map(|pointer| Told(pointer).to_string());
    if let Some(place) = place.filter(|place| !detail.contains(place)) {
        message.push_str(&format!(" (at {place})"));
    }
    if let Some(error) = problem.get("error").filter(|_| slug == "function-error") {
        message = format!("the function answered an error: {error}");
    }
    let status = problem.get("status").and_then(Value::as_u64).unwrap_or_default();
    let failure = Failure::new(by_slug(&slug, status), message);
    let failure = match hint(&slug) {
        Some(hint) => failure.hint(hint),
        None => failure,
    };
    failure.details(problem)
}

fn by_slug(slug: &str, status: u64) -> Exit {
    match slug {
        "function-error" => Exit::FunctionError,
        "function-trapped" | "function-exited" | "call-timeout" | "cpu-limit" | "memory-limit"
        | "stack-overflow" | "result-too-large" | "invalid-result" | "no-response" | "call-depth"
        | "call-limit" => Exit::FunctionFailed,
        "no-active-version" => Exit::NotFound,
        _ => by_status(u16::try_from(status).unwrap_or_default()),
    }
}

fn by_status(status: u16) -> Exit {
    match status {
        404 => Exit::NotFound,
        429 | 503 => Exit::Busy,
        400..=499 => Exit::Refused,
        _ => Exit::Error,
    }
}

fn hint(slug: &str) -> Option<&'static str> {
    Some(match slug {
        "not-found-function" | "not-found-project" => {
            "`weft functions` lists what there is; --project names a project"
        }
        "not-found-version" => "`weft versions NAME` lists them",
        "not-found-export" | "ambiguous-export" | "not-callable" => {
            "`weft describe NAME` lists the exports; call one as NAME#EXPORT"
        }
        "no-active-version" => {
            "`weft activate NAME VERSION` makes one answer calls; `weft describe NAME` says what is missing"
        }
        "invalid-arguments" => "`weft describe NAME` shows the parameters and their types",
        "missing-grant" => {
            "deploy again with the grant, such as --grant-http HOST, --grant-keyvalue STORE or --grant-call FUNCTION"
        }
        "still-referenced" => "delete what refers to it first",
        "open-runs" => {
            "`weft runs WORKFLOW --status waiting,running,paused` lists them; `weft cancel RUN` ends one"
        }
        "function-trapped" | "function-exited" => "`weft logs NAME` shows what it wrote",
        "call-timeout" => "`limits.timeout-ms` in the function's settings allows more time",
        "cpu-limit" => "`limits.cpu-time-ms` in the function's settings allows more time",
        "memory-limit" => "`limits.memory-bytes` in the function's settings allows more memory",
        "result-too-large" => "`limits.output-bytes` in the function's settings allows larger results",
        "arguments-too-large" => "`limits.input-bytes` in the function's settings allows larger arguments",
        "overloaded" | "queue-timeout" | "draining" => "try again in a moment",
        "host-not-allowed" => "start the server with --allow-host for this name",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_becomes_message_hint_and_exit_code() {
        let failure = described(json!({
            "type": "/problems/invalid-arguments", "title": "Invalid arguments", "status": 400,
            "detail": "expected u32, found a string", "pointer": "/lines/0/qty",
        }));
        assert_eq!(
            failure.to_string(),
            "expected u32, found a string (at `/lines/0/qty`)"
        );
        assert_eq!(failure.exit(), Exit::Refused);
        assert!(failure.as_hint().unwrap().contains("weft describe"));
        assert_eq!(failure.as_details().unwrap()["status"], 400);
    }

    #[test]
    fn an_error_of_the_function_is_shown_and_has_its_own_code() {
        let failure = described(json!({
            "type": "/problems/function-error", "title": "t", "status": 422, "detail": "d", "error": {"empty": true},
        }));
        assert_eq!(
            failure.to_string(),
            r#"the function answered an error: {"empty":true}"#
        );
        assert_eq!(failure.exit(), Exit::FunctionError);
    }

    #[test]
    fn exit_codes_tell_causes_apart() {
        for (slug, status, exit) in [
            ("not-found-function", 404, Exit::NotFound),
            ("no-active-version", 409, Exit::NotFound),
            ("function-trapped", 500, Exit::FunctionFailed),
            ("call-timeout", 504, Exit::FunctionFailed),
            ("overloaded", 503, Exit::Busy),
            ("invalid-code", 422, Exit::Refused),
            ("platform-fault", 500, Exit::Error),
        ] {
            assert_eq!(by_slug(slug, status), exit, "{slug}");
        }
    }
}
