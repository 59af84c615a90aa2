//! What helps against a problem, in terms of the command.

use reqwest::Url;
use serde_json::Value;

/// What a request was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// The function or workflow.
    pub(super) function: Option<String>,
    /// The run.
    pub(super) run: Option<String>,
}

impl Subject {
    /// Reads it from the address that was asked: `…/functions/{function}/…`, `…/runs/{run}/…`.
    pub(super) fn of(url: &Url) -> Self {
        let segments: Vec<_> = url.path_segments().into_iter().flatten().collect();
        // Names cannot hold what would have to be decoded; what is none is not worth a hint that names it.
        let after = |what: &str| {
            let place = segments
                .windows(5)
                .find(|parts| parts[0] == "v1" && parts[1] == "projects" && parts[3] == what)?;
            let is_name = |text: &str| {
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            Some(place[4].to_owned()).filter(|name| is_name(name))
        };
        Self {
            function: after("functions"),
            run: after("runs"),
        }
    }
}

/// What helps, if anything is known to.
pub(super) fn hint(slug: &str, problem: &Value, subject: &Subject) -> Option<String> {
    let of_problem = |member: &str| problem.get(member).and_then(Value::as_str);
    let function = subject.function.as_deref().unwrap_or("FUNCTION");
    let run = of_problem("run").or(subject.run.as_deref()).unwrap_or("RUN");
    let hint = match slug {
        "not-found-function" => "`weft functions` lists what there is; --project names a project",
        "not-found-project" => "`weft project list` lists them; --project or WEFT_PROJECT names one",
        "not-found-version" => "`weft versions FUNCTION` lists them",
        "not-found-export" | "ambiguous-export" => {
            "`weft describe FUNCTION` lists the exports; call one as FUNCTION#EXPORT"
        }
        "not-callable" => "`weft describe FUNCTION` says what it is",
        "not-found-run" => "`weft runs` lists those that are kept",
        "not-found-node" => "`weft show RUN` lists its nodes",
        "no-active-version" => {
            "`weft describe FUNCTION` says what is missing: deploy again with it, or have an older version answer by `weft activate FUNCTION VERSION`"
        }
        // Of a run only the workflow's name is not known here.
        "invalid-arguments" if subject.function.is_none() && subject.run.is_some() => {
            "`weft show RUN` tells the workflow, `weft describe` its parameters and their types"
        }
        "invalid-arguments" => "`weft describe FUNCTION` shows the parameters and their types",
        "missing-grant" => {
            "deploy again with the grant, such as --grant-http HOST, --grant-keyvalue STORE or --grant-call CALLEE"
        }
        "quota-exceeded" | "quota-busy" => "`weft quotas` shows what the project may have, and has",
        "still-referenced" => "delete what refers to it first",
        "open-runs" => {
            "`weft runs FUNCTION --status waiting,running,paused` lists them; `weft cancel RUN` ends one"
        }
        "run-open" => "`weft show RUN -f` waits for its end; `weft cancel RUN` ends it",
        "run-over" => "`weft show RUN` tells how it ended; `weft rerun RUN` runs it again",
        "run-failed" | "run-timed-out" | "run-cancelled" => {
            return Some(of_run(run, of_problem("nested-run")));
        }
        "function-error" if of_problem("run").is_some() => {
            return Some(of_run(run, of_problem("nested-run")));
        }
        "invalid-request" if of_problem("member") == Some("selection") => {
            "`weft rerun RUN --whole` runs all of it again, --from NODE that node and what needs it"
        }
        "function-trapped" | "function-exited" => "`weft logs FUNCTION` shows what it wrote",
        "call-timeout" => "`limits.timeout-ms` in the function's settings allows more time",
        "cpu-limit" => "`limits.cpu-time-ms` in the function's settings allows more time",
        "memory-limit" => "`limits.memory-bytes` in the function's settings allows more memory",
        "result-too-large" => "`limits.output-bytes` in the function's settings allows larger results",
        "arguments-too-large" => "`limits.input-bytes` in the function's settings allows larger arguments",
        "overloaded" | "sandbox-memory" | "queue-timeout" | "draining" | "runs-paused" | "records-behind" => {
            "try again in a moment"
        }
        "unauthorized" => "WEFT_TOKEN holds the token that is sent; `weft token create` makes one",
        "forbidden" => "`weft whoami` tells what your token may do",
        "not-found-token" => "`weft token list` lists them; --all for those of other projects",
        "not-found-member" => {
            "`weft project members` lists them; `weft project set-member WHO ROLE` adds one"
        }
        "admin-first" => "`weft token create --admin` makes it",
        "project-in-use" => "`weft functions` lists its functions; `weft delete FUNCTION` deletes one",
        "host-not-allowed" => "start the server with --allow-host for this name",
        _ => return None,
    };
    Some(hint.replace("FUNCTION", function).replace("RUN", run))
}

/// What helps against the end of a run. What was written for a run nested in it, where that is what failed, is in that one's own log.
pub(crate) fn of_run(run: &str, nested: Option<&str>) -> String {
    let log = nested.unwrap_or(run);
    format!("`weft show {run}` tells what became of each node, `weft logs --run {log}` what they wrote")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn subjects_are_read_from_addresses() {
        for (path, function, run) in [
            ("/v1/projects/p/functions/pricing/invoke", Some("pricing"), None),
            ("/weft/v1/projects/p/functions/pricing", Some("pricing"), None),
            ("/v1/projects/functions/functions/f", Some("f"), None),
            ("/v1/projects/p/runs/018f-1/rerun", None, Some("018f-1")),
            ("/v1/projects/p/functions/a%2Fb", None, None),
            ("/v1/projects/p/functions", None, None),
            ("/healthz", None, None),
        ] {
            let url = Url::parse(&format!("http://127.0.0.1{path}")).unwrap();
            let expected = Subject {
                function: function.map(str::to_owned),
                run: run.map(str::to_owned),
            };
            assert_eq!(Subject::of(&url), expected, "{path}");
        }
    }

    #[test]
    fn hints_name_what_the_request_was_about() {
        let subject = Subject {
            function: Some("pricing".into()),
            run: Some("018f".into()),
        };
        for (slug, problem, expected) in [
            (
                "not-found-version",
                json!({}),
                "`weft versions pricing` lists them",
            ),
            ("not-found-node", json!({}), "`weft show 018f` lists its nodes"),
            (
                "run-failed",
                json!({"run": "other"}),
                "`weft show other` tells what became of each node, `weft logs --run other` what they wrote",
            ),
            (
                "function-error",
                json!({"run": "other", "nested-run": "inner"}),
                "`weft show other` tells what became of each node, `weft logs --run inner` what they wrote",
            ),
            (
                "invalid-request",
                json!({"member": "selection"}),
                "`weft rerun 018f --whole` runs all of it again, --from NODE that node and what needs it",
            ),
        ] {
            assert_eq!(
                hint(slug, &problem, &subject).as_deref(),
                Some(expected),
                "{slug}"
            );
        }
        assert!(
            hint("missing-grant", &json!({}), &subject)
                .unwrap()
                .contains("--grant-call CALLEE")
        );
        assert_eq!(hint("invalid-request", &json!({}), &subject), None);
        let of_run = Subject {
            run: Some("018f".into()),
            function: None,
        };
        for (slug, expected) in [
            ("invalid-arguments", "`weft show 018f` tells the workflow"),
            ("not-found-project", "`weft project list` lists them"),
        ] {
            let hint = hint(slug, &json!({}), &of_run).unwrap();
            assert!(hint.starts_with(expected), "{slug}: {hint}");
        }
    }
}
