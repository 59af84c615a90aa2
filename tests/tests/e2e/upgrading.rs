//! Data that earlier versions wrote: every server since opens it, tells the same of it, and goes on with what was open.
//!
//! `tests/kept/N.tar.gz` holds a data directory, the backup that was made of it, and what the server told then. It is never made anew: a change
//! of a format keeps another one, by `WEFT_KEEP=N cargo test --workspace --test e2e upgrading`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use weft_tests::api::send;
use weft_tests::runs::{GATE, RUNS, SUM, ended, post, save, show, start, states};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, example, fixture};

/// A node that goes over a list, one item of which fails, and calls another workflow.
const EACH: &str = "workflow: each
input: { list: list<u32> }
defaults: { on-failure: continue }
nodes:
  sums: { call: sum, for-each: $input.list, with: { n: $item } }
  bad: { call: trap#unreachable }
output: $sums
";

/// Larger than what is kept in line.
const LARGE: usize = 100_000;

/// What the server told when the data was kept, by path.
const TOLD: &str = "told.json";
const PATHS: [&str; 6] = [
    "/v1/projects/default/functions",
    "/v1/projects/default/functions/arith/versions",
    "/v1/projects/default/functions/sum/definition",
    "/v1/projects/default/secrets",
    "/v1/projects/shop/functions",
    "/v1/profiles/steady",
];

/// Keeps closed runs whatever their age: they grow old with the repository.
const FOREVER: [&str; 2] = ["--runs-keep-for", "0s"];

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kept")
}

fn tar(arguments: &[&str], directory: &Path) {
    let status = Command::new("tar")
        .args(arguments)
        .current_dir(directory)
        .status()
        .unwrap();
    assert!(status.success(), "tar {arguments:?}: {status}");
}

/// Fills a server with something of everything, and answers what is to be found of it.
async fn fill(api: &Api) -> Value {
    let settings =
        json!({"labels": {"team": "core"}, "description": "Adds", "limits": {"memory-bytes": 33554432}});
    api.deploy_with("arith", fixture("arith"), settings).await;
    api.deploy_with("arith", fixture("arith"), json!({"labels": {"team": "edge"}}))
        .await;
    api.deploy("trap", fixture("trap")).await;
    api.deploy("echo", fixture("echo")).await;
    let grants = json!({"grants": {"keyvalue": ["default"]}});
    api.deploy_with("counter", example("counter"), grants).await;
    api.call("counter?export=add", &json!({"name": "n", "by": 5}))
        .await
        .ok();
    for (name, definition) in [("sum", SUM), ("gate", GATE), ("each", EACH)] {
        save(api, name, definition).await.ok();
    }
    let stored = api.request(Method::POST, "/v1/projects/default/blobs");
    let stored = send(stored.body(vec![b'a'; LARGE])).await.ok();
    let secret = api.request(Method::PUT, "/v1/projects/default/secrets/KEY");
    send(secret.json(&json!({"value": "a secret"}))).await.ok();
    let shop = api.request(Method::PUT, "/v1/projects/shop");
    assert!(send(shop.json(&json!({}))).await.status.is_success());
    let code = api.request(Method::PUT, "/v1/projects/shop/functions/add");
    let code = code.header("content-type", "application/wasm");
    send(code.body(fixture("arith"))).await.ok();
    let profile = api.request(Method::PUT, "/v1/profiles/steady");
    let profile = profile.header("content-type", "application/toml");
    send(profile.body("level = \"sandbox\"\n")).await.ok();

    let closed = start(api, "sum", &json!({"n": 1})).await;
    let failed = start(api, "each", &json!({"list": [1, 2, 3]})).await;
    let open = start(api, "gate", &json!({})).await;
    let (closed, failed) = (ended(api, &closed).await, ended(api, &failed).await);
    eventually("the gate is awaited", || async {
        show(api, &open).await["awaiting"] == json!(["gate"])
    })
    .await;
    let mut told = json!({"blob": stored["digest"], "closed": closed, "failed": failed, "open": open});
    for path in PATHS {
        told[path] = read(api, path).await;
    }
    told
}

/// What a path tells: JSON, or a text.
async fn read(api: &Api, path: &str) -> Value {
    let answer = api.get(path).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| json!(answer.text()))
}

