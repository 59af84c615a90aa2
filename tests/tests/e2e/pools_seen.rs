//! Pools as they are seen over HTTP and by the command.

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use weft_tests::server::binary;
use weft_tests::shell::Shell;
use weft_tests::{Answer, Api, Server, eventually, fixture, workers};

/// A server with one profile more.
async fn server_with(profile: &str, text: &str) -> (Server, tempfile::TempDir) {
    let profiles = tempfile::tempdir().unwrap();
    std::fs::write(profiles.path().join(format!("{profile}.toml")), text).unwrap();
    let directory = profiles.path().to_string_lossy().into_owned();
    let server = Server::builder()
        .arguments(["--profiles", &directory])
        .start()
        .await;
    (server, profiles)
}

/// Begins a call that does not end by itself.
fn spin(api: &Api, target: &str) -> JoinHandle<Answer> {
    let (api, target) = (api.clone(), format!("{target}?export=spin"));
    tokio::spawn(async move { api.call(&target, &json!([])).await })
}

async fn deploy_spin(api: &Api, profile: &str) {
    let settings = json!({"profile": profile, "limits": {"timeout-ms": 600_000, "cpu-time-ms": 600_000}});
    api.deploy_with("spin", fixture("spin"), settings).await;
}

async fn pools(api: &Api, query: &str) -> Vec<Value> {
    let page = api.get(&format!("/v1/pools{query}")).await.ok();
    page["items"].as_array().unwrap().clone()
}

/// The one pool of a function, in full; null where there is none.
async fn pool(api: &Api, function: &str) -> Value {
    match &pools(api, &format!("?function={function}")).await[..] {
        [] => Value::Null,
        [only] => {
            let id = only["id"].as_str().unwrap();
            let shown = api.get(&format!("/v1/pools/{id}")).await;
            if shown.status == 404 {
                Value::Null
            } else {
                shown.ok()
            }
        }
        more => panic!("{more:?}"),
    }
}

const ONE: &str =
    "level = \"process\"\n[queue]\nlength = 3\nwait-ms = 600000\n[scaling]\nmax = 1\ninterval-ms = 100\n";

#[tokio::test]
async fn a_pool_of_processes_tells_what_each_does_and_why_it_is_there() {
    let (server, _profiles) = server_with("one", ONE).await;
    let api = &server.api;
    assert_eq!(pools(api, "").await, Vec::<Value>::new());
    deploy_spin(api, "one").await;
    let calls = [spin(api, "spin"), spin(api, "spin")];
    eventually("one executes and one waits", || async {
        let pool = pool(api, "spin").await;
        (&pool["instances"]["busy"], &pool["waiting"]) == (&json!(1), &json!(1))
    })
    .await;
    let seen = pool(api, "spin").await;
    for (member, expected) in [
        ("project", json!("default")),
        ("function", json!("spin")),
        ("version", json!(1)),
        ("active", json!(true)),
        ("profile", json!("one")),
        ("level", json!("process")),
        ("state", json!("serving")),
        ("most-instances", json!(1)),
        ("started", json!(1)),
        ("in-flight", json!(1)),
        ("queue-length", json!(3)),
        ("members-omitted", json!(0)),
        (
            "losses",
            json!({"memory": 0, "crash": 0, "hang": 0, "protocol": 0, "start": 0}),
        ),
    ] {
        assert_eq!(seen[member], expected, "{member}: {seen}");
    }
    assert!(seen["oldest-wait-ms"].is_u64(), "{seen}");
    let member = &seen["members"][0];
    assert_eq!(
        (&member["number"], &member["state"]),
        (&json!(1), &json!("busy")),
        "{seen}"
    );
    assert_eq!(
        (&member["in-flight"], &member["served"]),
        (&json!(1), &json!(0)),
        "{seen}"
    );
    // What a process with code takes at the very least.
    let memory = member["memory-bytes"].as_u64().unwrap();
    assert!(memory > 100_000, "{seen}");
    eventually("what it uses is counted", || async {
        let member = &pool(api, "spin").await["members"][0];
        member["cpu-time-ms"].as_u64() > Some(100) && member["peak-memory-bytes"].as_u64() >= Some(memory)
    })
    .await;
    eventually("the start is explained", || async {
        let seen = pool(api, "spin").await;
        seen["changes"][0]["reason"] == "calls found no free slot" && seen["decision"]["desired"] == 1
    })
    .await;

    workers::kill(&workers::of(&server));
    eventually("the loss is counted, and another executes", || async {
        let seen = pool(api, "spin").await;
        seen["losses"]["crash"] == 1 && seen["members"][0]["number"] == 2
    })
    .await;
    calls.iter().for_each(JoinHandle::abort);
    eventually("it has become idle, or has ended", || async {
        let seen = pool(api, "spin").await;
        seen["in-flight"] == 0 && seen["waiting"] == 0
    })
    .await;
}

