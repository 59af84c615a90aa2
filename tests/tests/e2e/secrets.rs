//! Secrets: sent where they are granted, and shown nowhere.

use std::path::Path;

use serde_json::{Value, json};
use weft_tests::access::{House, post};
use weft_tests::receiver::Receiver;
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, fixture};

const TEXT: &str = "hunter2-hunter2-hunter2";

/// Deploys what sends the secret `KEY` to a host, granted for some.
async fn deploy(api: &Api, name: &str, profile: &str, granted: &Value, to: &Receiver) {
    let settings = json!({
        "profile": profile,
        "grants": {
            "http": [format!("127.0.0.1:{}", to.port)], "private-network": true, "secrets": granted,
        },
        "env": {"AUTHORIZATION": "Bearer {{secret:KEY}}"},
    });
    api.deploy_with(name, fixture("charge"), settings).await;
}

/// What the function makes of sending it, and what its host received as `Authorization`.
async fn send(api: &Api, name: &str, to: &Receiver) -> (String, Vec<String>) {
    let before = to.received().len();
    let payee = format!("127.0.0.1:{}", to.port);
    let answer = api.call(name, &json!([payee, "job", 1])).await;
    let received = to.received().split_off(before);
    let sent = received.iter().map(|one| one.header("authorization").to_owned());
    (answer.text(), sent.collect())
}

/// Whether a file below a directory holds these bytes.
fn holds(directory: &Path, bytes: &[u8]) -> Option<String> {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let found = match path.is_dir() {
            true => holds(&path, bytes),
            false => std::fs::read(&path)
                .is_ok_and(|content| content.windows(bytes.len()).any(|window| window == bytes))
                .then(|| path.display().to_string()),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[tokio::test]
async fn a_secret_reaches_its_host_and_nobody_else() {
    let server = Server::start().await;
    let (own, other) = (Receiver::start([]).await, Receiver::start([]).await);
    let shell = Shell::at(&server.api.base);
    let set = shell
        .run(&["secret", "set", "KEY"], format!("{TEXT}\n").as_bytes())
        .await;
    assert!(set.status.success(), "{set:?}");
    let granted = json!({"KEY": [format!("127.0.0.1:{}", own.port)]});
    for profile in ["sandbox", "process"] {
        let name = format!("pay-{profile}");
        deploy(&server.api, &name, profile, &granted, &own).await;
        let (answer, sent) = send(&server.api, &name, &own).await;
        assert_eq!(sent, [format!("Bearer {TEXT}")], "{profile}: {answer}");

        // The same grant of a secret, and another host.
        deploy(&server.api, &name, profile, &granted, &other).await;
        let (answer, sent) = send(&server.api, &name, &other).await;
        assert!(answer.contains("function-error"), "{profile}: {answer}");
        assert_eq!(sent, [""; 0], "{profile}");
        let log = server.api.about(&name, "/logs?limit=100").await.to_string();
        assert!(log.contains("granted for other hosts only"), "{log}");

        // No grant at all.
        deploy(&server.api, &name, profile, &json!({}), &own).await;
        let (_, sent) = send(&server.api, &name, &own).await;
        assert_eq!(sent, [""; 0], "{profile}");
        assert!(!log.contains(TEXT), "{log}");
    }
    // A new text is in force at once, and a deleted one is not sent.
    deploy(&server.api, "pay", "sandbox", &granted, &own).await;
    shell.run(&["secret", "set", "KEY"], b"second-text").await;
    assert_eq!(send(&server.api, "pay", &own).await.1, ["Bearer second-text"]);
    assert!(shell.ok(&["secret", "list"]).await.contains("KEY"));
    shell.ok(&["secret", "delete", "KEY"]).await;
    assert_eq!(send(&server.api, "pay", &own).await.1, [""; 0]);

    let log = server.log();
    assert!(!log.contains(TEXT), "{log}");
    assert_eq!(holds(server.data(), TEXT.as_bytes()), None);
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let house = House::start().await;
    let path = "/v1/projects/shop/secrets/KEY";
    let set = house.put(path, &json!({"value": TEXT})).await;
    assert!(!set.text().contains(TEXT), "{}", set.text());
    let refused = house.put(path, &json!(format!("{TEXT}\n"))).await;
    assert!(!refused.text().contains(TEXT), "{}", refused.text());
    refused.expect_problem(400, "invalid-request");
    let admin = house.admin();
    for path in ["/v1/projects/shop/secrets", "/v1/audit", "/metrics"] {
        let shown = admin.get(path).await.text();
        assert!(!shown.contains(TEXT), "{path}: {shown}");
    }
    let changes = admin.get("/v1/audit").await.ok();
    assert_eq!(changes["items"][0]["target"], path);
    // There is no way to read it.
    admin.get(path).await.expect_problem(405, "method-not-allowed");
    let other = post(&admin, path, &json!({"value": TEXT})).await;
    other.expect_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn secrets_outlive_the_server_and_a_change_of_the_key() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let own = Receiver::start([]).await;
    let put = |api: &Api| {
        let request = api.request(reqwest::Method::PUT, "/v1/projects/default/secrets/KEY");
        weft_tests::api::send(request.json(&json!({"value": TEXT})))
    };
    put(&server.api).await.ok();
    let granted = json!({"KEY": [format!("127.0.0.1:{}", own.port)]});
    deploy(&server.api, "pay", "sandbox", &granted, &own).await;
    server.stop().await;

    let file = data.path().join("secrets.key");
    let old = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{}\n{old}", "ab".repeat(32))).unwrap();
    let server = Server::builder().data(data.path()).start().await;
    assert_eq!(send(&server.api, "pay", &own).await.1, [format!("Bearer {TEXT}")]);
    server.stop().await;
    // The old key is not needed any longer.
    std::fs::write(&file, "ab".repeat(32)).unwrap();
    let server = Server::builder().data(data.path()).start().await;
    assert_eq!(send(&server.api, "pay", &own).await.1, [format!("Bearer {TEXT}")]);
}
