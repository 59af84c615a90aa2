//! Workflows and their runs over HTTP, in the project `default`.

use reqwest::Method;
use serde_json::Value;

use crate::Api;
use crate::api::{Answer, send};

/// Where runs are.
pub const RUNS: &str = "/v1/projects/default/runs";

/// A workflow whose runs end at once, two above `n`. It takes the function `arith`.
pub const SUM: &str = "
workflow: sum
input: { n: u32 }
nodes:
  first: { call: arith#add, with: { a: $input.n, b: 1 } }
  second: { call: arith#add, with: { a: $first, b: 1 } }
output: $second
";

/// A workflow whose runs wait at `gate` for a number, and end with the one above it.
pub const GATE: &str = "
workflow: gate
nodes:
  gate: { wait: u32 }
  sum: { call: arith#add, with: { a: $gate, b: 1 } }
output: $sum
";

/// Saves a workflow.
pub async fn save(api: &Api, name: &str, definition: impl Into<String>) -> Answer {
    let request = api.request(Method::PUT, &Api::path(name, ""));
    let request = request.header("content-type", "application/yaml");
    send(request.body(definition.into())).await
}

/// Posts JSON to a path.
pub async fn post(api: &Api, path: &str, body: &Value) -> Answer {
    let request = api.request(Method::POST, path);
    let request = request.header("content-type", "application/json");
    send(request.body(body.to_string())).await
}

/// Starts a run and answers its id.
///
/// # Panics
/// Where it is refused.
pub async fn start(api: &Api, workflow: &str, arguments: &Value) -> String {
    let started = post(api, &Api::path(workflow, "/runs"), arguments).await;
    assert_eq!(started.status, 202, "{}", started.text());
    let run = started.json()["run"].as_str().map(str::to_owned);
    run.expect("what was started has an id")
}

/// A run as it stands.
///
/// # Panics
/// Where there is none.
pub async fn show(api: &Api, run: &str) -> Value {
    api.get(&format!("{RUNS}/{run}")).await.ok()
}

/// A run once it has ended.
///
/// # Panics
/// Where there is none.
pub async fn ended(api: &Api, run: &str) -> Value {
    api.get(&format!("{RUNS}/{run}?wait=60s")).await.ok()
}

/// The nodes of a run and where each stands.
///
/// # Panics
/// Where it is no run.
pub fn states<'a>(run: &'a Value) -> Vec<(&'a str, &'a str)> {
    let nodes = run["node-states"].as_array().expect("a run has nodes");
    let named = |node: &'a Value| node["name"].as_str().zip(node["status"].as_str());
    let states = nodes.iter().map(named);
    states
        .map(|state| state.expect("a node has a name and a status"))
        .collect()
}
