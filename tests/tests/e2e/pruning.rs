//! Versions that go: one that is named, or those that a function does not keep.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::{Answer, multipart, send, try_send};
use weft_tests::runs::{RUNS, ended, post, save, start};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, fixture};

/// The numbers of a function's versions, ascending.
async fn versions(api: &Api, function: &str) -> Vec<u64> {
    let list = api.about(function, "/versions").await;
    let items = list["items"].as_array().unwrap().iter().rev();
    items.map(|item| item["version"].as_u64().unwrap()).collect()
}

async fn delete(api: &Api, function: &str, version: u32) -> Answer {
    let path = Api::path(function, &format!("/versions/{version}"));
    send(api.request(Method::DELETE, &path)).await
}

/// Deploys a version of its own.
async fn describe(api: &Api, function: &str, settings: Value) -> Value {
    api.deploy_with(function, fixture("arith"), settings).await
}

/// How many files of code there are, uploaded and compiled.
fn files(data: &Path) -> (usize, usize) {
    let names = |path: &Path| -> Vec<_> {
        let entries = std::fs::read_dir(path).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let artifacts = data.join("artifacts");
    let forms = names(&artifacts.join("compiled"));
    let compiled = forms.iter().map(|form| names(form).len()).sum();
    (names(&artifacts.join("wasm")).len(), compiled)
}

fn in_use(answer: &Answer, because: &str) -> Value {
    let problem = answer.expect_problem(409, "version-in-use");
    assert_eq!(problem["because"], because, "{problem}");
    problem
}

#[tokio::test]
async fn a_version_is_deleted_unless_something_needs_it() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("f", fixture("arith")).await;
    in_use(&delete(api, "f", 1).await, "active");
    describe(api, "f", json!({"description": "second"})).await;
    // A workflow calls the second one.
    let flow = "workflow: flow\ninput: { a: u32 }\nnodes:\n  go: { wait: bool }\n  sum: { call: f#add, with: { a: $input.a, b: 1 }, \
                after: [go] }\noutput: $sum\n";
    save(api, "flow", flow).await.ok();
    describe(api, "f", json!({"description": "third"})).await;
    let problem = in_use(&delete(api, "f", 2).await, "pinned");
    assert_eq!(problem["by"], json!(["flow@1"]));
    delete(api, "f", 9).await.expect_problem(404, "not-found-version");

    // A run of a version of the workflow that is active no longer.
    let run = start(api, "flow", &json!({"a": 1})).await;
    save(api, "flow", flow.replace("b: 1", "b: 2")).await.ok();
    in_use(&delete(api, "flow", 1).await, "open-runs");
    send(api.request(Method::POST, &format!("{RUNS}/{run}/cancel"))).await;
    eventually("the run has let go of it", || async {
        delete(api, "flow", 1).await.status == 204
    })
    .await;
    // Its second version still calls `f@2` or a later one.
    let kept: Vec<u64> = versions(api, "f").await;
    assert_eq!(kept, [1, 2, 3]);
    assert_eq!(delete(api, "f", 1).await.status, 204);
    delete(api, "f", 1).await.expect_problem(404, "not-found-version");

    // A rollout that is under way.
    let stored = api.request(Method::PUT, &Api::path("f", "?activate=false"));
    let stored = multipart(stored, fixture("arith"), &json!({"description": "fourth"}));
    assert_eq!(send(stored).await.ok()["version"], 4);
    let policy = json!({"stages": [20, 100], "stage-ms": 3_600_000, "min-calls": 10, "limit-ms": 7_200_000});
    let activate = Api::path("f", "/versions/4/activate");
    post(api, &activate, &json!({ "rollout": policy })).await.ok();
    in_use(&delete(api, "f", 4).await, "rollout");
    post(api, &Api::path("f", "/rollout/cancel"), &json!({}))
        .await
        .ok();
    assert_eq!(delete(api, "f", 4).await.status, 204);
    let only = api.request(Method::PUT, &Api::path("lone", "?activate=false"));
    let only = only.header("content-type", "application/wasm");
    send(only.body(fixture("arith"))).await.ok();
    in_use(&delete(api, "lone", 1).await, "only");
}

#[tokio::test]
async fn files_go_with_the_last_version_and_numbers_are_not_given_again() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    api.deploy("f", fixture("arith")).await;
    let (code, compiled) = files(data.path());
    api.deploy("f", fixture("echo")).await;
    api.deploy("g", fixture("echo")).await;
    let request = api.request(Method::PUT, &Api::path("f", "?activate=false"));
    let request = request.header("content-type", "application/wasm");
    send(request.body(fixture("deep"))).await.ok();
    assert_eq!(files(data.path()).0, code + 2);

    // The newest one, and one whose code another function has.
    assert_eq!(delete(api, "f", 3).await.status, 204);
    assert_eq!(files(data.path()), (code + 1, 2 * compiled));
    api.deploy("f", fixture("arith")).await;
    assert_eq!(delete(api, "f", 2).await.status, 204);
    assert_eq!(files(data.path()), (code + 1, 2 * compiled));
    send(api.request(Method::DELETE, &Api::path("g", ""))).await;
    assert_eq!(files(data.path()), (code, compiled));
    server.kill().await;

    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    assert_eq!(versions(api, "f").await, [1]);
    assert_eq!(api.call("f?export=add", &json!([1, 2])).await.ok(), json!(3));
    let deployed = api.deploy("f", fixture("deep")).await;
    assert_eq!(deployed["version"], 4);
}

