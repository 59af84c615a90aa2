//! What was changed, how fast one may ask, and whose pages may.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use weft_tests::access::{House, post};
use weft_tests::api::send;
use weft_tests::runs::save;
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, fixture};

fn told(page: &Value, members: [&str; 4]) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            members
                .map(|member| item[member].as_str().unwrap_or("-").to_owned())
                .join(" ")
        })
        .collect()
}

#[tokio::test]
async fn changes_are_written_down() {
    let house = House::start().await;
    let developer = house.member("shop", "developer").await;
    let owner = house.token("shop", "owner").await;
    let before = house.admin().get("/v1/audit").await.ok()["items"][0]["number"]
        .as_u64()
        .unwrap();
    let path = "/v1/projects/shop/functions/arith";
    let put = |path: &str| {
        developer
            .request(Method::PUT, path)
            .header("content-type", "application/wasm")
    };
    send(put(path).header("weft-user", "eve").body(fixture("arith")))
        .await
        .ok();
    // Neither what is refused nor what changes nothing.
    send(put(path).body("none"))
        .await
        .expect_problem(400, "invalid-code");
    post(&developer, &format!("{path}/invoke?export=add"), &json!([1, 2]))
        .await
        .ok();
    post(&developer, "/v1/projects/shop/tokens", &json!({}))
        .await
        .expect_problem(403, "forbidden");
    send(developer.request(Method::DELETE, path)).await;
    house
        .put("/v1/projects/other/members/eve", &json!({"role": "viewer"}))
        .await
        .ok();

    let all = house.admin().get("/v1/audit").await.ok();
    let items: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["number"].as_u64() > Some(before))
        .collect();
    assert_eq!(items.len(), 3, "{all}");
    let deploy = items[2];
    assert_eq!(
        (&deploy["who"], &deploy["source"], &deploy["status"]),
        (&json!("developer"), &json!("127.0.0.1"), &json!(201)),
        "{deploy}"
    );
    assert!(
        deploy["token"].is_string() && !all.to_string().contains("weft_"),
        "{all}"
    );

    let shop = house
        .with(&owner)
        .get("/v1/projects/shop/audit?limit=2")
        .await
        .ok();
    assert_eq!(
        told(&shop, ["who", "project", "action", "target"]),
        [
            format!("developer shop DELETE /v1/projects/{{project}}/functions/{{function}} {path}"),
            format!("developer shop PUT /v1/projects/{{project}}/functions/{{function}} {path}"),
        ]
    );
    let next = shop["next"].as_str().unwrap();
    let rest = house
        .with(&owner)
        .get(&format!("/v1/projects/shop/audit?after={next}"))
        .await
        .ok();
    assert!(
        rest["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["project"] == "shop"),
        "{rest}"
    );
    let shell = Shell::at(&house.server.api.base).with("WEFT_TOKEN", &owner);
    let shown = shell.ok(&["--project", "shop", "audit", "--limit", "1"]).await;
    assert!(shown.contains("DELETE") && !shown.contains("PUT"), "{shown}");
}

#[tokio::test]
async fn a_change_is_written_down_though_nobody_waits_for_its_answer() {
    const LEAVING: usize = 20;
    let house = House::start().await;
    let address = house.server.api.base.trim_start_matches("http://").to_owned();
    let body = r#"{"role":"viewer"}"#;
    for number in 0..LEAVING {
        let request = format!(
            "PUT /v1/projects/shop/members/leaving-{number} HTTP/1.1\r\nhost: {address}\r\n\
             authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            house.admin,
            body.len()
        );
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    let count = async |path: &str, member: &str| {
        let page = house.admin().get(path).await.ok();
        let items = page["items"].as_array().unwrap();
        let named = |item: &&Value| item[member].as_str().unwrap().contains("leaving-");
        items.iter().filter(named).count()
    };
    eventually("as many are written down as were made", || async {
        let made = count("/v1/projects/shop/members", "user").await;
        made > 0 && made == count("/v1/projects/shop/audit?limit=100", "target").await
    })
    .await;
}

#[tokio::test]
async fn a_project_that_has_nobody_is_given_its_owner() {
    let house = House::start().await;
    let owners = async |project: &str| {
        let page = house
            .admin()
            .get(&format!("/v1/projects/{project}/members"))
            .await
            .ok();
        told(&page, ["user", "role", "-", "-"])
    };
    let before = owners("shop").await;
    for project in ["default", "shop"] {
        let path = format!("/v1/projects/{project}");
        house.put(&path, &json!({"owner": "ada"})).await.ok();
        house.put(&path, &json!({})).await.ok();
    }
    assert_eq!(owners("default").await, ["ada owner - -"]);
    assert_eq!(owners("shop").await, before, "it has people");
}

#[tokio::test]
async fn what_can_be_a_trial_is_told_from_one() {
    let house = House::start().await;
    let admin = house.admin();
    save(&admin, "waits", "workflow: waits\nnodes: { go: { wait: null } }")
        .await
        .ok();
    let repin = async |query: &str| {
        let path = Api::path("waits", &format!("/repin{query}"));
        post(&admin, &path, &json!({})).await.ok();
    };
    repin("?dry-run=true").await;
    repin("?dry-run=false").await;
    let page = admin.get("/v1/audit").await.ok();
    let repins = page["items"].as_array().unwrap().iter();
    let repins = repins.filter(|item| item["action"].as_str().unwrap().contains("repin"));
    assert_eq!(repins.count(), 1, "{page}");
}

#[tokio::test]
async fn who_asks_too_fast_is_told_when_to_come_back() {
    let server = Server::builder().arguments(["--token-rate", "1"]).start().await;
    let made = post(&server.api, "/v1/tokens", &json!({"user": "root"}))
        .await
        .ok();
    let api = server.api.with_token(made["secret"].as_str().unwrap());
    let mut refused = None;
    // A machine would have to be slower than one request a second to get none refused.
    for _ in 0..20 {
        let answer = api.get("/v1/self").await;
        if answer.status == 429 {
            refused = Some(answer);
        }
    }
    let refused = refused.unwrap();
    refused.expect_problem(429, "rate-limited");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
    for _ in 0..5 {
        assert_eq!(api.get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_ask() {
    let origin = "https://console.example.com";
    let server = Server::builder()
        .arguments(["--allow-origin", origin])
        .start()
        .await;
    let ask = |method: Method, origin: &str| {
        let request = server
            .api
            .request(method, "/v1/projects")
            .header("origin", origin);
        send(
            request
                .header("sec-fetch-site", "cross-site")
                .header("access-control-request-method", "GET"),
        )
    };
    let answer = ask(Method::OPTIONS, origin).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    let answer = ask(Method::GET, origin).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("access-control-allow-origin")
        ),
        (200, origin)
    );
    assert_eq!(answer.header("vary"), "origin");
    for other in [
        "https://console.example.com.evil.example",
        "http://console.example.com",
        "null",
    ] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = ask(method, other).await;
            answer.expect_problem(403, "origin-not-allowed");
            assert_eq!(answer.header("access-control-allow-origin"), "", "{other}");
        }
    }
}
