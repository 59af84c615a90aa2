//! Outbound HTTP: to granted hosts, and to addresses of the inside only where that is granted too.

use serde_json::{Value, json};
use weft_tests::peer::Peer;
use weft_tests::{Api, Server, example};

async fn deploy(hosts: &[String], private_network: bool) -> Server {
    let server = Server::start().await;
    let settings = json!({"grants": {"http": hosts, "private-network": private_network}});
    server.api.deploy_with("fetch", example("fetch"), settings).await;
    server
}

async fn fetch(api: &Api, url: &str) -> Value {
    api.call("fetch", &json!({"urls": [url], "timeout-ms": 3000}))
        .await
        .ok()[0]["outcome"]
        .clone()
}

#[tokio::test]
async fn a_granted_private_host_is_reached() {
    let peer = Peer::start().await;
    let server = deploy(&[format!("127.0.0.1:{}", peer.port)], true).await;
    assert_eq!(
        fetch(&server.api, &format!("http://127.0.0.1:{}/", peer.port)).await,
        json!({"ok": 200})
    );
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn several_hosts_are_reached_at_once() {
    let peer = Peer::start().await;
    let server = deploy(&[format!("127.0.0.1:{}", peer.port)], true).await;
    let urls = vec![format!("http://127.0.0.1:{}/", peer.port); 16];
    let outcomes = server.api.call("fetch", &json!({"urls": urls})).await.ok();
    assert!(
        outcomes
            .as_array()
            .unwrap()
            .iter()
            .all(|report| report["outcome"]["ok"] == 200),
        "{outcomes}"
    );
}

/// Nothing of these leads anywhere, whatever hosts are granted.
#[tokio::test]
async fn the_inside_is_out_of_reach() {
    let peer = Peer::start().await;
    let server = deploy(&["*".to_owned()], false).await;
    let port = peer.port;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://127.1.2.3:{port}/"),
        // By name: what it resolves to counts.
        format!("http://localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://172.16.0.1/".to_owned(),
        "http://192.168.1.1/".to_owned(),
        "http://100.100.100.200/".to_owned(),
        "http://[fd00:ec2::254]/latest/meta-data/".to_owned(),
        "https://127.0.0.1:1/".to_owned(),
    ] {
        let outcome = fetch(&server.api, &url).await;
        let error = outcome["err"].as_str().unwrap_or_default().to_lowercase();
        assert!(error.contains("address that is not granted"), "{url}: {outcome}");
    }
    assert_eq!(peer.connections(), 0);
    let lines = server.api.about("fetch", "/logs?limit=100").await.to_string();
    assert!(lines.contains("private-network"), "{lines}");
}

#[tokio::test]
async fn a_host_that_was_not_granted_is_denied_and_the_log_says_how_to_grant_it() {
    let peer = Peer::start().await;
    let server = deploy(&["api.example.com".to_owned()], true).await;
    let port = peer.port;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        "http://example.com/".to_owned(),
        "http://api.example.com.evil.test/".to_owned(),
    ] {
        let outcome = fetch(&server.api, &url).await;
        let error = outcome["err"].as_str().unwrap_or_default().to_lowercase();
        assert!(error.contains("host is not granted"), "{url}: {outcome}");
    }
    assert_eq!(peer.connections(), 0);
    let lines = server.api.about("fetch", "/logs?limit=100").await.to_string();
    assert!(lines.contains("grant it with"), "{lines}");
}

#[tokio::test]
async fn a_redirect_leads_nowhere_by_itself() {
    let inside = Peer::start().await;
    let outside = Peer::redirecting(&format!("http://127.0.0.1:{}/", inside.port)).await;
    let server = deploy(&[format!("127.0.0.1:{}", outside.port)], true).await;
    // The function sees the redirect; following it is a request of its own, which meets the same checks.
    assert_eq!(
        fetch(&server.api, &format!("http://127.0.0.1:{}/", outside.port)).await,
        json!({"ok": 302})
    );
    let followed = fetch(&server.api, &format!("http://127.0.0.1:{}/", inside.port)).await;
    assert!(
        followed["err"]
            .as_str()
            .is_some_and(|error| error.contains("host is not granted")),
        "{followed}"
    );
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}
