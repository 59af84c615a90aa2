//! Backups of a server while calls, runs, deploys and collections go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use weft_tests::access::House;
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, post, save, show, start};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, example, fixture};

const BACKUP: &str = "/v1/backup";
/// What nothing refers to goes soon.
const COLLECTING: [&str; 4] = ["--blob-keep-for", "2s", "--blob-collect-every", "100ms"];

const COUNTED: &str = "workflow: counted
input: { a: u32, data: list<u8> }
nodes:
  add: { call: 'counter#add', with: { name: n, by: 1 } }
  copy: { call: 'echo#bytes', with: { value: $input.data }, after: [add] }
  sum: { call: 'arith#add', with: { a: $input.a, b: 1 }, after: [copy] }
output: $sum
";
const WAITS: &str = "workflow: waits
input: { a: u32 }
nodes:
  go: { wait: null }
  sum: { call: 'arith#add', with: { a: $input.a, b: 1 }, after: [go] }
output: $sum
";

/// What was acknowledged.
#[derive(Clone, Default)]
struct Known {
    /// Runs that were accepted, and their number.
    accepted: Vec<(String, usize)>,
    /// What was told of those that have ended.
    ended: Vec<Value>,
}

/// Bytes that are too many to be kept with a run, and different for each number.
fn sample(number: usize) -> Vec<u8> {
    vec![0; 90_000 + 3 * number]
}

/// How JSON tells them.
fn told(number: usize) -> Value {
    json!("A".repeat(sample(number).len() / 3 * 4))
}

/// Starts runs and waits for every other one, until told to stop.
async fn run_many(api: Api, known: Arc<Mutex<Known>>, stop: Arc<AtomicBool>) {
    let mut number = 0;
    while !stop.load(Relaxed) {
        number += 1;
        let blob = send(
            api.request(Method::POST, "/v1/projects/default/blobs")
                .body(sample(number)),
        )
        .await
        .ok();
        let arguments = json!({"a": number, "data": {"$blob": blob["digest"]}});
        let run = start(&api, "counted", &arguments).await;
        known.lock().unwrap().accepted.push((run.clone(), number));
        if number % 2 == 0 {
            let ended = ended(&api, &run).await;
            known.lock().unwrap().ended.push(ended);
        }
    }
}

/// Deploys and deletes a function, until told to stop.
async fn deploy_many(api: Api, stop: Arc<AtomicBool>) {
    while !stop.load(Relaxed) {
        api.deploy("fleeting", fixture("arith")).await;
        let delete = api.request(Method::DELETE, &Api::path("fleeting", ""));
        assert_eq!(send(delete).await.status, 204);
    }
}

