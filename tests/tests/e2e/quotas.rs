//! How much of a server a project may use: refused beyond, whoever asks at once, and still so after a crash.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::access::House;
use weft_tests::api::{Answer, send};
use weft_tests::runs::{post, save, start};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, example, fixture};

const QUOTAS: &str = "/v1/projects/default/quotas";
const WAITS: &str = "workflow: waits\nnodes:\n  go: { wait: bool }\noutput: $go\n";

async fn set(api: &Api, quotas: &Value) -> Value {
    let request = api.request(Method::PUT, QUOTAS);
    let request = request.header("content-type", "application/json");
    send(request.body(quotas.to_string())).await.ok()
}

async fn used(api: &Api, quota: &str) -> u64 {
    api.get(QUOTAS).await.ok()[quota]["used"].as_u64().unwrap()
}

/// That it is refused for want of a quota, of which so much is used.
fn refused(answer: &Answer, (status, slug): (u16, &str), quota: &str, limit: u64, used: u64) {
    let problem = answer.expect_problem(status, slug);
    let told = [&problem["quota"], &problem["limit"], &problem["used"]];
    assert_eq!(told, [&json!(quota), &json!(limit), &json!(used)], "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("`default`") && detail.contains(quota),
        "{problem}"
    );
}

const EXCEEDED: (u16, &str) = (403, "quota-exceeded");
const BUSY: (u16, &str) = (429, "quota-busy");

#[tokio::test]
async fn functions_and_versions_are_limited_even_at_once() {
    let server = Server::start().await;
    let api = &server.api;
    set(api, &json!({"functions": 3})).await;
    let uploads = (0..8).map(|number| {
        let api = api.clone();
        async move { api.put(&format!("f{number}"), fixture("arith")).await }
    });
    let answers = join_all(uploads).await;
    let stored = answers.iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(stored, 3);
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        refused(answer, EXCEEDED, "functions", 3, 3);
    }
    let list = api.get("/v1/projects/default/functions").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let some = list["items"][0]["function"].as_str().unwrap();

    set(api, &json!({"versions": 4})).await;
    let described = |number: u32| json!({ "description": number.to_string() });
    api.deploy_with(some, fixture("arith"), described(1)).await;
    let answer = api.put_with(some, fixture("arith"), &described(2)).await;
    refused(&answer, EXCEEDED, "versions", 4, 4);
    let answer = save(api, "waits", WAITS).await;
    refused(&answer, EXCEEDED, "versions", 4, 4);
    // What is there already is no more.
    api.deploy_with(some, fixture("arith"), described(1)).await;
    let deleted = send(api.request(Method::DELETE, &Api::path(some, "/versions/1"))).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    api.deploy_with(some, fixture("arith"), described(2)).await;
}

