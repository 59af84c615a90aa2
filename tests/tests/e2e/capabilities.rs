//! What functions may do outside themselves: what was granted.

use reqwest::Method;
use serde_json::json;
use weft_tests::api::{multipart, send};
use weft_tests::{Api, Server, example, fixture};

#[tokio::test]
async fn a_first_version_waits_for_its_grants() {
    let server = Server::start().await;
    let api = &server.api;
    let deployed = api.deploy("counter", example("counter")).await;
    assert_eq!(
        (&deployed["activated"], &deployed["effect-free"]),
        (&json!(false), &json!(true))
    );
    assert!(
        deployed["missing"][0]
            .as_str()
            .is_some_and(|missing| missing.contains("keyvalue")),
        "{deployed}"
    );
    api.call("counter?export=get", &json!(["x"]))
        .await
        .expect_problem(409, "no-active-version");
    let granted = api
        .deploy_with(
            "counter",
            example("counter"),
            json!({"grants": {"keyvalue": ["default"]}}),
        )
        .await;
    assert_eq!(
        (&granted["activated"], &granted["effect-free"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        api.call("counter?export=get", &json!(["x"])).await.ok(),
        json!(null)
    );
}

#[tokio::test]
async fn a_version_that_wants_more_does_not_replace_the_active_one() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("f", fixture("arith")).await;
    let second = api.deploy("f", example("counter")).await;
    assert_eq!(
        (&second["version"], &second["activated"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(api.call("f", &json!([1, 2])).await.ok(), json!(3));
    let refused =
        weft_tests::api::send(api.request(reqwest::Method::POST, &Api::path("f", "/versions/2/activate")))
            .await;
    let problem = refused.expect_problem(409, "missing-grant");
    assert!(
        problem["missing"][0]
            .as_str()
            .is_some_and(|missing| missing.contains("keyvalue")),
        "{problem}"
    );
    assert_eq!(api.about("f", "").await["active"], 1);
}

#[tokio::test]
async fn key_values_are_counted_by_many_at_once_and_kept() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let settings = json!({"grants": {"keyvalue": ["default"]}});
    server
        .api
        .deploy_with("counter", example("counter"), settings)
        .await;
    let calls = (0..64).map(|_| async {
        server
            .api
            .call("counter?export=add", &json!({"name": "n", "by": 1}))
            .await
            .ok()
            .as_u64()
    });
    let mut sums = futures_util::future::join_all(calls).await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=64).map(Some).collect::<Vec<_>>());
    server.kill().await;

    let server = Server::builder().data(data.path()).start().await;
    assert_eq!(
        server.api.call("counter?export=get", &json!(["n"])).await.ok(),
        json!(64)
    );
    let forgotten = server.api.call("counter?export=forget", &json!(["n"])).await;
    assert_eq!(forgotten.status.as_u16(), 204, "{}", forgotten.text());
    assert_eq!(
        server.api.call("counter?export=get", &json!(["n"])).await.ok(),
        json!(null)
    );
}

#[tokio::test]
async fn a_callee_that_is_effect_free_keeps_its_caller_so() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("pricing", example("pricing")).await;
    let deployed = api
        .deploy_with(
            "checkout",
            example("checkout"),
            json!({"grants": {"call": ["pricing"]}}),
        )
        .await;
    assert_eq!(deployed["effect-free"], true, "{deployed}");
}

#[tokio::test]
async fn each_project_has_stores_of_its_own() {
    let server = Server::start().await;
    let api = &server.api;
    send(api.request(Method::PUT, "/v1/projects/other")).await.ok();
    let settings = json!({"grants": {"keyvalue": ["default"]}});
    for (project, sum) in [("default", 1), ("other", 1), ("default", 2)] {
        let path = format!("/v1/projects/{project}/functions/counter");
        let put = multipart(api.request(Method::PUT, &path), example("counter"), &settings);
        send(put).await.ok();
        let call = api.request(Method::POST, &format!("{path}/invoke?export=add"));
        let call = call
            .header("content-type", "application/json")
            .body(r#"["n", 1]"#);
        assert_eq!(send(call).await.ok(), json!(sum), "{project}");
    }
}