/// Everything is told as it was, is called, and goes on.
async fn check(api: &Api, told: &Value) {
    for path in PATHS {
        includes(&read(api, path).await, &told[path], path);
    }
    for run in ["closed", "failed"] {
        let id = told[run]["run"].as_str().unwrap();
        includes(&show(api, id).await, &told[run], run);
    }
    let blob = told["blob"].as_str().unwrap();
    let blob = api.get(&format!("/v1/projects/default/blobs/{blob}")).await;
    assert_eq!(blob.text().len(), LARGE);
    let count = api.call("counter?export=get", &json!({"name": "n"})).await.ok();
    assert_eq!(count, json!(5));
    for target in ["arith?export=add", "arith?export=add&version=1"] {
        assert_eq!(api.call(target, &json!({"a": 1, "b": 2})).await.ok(), json!(3));
    }

    let open = told["open"].as_str().unwrap();
    let brought = post(api, &format!("{RUNS}/{open}/nodes/gate/complete"), &json!(41)).await;
    assert_eq!(brought.status, 204, "{}", brought.text());
    let run = ended(api, open).await;
    assert_eq!(run["result"], json!(42), "{run}");
    let failed = told["failed"]["run"].as_str().unwrap();
    let again = post(api, &format!("{RUNS}/{failed}/rerun"), &json!({})).await;
    let again = ended(api, again.json()["run"].as_str().unwrap()).await;
    assert!(states(&again).contains(&("sums", "succeeded")), "{again}");
}

/// Newer servers may tell more, but nothing else.
#[track_caller]
fn includes(now: &Value, then: &Value, at: &str) {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (key, value) in then {
                includes(
                    now.get(key).unwrap_or(&Value::Null),
                    value,
                    &format!("{at}.{key}"),
                );
            }
        }
        (Value::Array(now), Value::Array(then)) => {
            assert_eq!(now.len(), then.len(), "{at}: {now:?}, not {then:?}");
            for (index, (now, then)) in now.iter().zip(then).enumerate() {
                includes(now, then, &format!("{at}[{index}]"));
            }
        }
        _ => assert_eq!(now, then, "{at}"),
    }
}

/// Makes the archive of a format.
async fn keep(name: &str) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let server = Server::builder().data(&data).start().await;
    let told = fill(&server.api).await;
    fs::write(directory.path().join(TOLD), told.to_string()).unwrap();
    // As a crash leaves it: what is open is open, and the journal has a tail.
    server.kill().await;
    weft(&["backup", "backup.tar", "--data", "data"], directory.path()).await;
    fs::remove_dir_all(data.join("artifacts/compiled")).unwrap();
    fs::create_dir_all(kept()).unwrap();
    let archive = kept().join(format!("{name}.tar.gz"));
    tar(
        &[
            "--owner=0",
            "--group=0",
            "-czf",
            archive.to_str().unwrap(),
            TOLD,
            "data",
            "backup.tar",
        ],
        directory.path(),
    );
}

async fn weft(arguments: &[&str], directory: &Path) {
    let shell = Shell::without_server(tempfile::tempdir().unwrap());
    let absolute: Vec<String> = arguments
        .iter()
        .map(|argument| match *argument {
            "data" | "restored" | "backup.tar" => directory.join(argument).to_str().unwrap().to_owned(),
            other => other.to_owned(),
        })
        .collect();
    let absolute: Vec<&str> = absolute.iter().map(String::as_str).collect();
    let output = shell.run(&absolute, b"").await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What is kept of each format, unpacked.
async fn unpacked() -> Vec<(TempDir, Value)> {
    if let Ok(name) = std::env::var("WEFT_KEEP") {
        keep(&name).await;
    }
    let archives = fs::read_dir(kept()).unwrap().map(|entry| entry.unwrap().path());
    let archives: Vec<PathBuf> = archives
        .filter(|path| path.extension().is_some_and(|e| e == "gz"))
        .collect();
    assert!(!archives.is_empty(), "nothing is kept in {}", kept().display());
    let unpack = |archive: PathBuf| {
        let directory = tempfile::tempdir().unwrap();
        tar(&["-xzf", archive.to_str().unwrap()], directory.path());
        let told = fs::read(directory.path().join(TOLD)).unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        (directory, told)
    };
    archives.into_iter().map(unpack).collect()
}

#[tokio::test]
async fn data_and_backups_of_earlier_versions_go_on() {
    for (directory, told) in unpacked().await {
        let data = directory.path().join("data");
        let server = Server::builder().data(&data).arguments(FOREVER).start().await;
        check(&server.api, &told).await;
        assert!(server.stop().await.success());

        weft(&["restore", "backup.tar", "--data", "restored"], directory.path()).await;
        let restored = directory.path().join("restored");
        fs::copy(data.join("secrets.key"), restored.join("secrets.key")).unwrap();
        let server = Server::builder().data(&restored).arguments(FOREVER).start().await;
        check(&server.api, &told).await;
    }
}