#[tokio::test]
async fn a_name_that_is_given_again_has_no_version_that_was_before() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    let flow = "workflow: flow\ninput: { a: u32 }\nnodes:\n  sum: { call: f#add, with: { a: $input.a, b: 1 } }\noutput: $sum\n";
    api.deploy("f", fixture("arith")).await;
    save(api, "flow", flow).await.ok();
    let run = start(api, "flow", &json!({"a": 1})).await;
    assert_eq!(ended(api, &run).await["result"], 2);
    for function in ["flow", "f"] {
        let deleted = send(api.request(Method::DELETE, &Api::path(function, ""))).await;
        assert_eq!(deleted.status, 204, "{}", deleted.text());
    }
    server.kill().await;

    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    // The same texts, which mean something else.
    assert_eq!(
        describe(api, "f", json!({"description": "another"})).await["version"],
        2
    );
    assert_eq!(save(api, "flow", flow).await.ok()["version"], 2);
    let again = post(api, &format!("{RUNS}/{run}/rerun"), &json!({})).await;
    let again = again.expect_problem(404, "not-found-version");
    assert_eq!(again["detail"], "workflow `flow` has no version 1");
    let activate = Api::path("f", "/versions/1/activate");
    post(api, &activate, &json!({}))
        .await
        .expect_problem(404, "not-found-version");
    let told = ended(api, &run).await;
    assert_eq!(
        (&told["version"], &told["result"]),
        (&json!(1), &Value::Null),
        "{told}"
    );
}

#[tokio::test]
async fn a_function_keeps_as_many_versions_as_it_says() {
    let server = Server::builder()
        .arguments(["--keep-versions", "5"])
        .start()
        .await;
    let api = &server.api;
    let keep = |number: u32| json!({"description": number.to_string(), "keep-versions": 2});
    for number in 1..=4 {
        describe(api, "f", keep(number)).await;
    }
    assert_eq!(versions(api, "f").await, [3, 4]);
    // What is active stays, however old.
    send(api.request(Method::POST, &Api::path("f", "/versions/3/activate")))
        .await
        .ok();
    for number in 5..=6 {
        let stored = api.request(Method::PUT, &Api::path("f", "?activate=false"));
        send(multipart(stored, fixture("arith"), &keep(number)))
            .await
            .ok();
    }
    assert_eq!(versions(api, "f").await, [3, 5, 6]);
    let answer = api
        .put_with("f", fixture("arith"), &json!({"keep-versions": 0}))
        .await;
    answer.expect_problem(400, "invalid-settings");
    for number in 1..=7 {
        describe(api, "g", json!({"description": number.to_string()})).await;
    }
    assert_eq!(versions(api, "g").await, [3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn the_command_deletes_versions() {
    let server = Server::start().await;
    let api = &server.api;
    let shell = Shell::at(&api.base);
    for number in 1..=5 {
        describe(api, "f", json!({"description": number.to_string()})).await;
    }
    assert_eq!(shell.ok(&["delete", "f@4"]).await, "f@4 is deleted");
    let (code, told) = shell.fails(&["delete", "f@5"]).await;
    assert!(code == 6 && told.contains("active"), "{code} {told}");
    send(api.request(Method::POST, &Api::path("f", "/versions/1/activate")))
        .await
        .ok();
    let told = shell.ok(&["versions", "f", "--prune", "1"]).await;
    assert!(
        told.contains("f@3 is deleted") && told.contains("f@2 is deleted") && told.contains("it is active"),
        "{told}"
    );
    assert_eq!(versions(api, "f").await, [1, 5]);
}

/// Deploys versions one after another until the server is gone.
async fn deploy_until_killed(api: Api, function: String) {
    for round in 0.. {
        let code = fixture(["arith", "echo", "deep", "trap"][round % 4]);
        let request = api.request(Method::PUT, &Api::path(&function, ""));
        let request = multipart(request, code, &json!({"description": round.to_string()}));
        match try_send(request).await {
            Ok(answer) => assert!(answer.status.is_success(), "{}", answer.text()),
            Err(_) => return,
        }
    }
}

#[tokio::test]
async fn a_crash_leaves_every_version_with_its_code_and_no_code_without_a_version() {
    let data = tempfile::tempdir().unwrap();
    let keep = ["--keep-versions", "2"];
    for round in 0..4_u64 {
        let server = Server::builder().data(data.path()).arguments(keep).start().await;
        let deploys =
            (0..4).map(|number| tokio::spawn(deploy_until_killed(server.api.clone(), format!("f{number}"))));
        let deploys: Vec<_> = deploys.collect();
        // After so many deploys, whatever the server is doing then.
        let enough = || async {
            let made = server
                .api
                .metric("weft_http_requests_total", &["method=\"PUT\""])
                .await;
            made >= (20 + 7 * round) as f64
        };
        eventually("there were some deploys", enough).await;
        server.kill().await;
        for deploy in deploys {
            deploy.await.unwrap();
        }

        let server = Server::builder().data(data.path()).arguments(keep).start().await;
        let (api, mut codes) = (&server.api, std::collections::BTreeSet::new());
        for function in (0..4).map(|number| format!("f{number}")) {
            let kept = versions(api, &function).await;
            assert!(kept.len() <= 3, "{function}: {kept:?}");
            for version in kept {
                let wasm = api
                    .get(&Api::path(&function, &format!("/wasm?version={version}")))
                    .await;
                assert_eq!(wasm.status, 200, "{function}@{version}: {}", wasm.text());
                codes.insert(wasm.body);
            }
        }
        eventually("code of no version is swept", || async {
            files(data.path()).0 == codes.len()
        })
        .await;
        server.kill().await;
    }
}