#[tokio::test]
async fn storage_is_limited_over_code_blobs_and_key_values() {
    let server = Server::start().await;
    let api = &server.api;
    let code = fixture("arith");
    let size = code.len() as u64;
    api.deploy("f", code.clone()).await;
    // The same code is kept once.
    api.deploy("g", code.clone()).await;
    assert_eq!(used(api, "storage-bytes").await, size);

    let counter = example("counter");
    let counts = counter.len() as u64;
    api.deploy_with("counter", counter, json!({"grants": {"keyvalue": ["default"]}}))
        .await;
    let limit = size + counts + 1000;
    set(api, &json!({"storage-bytes": limit})).await;
    let answer = api.put("h", fixture("echo")).await;
    refused(&answer, EXCEEDED, "storage-bytes", limit, size + counts);

    // Two that would fit one by one.
    let store = |byte: u8| {
        let request = api.request(Method::POST, "/v1/projects/default/blobs");
        send(request.body(vec![byte; 600]))
    };
    let answers = join_all([store(1), store(2)]).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);
    let lost = answers.iter().find(|answer| answer.status == 403).unwrap();
    refused(lost, EXCEEDED, "storage-bytes", limit, size + counts + 600);
    // What is there already is no more.
    let kept = if answers[0].status == 201 { 1 } else { 2 };
    assert_eq!(store(kept).await.status, 201);

    let name = "n".repeat(300);
    api.call("counter?export=add", &json!([name, 1])).await.ok();
    let answer = api.call("counter?export=add", &json!(["m".repeat(300), 1])).await;
    assert!(answer.text().contains("storage-bytes"), "{}", answer.text());
    let expected = json!({"code": size + counts, "blobs": 600, "key-values": 301});
    assert_eq!(api.get(QUOTAS).await.ok()["stored"], expected);

    // Definitions are code.
    let definition = format!("{WAITS}# {}\n", "long ".repeat(100));
    save(api, "waits", definition)
        .await
        .expect_problem(403, "quota-exceeded");
    let forgotten = api.call("counter?export=forget", &json!([name])).await;
    assert_eq!(forgotten.status, 204, "{}", forgotten.text());
    assert_eq!(used(api, "storage-bytes").await, size + counts + 600);
    for function in ["f", "g"] {
        send(api.request(Method::DELETE, &Api::path(function, ""))).await;
    }
    assert_eq!(used(api, "storage-bytes").await, counts + 600);
}

#[tokio::test]
async fn a_guest_is_told_of_a_quota_at_every_level() {
    let server = Server::start().await;
    let api = &server.api;
    for profile in ["sandbox", "process"] {
        let settings = json!({"profile": profile, "grants": {"keyvalue": ["default"]}});
        api.deploy_with(&format!("counter-{profile}"), example("counter"), settings)
            .await;
    }
    set(
        api,
        &json!({"storage-bytes": used(api, "storage-bytes").await + 100}),
    )
    .await;
    for profile in ["sandbox", "process"] {
        let target = format!("counter-{profile}?export=add");
        let answer = api.call(&target, &json!(["n".repeat(300), 1])).await;
        let told = answer.text();
        assert!(
            told.contains("storage-bytes") && told.contains("give it more"),
            "{profile}: {told}"
        );
    }
}

#[tokio::test]
async fn quotas_and_what_is_used_survive_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let defaults = ["--quota-functions", "7", "--quota-open-runs", "1000"];
    let server = Server::builder()
        .data(data.path())
        .arguments(defaults)
        .start()
        .await;
    let api = &server.api;
    let shown = api.get(QUOTAS).await.ok();
    let expected = json!({"limit": 7, "default": true, "used": 0});
    assert_eq!(shown["functions"], expected);
    assert_eq!(shown["versions"], json!({"default": true, "used": 0}));
    set(api, &json!({"open-runs": 2, "storage-bytes": 50_000_000})).await;
    api.deploy_with(
        "counter",
        example("counter"),
        json!({"grants": {"keyvalue": ["default"]}}),
    )
    .await;
    save(api, "waits", WAITS).await.ok();
    api.call("counter?export=add", &json!(["n", 12])).await.ok();
    let blob = api.request(Method::POST, "/v1/projects/default/blobs");
    send(blob.body(vec![7; 100_000])).await.ok();

    // Of many at once only so many begin.
    let starts = (0..6).map(|_| {
        let (api, path) = (api.clone(), Api::path("waits", "/runs"));
        async move { post(&api, &path, &json!({})).await }
    });
    let answers = join_all(starts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 2);
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        refused(answer, BUSY, "open-runs", 2, 2);
        assert!(!answer.header("retry-after").is_empty());
    }
    let before = api.get(QUOTAS).await.ok();
    assert_eq!(before["stored"]["blobs"], 100_000);
    assert_eq!(before["stored"]["key-values"], 3);
    server.kill().await;

    let server = Server::builder()
        .data(data.path())
        .arguments(defaults)
        .start()
        .await;
    let api = &server.api;
    eventually("all of it is counted", || async {
        api.get(QUOTAS).await.ok() == before
    })
    .await;
    let answer = post(api, &Api::path("waits", "/runs"), &json!({})).await;
    refused(&answer, BUSY, "open-runs", 2, 2);
    // One that has ended makes room, and only one that has.
    let run = answers.iter().find(|answer| answer.status == 202).unwrap();
    let run = run.json()["run"].as_str().unwrap().to_owned();
    let cancel = format!("/v1/projects/default/runs/{run}/cancel");
    send(api.request(Method::POST, &cancel)).await;
    eventually("the run is closed", || async {
        used(api, "open-runs").await == 1
    })
    .await;
    start(api, "waits", &json!({})).await;
    // The server's default again.
    let shown = set(api, &json!({})).await;
    assert_eq!(
        shown["open-runs"],
        json!({"limit": 1000, "default": true, "used": 2})
    );
}

