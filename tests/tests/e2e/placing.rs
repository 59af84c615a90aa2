//! Functions that say what they need instead of naming a profile, and runs that ask for pools with a label.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::guests::path as guest;
use weft_tests::shell::Shell;
use weft_tests::{Answer, Api, Server, fixture};

/// A server with profiles that carry labels.
async fn server() -> (Server, tempfile::TempDir) {
    let profiles = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "gpu",
            "level = \"process\"\nlabels = [\"gpu\"]\nmemory-bytes = 536870912\n",
        ),
        ("gpu-large", "level = \"process\"\nlabels = [\"gpu\", \"eu\"]\n"),
        ("eu", "labels = [\"eu\"]\nconcurrency = 4\n"),
    ] {
        std::fs::write(profiles.path().join(format!("{name}.toml")), text).unwrap();
    }
    let directory = profiles.path().to_string_lossy().into_owned();
    let server = Server::builder()
        .arguments(["--profiles", &directory])
        .start()
        .await;
    (server, profiles)
}

/// The profiles in whose pools a function has been called.
async fn profiles_of(api: &Api, function: &str) -> Vec<String> {
    let page = api.get(&format!("/v1/pools?function={function}")).await.ok();
    let pools = page["items"].as_array().unwrap().iter();
    // Its own pool is there from when it was deployed.
    let called = pools.filter(|pool| pool["started"] != 0);
    called
        .map(|pool| pool["profile"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_cheapest_profile_that_meets_the_needs_is_chosen_and_explained() {
    let (server, _profiles) = server().await;
    let api = &server.api;
    for (needs, profile, part) in [
        (
            json!({}),
            "eu",
            "needs nothing: `eu`, at the level `sandbox`, is the cheapest of the",
        ),
        (
            json!({"labels": ["gpu"]}),
            "gpu",
            "needs the label `gpu`: `gpu`, at the level `process`, is the cheapest of the 2",
        ),
        (
            json!({"labels": ["gpu", "eu"]}),
            "gpu-large",
            "is the only profile that will do",
        ),
        (
            json!({"labels": ["gpu"], "memory-bytes": 600_000_000}),
            "gpu-large",
            "600000000 bytes of memory",
        ),
        (
            json!({"level": "process", "labels": ["eu"]}),
            "gpu-large",
            "at least the level `process`",
        ),
    ] {
        let deployed = api
            .deploy_with("arith", fixture("arith"), json!({"needs": needs}))
            .await;
        assert_eq!(deployed["placement"]["profile"], profile, "{deployed}");
        let why = deployed["placement"]["why"].as_str().unwrap();
        assert!(why.contains(part), "{why}");
        assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
        assert!(
            profiles_of(api, "arith").await.contains(&profile.to_owned()),
            "{needs}"
        );
        let version = api
            .about("arith", &format!("/versions/{}", deployed["version"]))
            .await;
        assert_eq!(version["placement"], deployed["placement"]);
        assert_eq!(
            api.about("arith", "").await["version"]["placement"],
            deployed["placement"]
        );
    }
    let named = api
        .deploy_with("named", fixture("arith"), json!({"profile": "gpu"}))
        .await;
    let placement = &named["placement"];
    assert_eq!(
        (&placement["profile"], &placement["level"], &placement["why"]),
        (&json!("gpu"), &json!("process"), &json!("the settings name it"))
    );
}

#[tokio::test]
async fn needs_that_no_profile_meets_are_refused_with_what_each_lacks() {
    let (server, _profiles) = server().await;
    let api = &server.api;
    let refused = api
        .put_with("arith", fixture("arith"), &json!({"needs": {"labels": ["tpu"]}}))
        .await;
    let detail = refused.expect_problem(409, "unmet-needs")["detail"].to_string();
    for part in [
        "no pool profile has the label `tpu`",
        "labels there are: `eu`, `gpu`",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
    let both = json!({"profile": "gpu", "needs": {}});
    let refused = api.put_with("arith", fixture("arith"), &both).await;
    assert_eq!(
        refused.expect_problem(400, "invalid-settings")["pointer"],
        "/needs"
    );
    let much = json!({"profile": "gpu", "limits": {"memory-bytes": 600_000_000}});
    let refused = api.put_with("arith", fixture("arith"), &much).await;
    let problem = refused.expect_problem(400, "invalid-settings");
    assert_eq!(problem["pointer"], "/limits/memory-bytes");
    assert!(
        problem["detail"].to_string().contains("allows 536870912"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_version_moves_where_its_needs_are_met_as_profiles_change() {
    let server = Server::start().await;
    let api = &server.api;
    let put = async |name: &str, text: &str| -> Answer {
        let request = api.request(Method::PUT, &format!("/v1/profiles/{name}"));
        send(
            request
                .header("content-type", "application/toml")
                .body(text.to_owned()),
        )
        .await
    };
    put("first", "labels = [\"eu\"]").await.ok();
    let settings = json!({"needs": {"labels": ["eu"]}});
    api.deploy_with("arith", fixture("arith"), settings).await;
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
    put("cheaper", "labels = [\"eu\"]\nconcurrency = 3").await.ok();
    assert_eq!(
        api.about("arith", "").await["version"]["placement"]["profile"],
        "cheaper"
    );
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
    assert!(profiles_of(api, "arith").await.contains(&"cheaper".to_owned()));

    // Nothing stands against removing one of them, but against removing both.
    let delete = async |name: &str| send(api.request(Method::DELETE, &format!("/v1/profiles/{name}"))).await;
    assert_eq!(delete("cheaper").await.status, 204);
    assert_eq!(
        api.about("arith", "").await["version"]["placement"]["profile"],
        "first"
    );
    let refused = delete("first").await.expect_problem(409, "profile-in-use");
    assert_eq!(refused["by"], json!(["default/arith@1"]));
    put("first", "").await.expect_problem(409, "profile-in-use");
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
}

async fn save(api: &Api, name: &str, definition: &str) {
    let request = api.request(Method::PUT, &Api::path(name, ""));
    let saved = send(
        request
            .header("content-type", "application/yaml")
            .body(definition.to_owned()),
    )
    .await;
    assert!(saved.status.is_success(), "{}", saved.text());
}

/// Runs a workflow to its end.
async fn run(api: &Api, query: &str) -> Value {
    let request = api.request(Method::POST, &Api::path("adds", &format!("/runs{query}")));
    let started = send(
        request
            .header("content-type", "application/json")
            .body("{\"a\": 1}"),
    )
    .await;
    let id = started.json()["run"].as_str().unwrap().to_owned();
    api.get(&format!("/v1/projects/default/runs/{id}?wait=60s"))
        .await
        .ok()
}

#[tokio::test]
async fn runs_and_nodes_execute_in_pools_with_the_label_they_ask_for() {
    let (server, _profiles) = server().await;
    let api = &server.api;
    api.deploy("one", fixture("arith")).await;
    api.deploy("two", fixture("arith")).await;
    let definition = "workflow: adds\ninput: { a: u32 }\noutput: $second\nnodes:\n\
                      \x20 first: { call: one#add, with: { a: $input.a, b: 2 } }\n\
                      \x20 second: { call: two#add, group: gpu, with: { a: $first, b: 3 } }\n";
    save(api, "adds", definition).await;
    let ended = run(api, "").await;
    assert_eq!(
        (&ended["status"], &ended["result"]),
        (&json!("succeeded"), &json!(6)),
        "{ended}"
    );
    assert_eq!(profiles_of(api, "one").await, ["sandbox"]);
    assert_eq!(profiles_of(api, "two").await, ["gpu"]);
    let ended = run(api, "?group=eu").await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    assert_eq!(profiles_of(api, "one").await, ["eu", "sandbox"]);
    assert_eq!(
        profiles_of(api, "two").await,
        ["gpu"],
        "the node asks for its own"
    );
    let ended = run(api, "?group=default").await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    let request = api.request(Method::POST, &Api::path("adds", "/runs?group=tpu"));
    let refused = send(
        request
            .header("content-type", "application/json")
            .body("{\"a\": 1}"),
    )
    .await;
    let detail = refused.expect_problem(400, "invalid-query")["detail"].to_string();
    assert!(
        detail.contains("no pool profile carries the label `tpu`; labels there are: `eu`, `gpu`"),
        "{detail}"
    );

    // Nodes that name a profile keep it, as functions do.
    let definition = "workflow: named\noutput: $sum\nnodes:\n  sum: { call: one#add, profile: gpu-large, with: { a: 1, b: 2 } }\n";
    save(api, "named", definition).await;
    let refused = send(api.request(Method::DELETE, "/v1/profiles/gpu-large")).await;
    assert_eq!(
        refused.expect_problem(409, "profile-in-use")["by"],
        json!(["default/named@1"])
    );
    assert_eq!(
        send(api.request(Method::DELETE, "/v1/profiles/eu")).await.status,
        204
    );
}

#[tokio::test]
async fn the_command_deploys_by_needs_and_tells_what_was_chosen() {
    let (server, _profiles) = server().await;
    let shell = Shell::at(&server.api.base);
    let code = guest("fixtures/arith.wasm");
    let told = shell
        .ok(&[
            "deploy",
            &code,
            "--need-label",
            "gpu",
            "--need-level",
            "process",
            "--need-memory",
            "512MiB",
        ])
        .await;
    assert!(
        told.contains(
            "profile: needs at least the level `process` and 536870912 bytes of memory and the label `gpu`"
        ),
        "{told}"
    );
    assert!(
        told.contains("`gpu`, at the level `process`, is the cheapest of the 2"),
        "{told}"
    );
    let described = shell.ok(&["describe", "arith"]).await;
    assert!(described.contains("profile  gpu (needs"), "{described}");
    let told = shell.ok(&["deploy", &code, "--profile", "sandbox"]).await;
    assert!(!told.contains("profile:"), "{told}");
    assert_eq!(
        shell.json(&["describe", "arith"]).await["version"]["settings"].get("needs"),
        None
    );
}
