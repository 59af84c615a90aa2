//! Problem answers (RFC 9457) as failures of the command.

use reqwest::Response;
use serde_json::Value;
use weft_types::pointer::Told;

use super::hint::{Subject, hint};
use crate::failure::{Exit, Failure};
use crate::grants;

/// Reads an answer that is not a success.
pub(crate) async fn failure(response: Response) -> Failure {
    let status = response.status();
    let subject = Subject::of(response.url());
    let bytes = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(problem) if problem.get("type").is_some() => about(problem, &subject),
        _ => Failure::new(
            by_status(status.as_u16()),
            format!("the server answered {status}"),
        )
        .hint("is this a Weft server? --server names another"),
    }
}

/// A problem as a failure.
pub(crate) fn described(problem: Value) -> Failure {
    about(problem, &Subject::default())
}

fn about(problem: Value, subject: &Subject) -> Failure {
    let text = |member: &str| problem.get(member).and_then(Value::as_str).unwrap_or_default();
    let slug = text("type").rsplit('/').next().unwrap_or_default().to_owned();
    let detail = if text("detail").is_empty() {
        text("title")
    } else {
        text("detail")
    };
    let mut message = grants::as_flags(detail);
    let pointer = problem.get("pointer").and_then(Value::as_str);
    let place = pointer.map(|pointer| Told(pointer).to_string());
    if let Some(place) = place.filter(|place| !detail.contains(place)) {
        message.push_str(&format!(" (at {place})"));
    }
    if let Some(error) = problem.get("error").filter(|_| slug == "function-error") {
        // Of a workflow, its own or that of the node which ended the run, which may be one of a nested run.
        let whose = problem
            .get("path")
            .or(problem.get("node"))
            .and_then(Value::as_str);
        let whose = whose.map_or_else(|| "the function".to_owned(), |node| format!("`{node}`"));
        message = format!("{whose} answered an error: {error}");
    }
    let status = problem.get("status").and_then(Value::as_u64).unwrap_or_default();
    let run = problem.get("run").and_then(Value::as_str).map(str::to_owned);
    let mut failure = Failure::new(by_slug(&slug, status), message);
    if let Some(hint) = hint(&slug, &problem, subject) {
        failure = failure.hint(hint);
    }
    if let Some(run) = run.or_else(|| subject.run.clone()) {
        failure = failure.of_run(run);
    }
    failure.details(problem)
}

fn by_slug(slug: &str, status: u64) -> Exit {
    match slug {
        "function-error" => Exit::FunctionError,
        "function-trapped" | "function-exited" | "call-timeout" | "cpu-limit" | "memory-limit"
        | "stack-overflow" | "result-too-large" | "invalid-result" | "no-response" | "call-depth"
        | "call-limit" | "process-lost" | "outcome-unknown" => Exit::FunctionFailed,
        "run-failed" | "run-cancelled" | "run-timed-out" => Exit::RunFailed,
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
        let failure = described(json!({
            "type": "/problems/function-error", "title": "t", "status": 422, "detail": "d", "error": "no", "node": "paid",
            "run": "018f",
        }));
        assert_eq!(failure.to_string(), r#"`paid` answered an error: "no""#);
        assert_eq!(failure.exit(), Exit::FunctionError);
        assert!(failure.as_hint().unwrap().contains("weft show 018f"));
    }

    #[test]
    fn a_problem_of_a_run_names_it() {
        let failure = described(json!({
            "type": "/problems/run-failed", "title": "t", "status": 500, "detail": "`a` failed", "run": "018f",
        }));
        assert_eq!(failure.as_run(), Some("018f"));
        assert!(failure.as_hint().unwrap().contains("weft show 018f"));
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
            ("process-lost", 502, Exit::FunctionFailed),
            ("run-failed", 500, Exit::RunFailed),
            ("run-cancelled", 409, Exit::RunFailed),
            ("run-timed-out", 504, Exit::RunFailed),
            ("platform-fault", 500, Exit::Error),
        ] {
            assert_eq!(by_slug(slug, status), exit, "{slug}");
        }
    }
}