#[tokio::test]
async fn a_pool_that_is_replaced_is_seen_until_its_last_call_has_ended() {
    let (server, _profiles) = server_with("one", ONE).await;
    let api = &server.api;
    for profile in ["one", "sandbox"] {
        deploy_spin(api, profile).await;
        let call = spin(api, "spin");
        eventually("it executes", || async {
            pool(api, "spin").await["instances"]["busy"] == 1
        })
        .await;
        let id = pool(api, "spin").await["id"].as_str().unwrap().to_owned();
        api.deploy_with("spin", fixture("arith"), json!({})).await;
        let old = api.get(&format!("/v1/pools/{id}")).await.ok();
        assert_eq!(
            (&old["state"], &old["active"]),
            (&json!("draining"), &json!(false)),
            "{old}"
        );
        assert_eq!(old["instances"]["draining"], 1, "{old}");
        assert_eq!(old["in-flight"], 1, "{old}");
        call.abort();
        eventually("it is gone", || async {
            api.get(&format!("/v1/pools/{id}")).await.status == 404
        })
        .await;
        let problem = api.get(&format!("/v1/pools/{id}")).await;
        let problem = problem.expect_problem(404, "not-found-pool");
        assert!(problem["detail"].to_string().contains(&id), "{problem}");
        server
            .api
            .request(reqwest::Method::DELETE, &Api::path("spin", ""))
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_pool_whose_processes_crash_tells_why_it_waits() {
    let place = tempfile::tempdir().unwrap();
    let worker = place.path().join("weft-worker");
    std::fs::copy(binary().with_file_name("weft-worker"), &worker).unwrap();
    let (profiles, named) = (
        tempfile::tempdir().unwrap(),
        worker.to_string_lossy().into_owned(),
    );
    let profile = "level = \"process\"\n[scaling]\nmin = 2\ninterval-ms = 100\nrestart-ms = 60000\n";
    std::fs::write(profiles.path().join("two.toml"), profile).unwrap();
    let directory = profiles.path().to_string_lossy().into_owned();
    let server = Server::builder()
        .arguments(["--profiles", &directory, "--worker", &named])
        .start()
        .await;
    let api = &server.api;
    api.deploy_with("arith", fixture("arith"), json!({"profile": "two"}))
        .await;
    assert_eq!(api.call("arith", &json!([1, 2])).await.ok(), json!(3));

    // From now on every start ends at once.
    let broken = place.path().join("broken");
    std::fs::write(&broken, "#!/bin/sh\necho 'it is broken' >&2\nexit 3\n").unwrap();
    let mut executable = std::fs::metadata(&broken).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut executable, 0o755);
    std::fs::set_permissions(&broken, executable).unwrap();
    std::fs::rename(&broken, &worker).unwrap();
    workers::kill(&workers::of(&server));
    eventually("it backs off", || async {
        let seen = pool(api, "arith").await;
        seen["instances"]["backing-off"] == 2 && seen["crash-loop"]["next-start-ms"].as_u64() > Some(0)
    })
    .await;
    let seen = pool(api, "arith").await;
    assert!(seen["crash-loop"]["crashes"].as_u64().unwrap() >= 2, "{seen}");
    assert!(seen["changes"].to_string().contains("code 3"), "{seen}");
    assert!(
        seen["changes"][0]["reason"]
            .to_string()
            .contains("crashes in a row"),
        "{seen}"
    );
    assert!(seen["losses"]["crash"].as_u64().unwrap() >= 2, "{seen}");
    let shown = Shell::at(&api.base).ok(&["pools"]).await;
    assert!(shown.contains("2 backing off"), "{shown}");
    assert!(shown.contains("crashes in a row"), "{shown}");
}

#[tokio::test]
async fn pools_are_listed_in_pages_and_by_what_they_are_of() {
    let (server, _profiles) = server_with("one", ONE).await;
    let api = &server.api;
    for (function, profile) in [("a", "one"), ("b", "sandbox-warm"), ("c", "sandbox")] {
        api.deploy_with(function, fixture("arith"), json!({"profile": profile}))
            .await;
        assert_eq!(api.call(function, &json!([1, 2])).await.ok(), json!(3));
    }
    let named = |pools: &[Value]| -> Vec<String> {
        pools
            .iter()
            .map(|pool| pool["function"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("", vec!["a", "b", "c"]),
        ("?project=default", vec!["a", "b", "c"]),
        ("?project=other", vec![]),
        ("?function=b", vec!["b"]),
        ("?level=process", vec!["a"]),
        ("?level=sandbox", vec!["b", "c"]),
        ("?level=container", vec![]),
        ("?profile=sandbox-warm", vec!["b"]),
    ] {
        assert_eq!(named(&pools(api, query).await), expected, "{query}");
    }
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let page = api.get(&format!("/v1/pools?limit=1{after}")).await.ok();
        all.extend(named(page["items"].as_array().unwrap()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(all, ["a", "b", "c"]);
    let wrong = api.get("/v1/pools?level=vm").await;
    wrong.expect_problem(400, "invalid-query");
    api.get("/v1/pools/spin")
        .await
        .expect_problem(404, "not-found-pool");

    let warm = pool(api, "b").await;
    assert_eq!(warm["level"], "sandbox", "{warm}");
    eventually("an instance is idle", || async {
        let warm = pool(api, "b").await;
        let member = &warm["members"][0];
        warm["instances"]["idle"].as_u64() >= Some(1)
            && member["state"] == "idle"
            && member["idle-ms"].is_u64()
    })
    .await;
    assert_eq!(pool(api, "c").await["members"], json!([]));
}

#[tokio::test]
async fn the_command_shows_pools() {
    let (server, _profiles) = server_with("one", ONE).await;
    let api = &server.api;
    let shell = Shell::at(&api.base);
    assert!(shell.ok(&["pools"]).await.starts_with("no pools"));
    api.deploy_with("arith", fixture("arith"), json!({"profile": "one"}))
        .await;
    assert_eq!(api.call("arith", &json!([1, 2])).await.ok(), json!(3));
    eventually("the start is explained", || async {
        shell.ok(&["pools"]).await.contains("calls found no free slot")
    })
    .await;
    let table = shell.ok(&["pools", "--level", "process"]).await;
    let header = "FUNCTION  VERSION  PROFILE  LEVEL    INSTANCES  LOAD   QUEUE  SCALED LAST";
    assert!(table.starts_with(header), "{table}");
    assert!(table.contains("1 idle"), "{table}");
    let listed = shell
        .json(&["pools", "--function", "arith", "--all-projects"])
        .await;
    let id = listed[0]["id"].as_str().unwrap();
    let shown = shell.ok(&["pools", id]).await;
    for part in [
        id,
        "arith version 1",
        "one, level process",
        "1 idle of at most 1",
        "INSTANCE  STATE",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(shell.json(&["pools", id]).await["members"][0]["state"], "idle");
    assert_eq!(shell.fails(&["pools", "default.arith.1.one.99"]).await.0, 4);
}
