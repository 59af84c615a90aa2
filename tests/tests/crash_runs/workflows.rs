//! What is run: something of everything that a crash could tear.

use reqwest::Method;
use serde_json::json;
use weft_tests::api::send;
use weft_tests::{Api, fixture};

/// Nothing has effects; what the clock shows is another each time it is looked at.
const OBSERVE: &str = r#"
workflow: observe
input: { n: u32 }
nodes:
  seen: { call: clock, with: { sleep-ms: 0 } }
  sum: { call: "arith#add", with: { a: $input.n, b: 1 }, after: [seen] }
  again: { call: clock, with: { sleep-ms: 0 }, after: [sum] }
output: { seen: $seen.wall-ns, sum: $sum, again: $again.wall-ns }
"#;

/// Charges three times, one after another.
const PAY: &str = "
workflow: pay
input: { payee: string, job: string }
nodes:
  seen: { call: clock, with: { sleep-ms: 0 } }
  first: { call: charge, with: { payee: $input.payee, job: $input.job, step: 1 }, after: [seen] }
  pause: { sleep: 5ms, after: [first] }
  second: { call: charge, with: { payee: $input.payee, job: $input.job, step: 2 }, after: [pause] }
  third: { call: charge, with: { payee: $input.payee, job: $input.job, step: 3 }, after: [second] }
output: { seen: $seen.wall-ns, first: $first, second: $second, third: $third }
";

/// Runs within a run, some over a list.
const NEST: &str = "
workflow: nest
input: { payee: string, job: string, list: list<u32> }
nodes:
  each: { call: observe, for-each: $input.list, with: { n: $item }, concurrency: 2 }
  paid: { call: pay, with: { payee: $input.payee, job: $input.job }, after: [each] }
output: { each: $each, first: $paid.first, second: $paid.second, third: $paid.third }
";

/// Hands on bytes that are kept by address.
const LARGE: &str = r#"
workflow: large
input: { data: list<u8> }
nodes:
  echoed: { call: "echo#bytes", with: { value: $input.data } }
  seen: { call: clock, with: { sleep-ms: 0 }, after: [echoed] }
output: { data: $echoed, seen: $seen.wall-ns }
"#;

/// Charges for the word that somebody brings from outside.
const APPROVE: &str = "
workflow: approve
input: { payee: string }
nodes:
  seen: { call: clock, with: { sleep-ms: 0 } }
  word: { wait: string, after: [seen] }
  first: { call: charge, with: { payee: $input.payee, job: $word, step: 1 } }
output: { seen: $seen.wall-ns, word: $word, first: $first }
";

/// Does not end by itself.
const DOZE: &str = "
workflow: doze
nodes:
  seen: { call: clock, with: { sleep-ms: 0 } }
  sleep: { sleep: 1d, after: [seen] }
output: $seen.wall-ns
";

/// Deploys everything; whoever is charged listens at `payee`.
pub(crate) async fn deploy(api: &Api, payee: &str) {
    for name in ["arith", "clock", "echo"] {
        api.deploy(name, fixture(name)).await;
    }
    let grants = json!({ "grants": { "http": [payee], "private-network": true } });
    api.deploy_with("charge", fixture("charge"), grants).await;
    for (name, text) in [
        ("observe", OBSERVE),
        ("pay", PAY),
        ("nest", NEST),
        ("large", LARGE),
        ("approve", APPROVE),
        ("doze", DOZE),
    ] {
        save(api, name, text).await;
    }
}

/// Saves a workflow.
pub(crate) async fn save(api: &Api, name: &str, text: &'static str) {
    let request = api.request(Method::PUT, &Api::path(name, ""));
    let request = request.header("content-type", "application/yaml");
    send(request.body(text)).await.ok();
}
