//! Pool profiles, changed over HTTP, by the command and as files, while functions are called.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::load::Load;
use weft_tests::shell::Shell;
use weft_tests::{Answer, Api, Server, eventually, fixture};

async fn put(api: &Api, name: &str, text: &str) -> Answer {
    let request = api.request(Method::PUT, &format!("/v1/profiles/{name}"));
    send(
        request
            .header("content-type", "application/toml")
            .body(text.to_owned()),
    )
    .await
}

async fn delete(api: &Api, name: &str) -> Answer {
    send(api.request(Method::DELETE, &format!("/v1/profiles/{name}"))).await
}

async fn names(api: &Api) -> Vec<String> {
    let page = api.get("/v1/profiles").await.ok();
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The pools of a function that serve, and of those that end.
async fn pools(api: &Api, function: &str) -> (Vec<Value>, Vec<Value>) {
    let page = api.get(&format!("/v1/pools?function={function}")).await.ok();
    let all = page["items"].as_array().unwrap().clone();
    all.into_iter().partition(|pool| pool["state"] == "serving")
}

/// The one pool of a function that serves.
async fn serving(api: &Api, function: &str) -> Value {
    let (mut serving, _) = pools(api, function).await;
    assert_eq!(serving.len(), 1, "{serving:?}");
    serving.remove(0)
}

#[tokio::test]
async fn profiles_are_put_shown_kept_and_deleted() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    let built_in = names(api).await;
    assert!(built_in.contains(&"sandbox".to_owned()), "{built_in:?}");
    let changes = put(api, "mine", "concurrency = 7\nlabels = [\"eu\"]\n")
        .await
        .ok();
    assert_eq!(changes["changed"], json!(["mine"]), "{changes}");
    let shown = api.get("/v1/profiles/mine").await.ok();
    for (member, expected) in [
        ("name", json!("mine")),
        ("origin", json!("file")),
        ("level", json!("sandbox")),
        ("concurrency", json!(7)),
        ("labels", json!(["eu"])),
        ("reuse", json!(1)),
        ("queue", json!({"length": 1024, "wait-ms": 5000})),
        ("used-by", json!([])),
        ("text", json!("concurrency = 7\nlabels = [\"eu\"]\n")),
    ] {
        assert_eq!(shown[member], expected, "{member}: {shown}");
    }
    api.deploy_with("arith", fixture("arith"), json!({"profile": "mine"}))
        .await;
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));

    let refused = delete(api, "mine").await.expect_problem(409, "profile-in-use");
    assert_eq!(refused["by"], json!(["default/arith@1"]), "{refused}");
    let api = {
        server.stop().await;
        Server::builder().data(data.path()).start().await
    };
    let (server, api) = (&api, &api.api);
    assert!(names(api).await.contains(&"mine".to_owned()));
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
    assert_eq!(
        api.get("/v1/profiles/mine").await.ok()["used-by"],
        json!(["default/arith@1"])
    );
    send(api.request(Method::DELETE, &Api::path("arith", ""))).await;
    assert_eq!(delete(api, "mine").await.status, 204);
    assert_eq!(names(api).await, built_in);
    assert!(!server.data().join("runtime-pools/mine.toml").exists());
    delete(api, "mine").await.expect_problem(404, "not-found-profile");
    api.get("/v1/profiles/mine")
        .await
        .expect_problem(404, "not-found-profile");

    put(api, "sandbox", "concurrency = 5").await.ok();
    assert_eq!(api.get("/v1/profiles/sandbox").await.ok()["origin"], "override");
    assert_eq!(delete(api, "sandbox").await.status, 204);
    let sandbox = api.get("/v1/profiles/sandbox").await.ok();
    assert_eq!(
        (&sandbox["origin"], &sandbox["concurrency"]),
        (&json!("built-in"), &json!(512))
    );
    delete(api, "sandbox")
        .await
        .expect_problem(409, "profile-built-in");
}