#[tokio::test]
async fn calls_at_once_are_limited_per_project() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("spin", fixture("spin")).await;
    api.deploy("arith", fixture("arith")).await;
    set(api, &json!({"concurrent-calls": 2})).await;
    let hold = || {
        let request = api.calling("spin?export=spin");
        let request = request.header("content-type", "application/json").body("{}");
        tokio::spawn(request.send())
    };
    let held = [hold(), hold()];
    eventually("both execute", || async {
        used(api, "concurrent-calls").await == 2
    })
    .await;
    let answer = api.call("arith?export=add", &json!([1, 2])).await;
    refused(&answer, BUSY, "concurrent-calls", 2, 2);
    assert!(!answer.header("retry-after").is_empty());
    // Other projects have their own.
    send(api.request(Method::PUT, "/v1/projects/other")).await.ok();
    let other = "/v1/projects/other/functions/arith";
    let put = api
        .request(Method::PUT, other)
        .header("content-type", "application/wasm");
    send(put.body(fixture("arith"))).await.ok();
    post(api, &format!("{other}/invoke?export=add"), &json!([1, 2]))
        .await
        .ok();

    held.iter().for_each(tokio::task::JoinHandle::abort);
    eventually("they are cancelled", || async {
        used(api, "concurrent-calls").await == 0
    })
    .await;
    api.call("arith?export=add", &json!([1, 2])).await.ok();
    assert_eq!(used(api, "concurrent-calls").await, 0);
}

#[tokio::test]
async fn the_platform_sets_quotas_and_members_see_them() {
    let house = House::start().await;
    let admin = Shell::at(&house.server.api.base).with("WEFT_TOKEN", &house.admin);
    let viewer = house.token("shop", "viewer").await;
    let viewer = Shell::at(&house.server.api.base).with("WEFT_TOKEN", &viewer);
    let in_shop = |words: &[&'static str]| [&["--project", "shop", "quotas"], words].concat();
    let set = ["set", "--functions", "1", "--storage", "2MiB"];
    let told = admin.ok(&in_shop(&set)).await;
    assert!(told.contains("functions") && told.contains("2.0 MiB"), "{told}");
    let shown = viewer.json(&in_shop(&[])).await;
    assert_eq!(
        shown["functions"],
        json!({"limit": 1, "default": false, "used": 0})
    );
    assert_eq!(shown["storage-bytes"]["limit"], 2 << 20);
    let (code, told) = viewer.fails(&in_shop(&set)).await;
    assert!(code == 6 && told.contains("`admin`"), "{code} {told}");

    house.deploy("f", fixture("arith"), "private").await;
    let file = tempfile::NamedTempFile::with_suffix(".wasm").unwrap();
    std::fs::write(file.path(), fixture("arith")).unwrap();
    let file = file.path().to_str().unwrap();
    let (code, told) = admin
        .fails(&["--project", "shop", "deploy", file, "--name", "g"])
        .await;
    assert!(code == 6 && told.contains("`functions`"), "{code} {told}");
}