async fn furnish(api: &Api) {
    api.deploy("arith", fixture("arith")).await;
    api.deploy("echo", fixture("echo")).await;
    let grants = json!({"grants": {"keyvalue": ["default"]}});
    api.deploy_with("counter", example("counter"), grants).await;
    save(api, "counted", COUNTED).await.ok();
    save(api, "waits", WAITS).await.ok();
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_before_a_backup_is_in_it() {
    let place = TempDir::new().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::create_dir(path("data")).unwrap();
    let server = Server::builder()
        .data(&path("data"))
        .arguments(COLLECTING)
        .start()
        .await;
    let api = &server.api;
    furnish(api).await;
    let open = start(api, "waits", &json!({"a": 41})).await;
    let (known, stop) = (Arc::<Mutex<Known>>::default(), Arc::<AtomicBool>::default());
    let load = [
        tokio::spawn(run_many(api.clone(), known.clone(), stop.clone())),
        tokio::spawn(deploy_many(api.clone(), stop.clone())),
    ];
    eventually("runs have ended", || async {
        known.lock().unwrap().ended.len() >= 10
    })
    .await;

    let before = known.lock().unwrap().clone();
    let shell = Shell::at(&api.base);
    let told = shell.json(&["backup", text(&path("archive"))]).await;
    assert_eq!(told["damaged"], json!([]), "{told}");
    assert!(
        told["files"].as_u64() > Some(before.accepted.len() as u64),
        "{told}"
    );
    let seen = known.lock().unwrap().ended.len();
    eventually("runs go on", || async {
        known.lock().unwrap().ended.len() > seen
    })
    .await;
    stop.store(true, Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert!(!path("data/backup").exists());
    server.kill().await;

    fs::remove_dir_all(path("data")).unwrap();
    shell
        .ok(&["restore", text(&path("archive")), "--data", text(&path("new"))])
        .await;
    let server = Server::builder()
        .data(&path("new"))
        .arguments(COLLECTING)
        .start()
        .await;
    check(&server.api, &before).await;
    let complete = format!("{RUNS}/{open}/nodes/go/complete");
    assert_eq!(post(&server.api, &complete, &Value::Null).await.status, 204);
    assert_eq!(ended(&server.api, &open).await["result"], json!(42));
}

async fn check(api: &Api, before: &Known) {
    for told in &before.ended {
        assert_eq!(&show(api, told["run"].as_str().unwrap()).await, told);
    }
    for (run, number) in &before.accepted {
        let told = ended(api, run).await;
        assert_eq!(
            (&told["status"], &told["result"]),
            (&json!("succeeded"), &json!(number + 1)),
            "{told}"
        );
    }
    // Runs that were accepted while it was made may be in it, and then are whole as well.
    let runs = api.get(&format!("{RUNS}?workflow=counted&limit=1000")).await.ok();
    let runs = runs["items"].as_array().unwrap();
    assert!(runs.len() >= before.accepted.len());
    for run in runs {
        let run = ended(api, run["run"].as_str().unwrap()).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let number = run["result"].as_u64().unwrap() as usize - 1;
        let output = format!("{RUNS}/{}/nodes/copy/output", run["run"].as_str().unwrap());
        assert_eq!(api.get(&output).await.ok(), self::told(number));
    }
    // An effect may be there more often than the runs say, but never less.
    let count = api.call("counter?export=get", &json!({"name": "n"})).await.ok();
    assert!(
        count.as_u64() >= Some(runs.len() as u64),
        "{count} for {} runs",
        runs.len()
    );
}

/// A server with more than what waits on the way to a client, and a backup of it that nobody reads.
async fn held() -> (TempDir, Server, Response) {
    let data = TempDir::new().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let blob = server.api.request(Method::POST, "/v1/projects/default/blobs");
    send(blob.body(vec![0; 32 << 20])).await.ok();
    let held = server.api.request(Method::POST, BACKUP).send().await.unwrap();
    assert_eq!(held.status(), 200);
    assert!(data.path().join("backup").exists());
    (data, server, held)
}

#[tokio::test]
async fn there_is_one_backup_at_a_time_and_it_ends_with_its_client() {
    let (data, server, held) = held().await;
    let second = send(server.api.request(Method::POST, BACKUP)).await;
    second.expect_problem(409, "backup-under-way");
    let shell = Shell::at(&server.api.base);
    let (code, refused) = shell.fails(&["backup", "archive"]).await;
    assert!(
        code == 6 && refused.contains("another backup is under way"),
        "{refused}"
    );
    assert_eq!(fs::read_dir(shell.directory.path()).unwrap().count(), 0);

    drop(held);
    eventually("what was copied goes", || async {
        !data.path().join("backup").exists()
    })
    .await;
    eventually("another one is made", || async {
        shell.run(&["backup", "archive"], b"").await.status.success()
    })
    .await;
    // What was acknowledged to have ended has ended.
    shell.ok(&["backup", "another"]).await;
    assert!(!data.path().join("backup").exists());
}

#[tokio::test]
async fn what_a_killed_server_had_copied_goes_when_it_starts() {
    let (data, server, _held) = held().await;
    server.kill().await;
    assert!(data.path().join("backup").exists());
    let _server = Server::builder().data(data.path()).start().await;
    assert!(!data.path().join("backup").exists());
}

#[tokio::test]
async fn only_the_platform_makes_backups_and_that_is_written_down() {
    let house = House::start().await;
    let owner = house.token("shop", "owner").await;
    for (token, code, expected) in [("", 6, "WEFT_TOKEN"), (&*owner, 6, "`weft whoami`")] {
        let shell = Shell::at(&house.server.api.base).with("WEFT_TOKEN", token);
        let (found, refused) = shell.fails(&["backup", "archive"]).await;
        assert!(found == code && refused.contains(expected), "{refused}");
        assert_eq!(fs::read_dir(shell.directory.path()).unwrap().count(), 0);
    }
    let shell = Shell::at(&house.server.api.base).with("WEFT_TOKEN", &house.admin);
    shell.ok(&["backup", "archive"]).await;
    let changes = house.admin().get("/v1/audit").await.ok();
    let last = &changes["items"][0];
    assert_eq!(
        (&last["action"], &last["who"]),
        (&json!("POST /v1/backup"), &json!("root")),
        "{changes}"
    );

    // Tokens are in it.
    let new: PathBuf = shell.directory.path().join("new");
    shell.ok(&["restore", "archive", "--data", "new"]).await;
    let server = Server::builder().data(&new).start().await;
    server
        .api
        .get("/v1/projects")
        .await
        .expect_problem(401, "unauthorized");
    let projects = server.api.with_token(&owner).get("/v1/projects/shop").await;
    assert_eq!(projects.status, 200);
}