#[tokio::test]
async fn a_wrong_profile_is_refused_where_it_is_wrong() {
    let server = Server::start().await;
    let api = &server.api;
    let built_in = names(api).await;
    for (text, line, column, part) in [
        ("concurrency = 0", 1, 15, "1 to 100000 is allowed"),
        ("# mine\nwarmth = 3", 2, 1, "unknown field `warmth`"),
        ("level = \"vm\"", 1, 9, "unknown variant `vm`"),
        ("labels = [\"a\", \"B\"]", 1, 16, "`B` is not a label"),
        ("memory-bytes = 3", 1, 16, "65536"),
        ("level = \"process\"\ncpu-millis = 9", 2, 14, "10 to 1000000"),
        ("cpu-millis = 500", 1, 14, "another `level`"),
    ] {
        let problem = put(api, "mine", text)
            .await
            .expect_problem(400, "invalid-profile");
        assert_eq!(
            (&problem["line"], &problem["column"]),
            (&json!(line), &json!(column)),
            "{problem}"
        );
        assert!(problem["detail"].to_string().contains(part), "{problem}");
    }
    put(api, "No-Name", "").await.expect_problem(400, "invalid-name");
    let request = api.request(Method::PUT, "/v1/profiles/mine").body("{}");
    send(request.header("content-type", "application/json"))
        .await
        .expect_problem(415, "unsupported-media-type");
    let long = format!("# {}", "x".repeat(70_000));
    put(api, "mine", &long)
        .await
        .expect_problem(413, "upload-too-large");
    assert_eq!(names(api).await, built_in);
}

/// Nobody who calls notices that profiles are changed: not their bounds, nor the level.
#[tokio::test]
async fn pools_of_a_changed_profile_are_replaced_without_a_failed_call() {
    let server = Server::start().await;
    let api = &server.api;
    put(api, "mine", "level = \"process\"\nslots = 4\n").await.ok();
    api.deploy_with("arith", fixture("arith"), json!({"profile": "mine"}))
        .await;
    // A pool that is not there yet is not replaced.
    api.call("arith", &json!([20, 22])).await.ok();
    let load = Load::start(api, 8, "arith", &json!([20, 22]));
    for (text, level, concurrency) in [
        ("level = \"process\"\nslots = 2\nconcurrency = 64", "process", 64),
        ("concurrency = 65", "sandbox", 65),
        ("level = \"process\"\nconcurrency = 66", "process", 66),
        ("reuse = 1000\nconcurrency = 67", "sandbox", 67),
        (
            "level = \"process\"\nslots = 8\nreuse = 3\nconcurrency = 68",
            "process",
            68,
        ),
    ] {
        let before = serving(api, "arith").await["id"].clone();
        let changes = put(api, "mine", text).await.ok();
        assert_eq!(changes["replaced-pools"], 1, "{changes}");
        let now = serving(api, "arith").await;
        assert_ne!(now["id"], before);
        assert_eq!(
            (&now["level"], &now["concurrency"]),
            (&json!(level), &json!(concurrency)),
            "{now}"
        );
        eventually("it serves", || async {
            serving(api, "arith").await["in-flight"].as_u64() > Some(0)
        })
        .await;
    }
    eventually("the old ones have ended", || async {
        pools(api, "arith").await.1.is_empty()
    })
    .await;
    let answers = load.stop().await;
    assert!(answers.len() > 20, "{}", answers.len());
    for answer in answers {
        assert_eq!(answer.ok(), json!(42));
    }
}

#[tokio::test]
async fn a_pool_is_drained_without_a_failed_call() {
    let server = Server::start().await;
    let api = &server.api;
    for profile in ["process", "sandbox"] {
        api.deploy_with("arith", fixture("arith"), json!({"profile": profile}))
            .await;
        let load = Load::start(api, 8, "arith", &json!([20, 22]));
        let mut last = String::new();
        for _ in 0..10 {
            let id = serving(api, "arith").await["id"].as_str().unwrap().to_owned();
            assert_ne!(id, last);
            let drained = send(api.request(Method::POST, &format!("/v1/pools/{id}/drain")))
                .await
                .ok();
            assert_eq!(drained["pool"], json!(id));
            assert_eq!(
                drained["replaced-by"],
                serving(api, "arith").await["id"],
                "{drained}"
            );
            last = id;
        }
        eventually("the old ones have ended", || async {
            pools(api, "arith").await.1.is_empty()
        })
        .await;
        let gone = send(api.request(Method::POST, &format!("/v1/pools/{last}/drain"))).await;
        gone.expect_problem(404, "not-found-pool");
        for answer in load.stop().await {
            assert_eq!(answer.ok(), json!(42));
        }
    }
    let shell = Shell::at(&api.base);
    let id = serving(api, "arith").await["id"].as_str().unwrap().to_owned();
    let told = shell.ok(&["pools", &id, "--drain"]).await;
    assert!(
        told.contains(&format!("serves; {id} ends with its last call")),
        "{told}"
    );
}

