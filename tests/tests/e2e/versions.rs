//! Versions: each upload a new one, one of them active, nothing lost on the way.

use reqwest::Method;
use serde_json::json;
use weft_tests::api::send;
use weft_tests::load::Load;
use weft_tests::{Api, Server, example, fixture};

#[tokio::test]
async fn code_and_settings_make_a_version() {
    let server = Server::start().await;
    let api = &server.api;
    let first = api.put("f", fixture("arith")).await;
    assert_eq!(
        (first.status.as_u16(), first.json()["version"].as_u64()),
        (201, Some(1))
    );
    let same = api.put("f", fixture("arith")).await;
    assert_eq!(
        (same.status.as_u16(), same.json()["existed"].as_bool()),
        (200, Some(true))
    );
    let other = api
        .put_with("f", fixture("arith"), &json!({"description": "adds"}))
        .await;
    assert_eq!(
        (other.status.as_u16(), other.json()["version"].as_u64()),
        (201, Some(2))
    );
    // Code alone keeps the settings of the newest version.
    let kept = api.deploy("f", fixture("echo")).await;
    assert_eq!(
        (&kept["version"], &kept["settings"]["description"]),
        (&json!(3), &json!("adds"))
    );
    let list = api.about("f", "/versions").await;
    let numbers: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["version"].clone())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(list["items"][0]["active"], true);
}

#[tokio::test]
async fn a_version_may_be_stored_without_answering() {
    let server = Server::start().await;
    let api = &server.api;
    let request = api.request(Method::PUT, &Api::path("f", "?activate=false"));
    let stored = send(
        request
            .header("content-type", "application/wasm")
            .body(fixture("arith")),
    )
    .await
    .ok();
    assert_eq!(stored["activated"], false);
    api.call("f", &json!([1, 2]))
        .await
        .expect_problem(409, "no-active-version");
    assert_eq!(api.call("f?version=1", &json!([1, 2])).await.ok(), json!(3));
    let activated = send(api.request(Method::POST, &Api::path("f", "/versions/1/activate")))
        .await
        .ok();
    assert_eq!(activated["active"], 1);
    assert_eq!(api.call("f", &json!([1, 2])).await.ok(), json!(3));
}

#[tokio::test]
async fn no_call_fails_while_versions_change() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("f", fixture("arith")).await;
    api.deploy_with("f", fixture("arith"), json!({"description": "second"}))
        .await;
    let load = Load::start(api, 8, "f", &json!([20, 22]));
    for round in 0..40 {
        let version = round % 2 + 1;
        send(api.request(
            Method::POST,
            &Api::path("f", &format!("/versions/{version}/activate")),
        ))
        .await
        .ok();
    }
    let third = api
        .deploy_with("f", fixture("arith"), json!({"description": "third"}))
        .await;
    assert_eq!(third["activated"], true);
    let answers = load.stop().await;
    assert!(answers.len() >= 8);
    let failed: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.status.is_success())
        .map(|answer| answer.text())
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} calls failed, first: {}",
        failed.len(),
        answers.len(),
        failed[0]
    );
    let served: std::collections::BTreeSet<_> = answers
        .iter()
        .map(|answer| answer.header("weft-version"))
        .collect();
    assert!(served.len() > 1, "only {served:?} answered");
}

#[tokio::test]
async fn a_function_in_use_is_not_deleted() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("pricing", example("pricing")).await;
    api.deploy_with(
        "checkout",
        example("checkout"),
        json!({"grants": {"call": ["pricing"]}}),
    )
    .await;
    let refused = send(api.request(Method::DELETE, &Api::path("pricing", ""))).await;
    let problem = refused.expect_problem(409, "still-referenced");
    assert!(
        problem["detail"].as_str().unwrap().contains("checkout"),
        "{problem}"
    );
    for function in ["checkout", "pricing"] {
        let deleted = send(api.request(Method::DELETE, &Api::path(function, ""))).await;
        assert_eq!(deleted.status.as_u16(), 204, "{}", deleted.text());
        api.get(&Api::path(function, ""))
            .await
            .expect_problem(404, "not-found-function");
    }
}

#[tokio::test]
async fn the_uploaded_bytes_and_their_interface_can_be_had() {
    let server = Server::start().await;
    let api = &server.api;
    let code = example("pricing");
    api.deploy("pricing", code.clone()).await;
    let wasm = api.get(&Api::path("pricing", "/wasm")).await;
    assert!(wasm.body == code);
    assert!(wasm.header("content-disposition").starts_with("attachment"));
    let wit = api.get(&Api::path("pricing", "/wit")).await.text();
    assert!(wit.contains("quote: func(order: order)"), "{wit}");
    let schema = api.about("pricing", "/schema").await.to_string();
    assert!(schema.contains("order-id"), "{schema}");
    let openapi = api.about("pricing", "/openapi.json").await;
    assert!(
        openapi["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1")),
        "{openapi}"
    );
}

#[tokio::test]
async fn two_uploads_of_one_name_at_once_are_two_versions() {
    let server = Server::start().await;
    let api = &server.api;
    let uploads = (0..6).map(|number| {
        let settings = json!({"description": format!("upload {number}")});
        async move { api.deploy_with("f", fixture("arith"), settings).await["version"].as_u64() }
    });
    let mut numbers = futures_util::future::join_all(uploads).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=6).map(Some).collect::<Vec<_>>());
    assert_eq!(api.call("f", &json!([1, 1])).await.ok(), json!(2));
}