#[tokio::test]
async fn files_are_taken_up_and_wrong_ones_refused() {
    let profiles = tempfile::tempdir().unwrap();
    let directory = profiles.path().to_string_lossy().into_owned();
    let server = Server::builder()
        .arguments(["--profiles", &directory])
        .start()
        .await;
    let api = &server.api;
    let write = |name: &str, text: &str| std::fs::write(profiles.path().join(name), text).unwrap();
    write("mine.toml", "concurrency = 7");
    eventually("it is taken up", || async {
        api.get("/v1/profiles/mine").await.status == 200
    })
    .await;
    api.deploy_with("arith", fixture("arith"), json!({"profile": "mine"}))
        .await;
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));

    write("mine.toml", "concurrency = 8");
    server.signal(Signal::HUP);
    eventually("its pool is replaced", || async {
        serving(api, "arith").await["concurrency"] == 8
    })
    .await;

    write("mine.toml", "concurrency = 9\nreuse = 0");
    eventually("it is refused", || async {
        let mine = api.get("/v1/profiles/mine").await.ok();
        mine["refused"]
            .to_string()
            .contains("mine.toml:2:9: `reuse` is 0")
            && mine["concurrency"] == 8
    })
    .await;
    eventually("the log tells where", || async {
        server.log().contains("mine.toml:2:9")
    })
    .await;
    assert_eq!(serving(api, "arith").await["concurrency"], 8);

    std::fs::remove_file(profiles.path().join("mine.toml")).unwrap();
    eventually("what is in use stays", || async {
        let mine = api.get("/v1/profiles/mine").await.ok();
        mine["refused"].to_string().contains("default/arith@1")
    })
    .await;
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));

    write("other.toml", "");
    eventually("it is there", || async {
        api.get("/v1/profiles/other").await.status == 200
    })
    .await;
    std::fs::remove_file(profiles.path().join("other.toml")).unwrap();
    eventually("it is gone", || async {
        api.get("/v1/profiles/other").await.status == 404
    })
    .await;
}

#[tokio::test]
async fn a_profile_whose_level_is_not_there_is_refused_where_it_is_used() {
    let server = Server::builder()
        .arguments(["--worker", "/nowhere/weft-worker"])
        .start()
        .await;
    let api = &server.api;
    put(api, "mine", "").await.ok();
    api.deploy_with("arith", fixture("arith"), json!({"profile": "mine"}))
        .await;
    let problem = put(api, "mine", "level = \"process\"")
        .await
        .expect_problem(409, "level-unavailable");
    assert!(problem["detail"].to_string().contains("/nowhere"), "{problem}");
    assert_eq!(api.get("/v1/profiles/mine").await.ok()["level"], "sandbox");
    put(api, "unused", "level = \"process\"").await.ok();
}

#[tokio::test]
async fn the_command_lists_changes_and_deletes_profiles() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    std::fs::write(
        shell.directory.path().join("mine.toml"),
        "memory-bytes = 1048576\nlabels = [\"eu\"]\n",
    )
    .unwrap();
    assert_eq!(
        shell.ok(&["profiles", "set", "mine.toml"]).await,
        "mine is in force; 0 pools are replaced"
    );
    let table = shell.ok(&["profiles"]).await;
    assert!(table.starts_with("PROFILE       LEVEL"), "{table}");
    assert!(
        table
            .lines()
            .any(|line| ["mine", "sandbox", "eu", "1.0", "MiB"].iter().eq(line
                .split_whitespace()
                .take(5)
                .collect::<Vec<_>>()
                .iter())),
        "{table}"
    );
    assert_eq!(shell.json(&["profiles", "mine"]).await["memory-bytes"], 1_048_576);
    assert!(
        shell
            .ok(&["profiles", "mine"])
            .await
            .ends_with("memory-bytes = 1048576\nlabels = [\"eu\"]")
    );
    let wrong = shell.directory.path().join("wrong.toml");
    std::fs::write(wrong, "reuse = 0").unwrap();
    let (code, told) = shell
        .fails(&["profiles", "set", "wrong.toml", "--name", "other"])
        .await;
    assert_eq!(code, 6, "{told}");
    assert!(told.contains("other.toml:1:9: `reuse` is 0"), "{told}");
    assert_eq!(shell.ok(&["profiles", "delete", "mine"]).await, "mine is deleted");
    assert_eq!(shell.fails(&["profiles", "mine"]).await.0, 4);
}
