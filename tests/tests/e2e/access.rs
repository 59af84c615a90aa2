//! Tokens and members, over HTTP and by the command; and what others than a project's own may not do with what is public.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use weft_tests::access::{House, post};
use weft_tests::api::send;
use weft_tests::server::binary;
use weft_tests::shell::Shell;
use weft_tests::{Answer, Api, Server, eventually, example, fixture};

const INVOKE: &str = "/v1/projects/shop/functions";

/// Starts a server that must refuse to, and answers what it said.
fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = Command::new(binary())
        .args(["serve", "--http-listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A certificate for `localhost` that is its own authority, and its key, written into a directory.
fn certificate(directory: &Path, name: &str) -> (String, String, Vec<u8>) {
    let file = |ending: &str| directory.join(format!("{name}.{ending}")).display().to_string();
    let (certificate, key, terms) = (file("pem"), file("key"), file("conf"));
    let told = format!(
        "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = terms\n[name]\nCN = {name}\n\
         [terms]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:localhost\n"
    );
    std::fs::write(&terms, told).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args([
            "-nodes",
            "-days",
            "2",
            "-config",
            &terms,
            "-keyout",
            &key,
            "-out",
            &certificate,
        ])
        .output()
        .expect("this test makes certificates with `openssl`, which must be installed");
    assert!(made.status.success(), "{made:?}");
    let text = std::fs::read(&certificate).unwrap();
    (certificate, key, text)
}

/// A new token by the command, without a server.
async fn first_token(data: &Path) -> String {
    let shell = Shell::without_server(tempfile::tempdir().unwrap());
    let data = data.to_str().unwrap();
    let made = shell
        .json(&["token", "create", "--admin", "--data", data, "--for", "root"])
        .await;
    assert_eq!(made["token"]["admin"], true, "{made}");
    made["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_that_others_reach_wants_a_certificate_and_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let told = refused(&data, &["--listen", "0.0.0.0:0"]);
    assert!(
        told.contains("not encrypted") && told.contains("--tls-certificate"),
        "{told}"
    );

    let (certificate, key, authority) = certificate(directory.path(), "first");
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let elsewhere = [&["--listen", "0.0.0.0:0"], &tls[..]].concat();
    let told = refused(&data, &elsewhere);
    assert!(told.contains("weft token create --admin --data"), "{told}");
    let told = refused(&data, &["--listen", "127.0.0.1:0", "--require-token", "true"]);
    assert!(told.contains("weft token create --admin --data"), "{told}");
    let told = refused(&data, &["--listen", "127.0.0.1:0", "--tls-key", &key]);
    assert!(told.contains("--tls-certificate"), "{told}");

    let token = first_token(&data).await;
    let server = Server::builder()
        .data(&data)
        .listen("0.0.0.0:0")
        .arguments(tls)
        .start()
        .await;
    let api = server.api.trusting(&authority);
    let api = api.at(api.base.replace("0.0.0.0", "localhost"));
    api.get("/v1/projects").await.expect_problem(401, "unauthorized");
    api.with_token(&token).get("/v1/projects").await.ok();
    let plain = api.at(api.base.replace("https", "http"));
    assert!(
        weft_tests::api::try_send(plain.request(Method::GET, "/healthz"))
            .await
            .is_err()
    );

    let shell = Shell::at(&api.base)
        .with("WEFT_TOKEN", &token)
        .with("WEFT_AUTHORITIES", &certificate);
    assert_eq!(shell.ok(&["whoami"]).await, "root, admin");
    let (other, ..) = self::certificate(directory.path(), "other");
    let (code, told) = shell.with("WEFT_AUTHORITIES", &other).fails(&["whoami"]).await;
    assert!(code == 5 && told.contains("hint: --authorities"), "{code} {told}");
}

#[tokio::test]
async fn a_certificate_is_replaced_while_serving() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate_file, key_file, first) = certificate(directory.path(), "first");
    let (next_certificate, next_key, second) = certificate(directory.path(), "second");
    let tls = [
        "--tls-certificate",
        &certificate_file,
        "--tls-key",
        &key_file,
        "--tls-reload-every",
        "20ms",
    ];
    let server = Server::builder().arguments(tls).start().await;
    let base = server.api.base.replace("127.0.0.1", "localhost");
    let trusting = |authority: &[u8]| server.api.trusting(authority).at(base.clone());
    let answers = |authority: Vec<u8>| async move {
        let request = trusting(&authority).request(Method::GET, "/healthz");
        weft_tests::api::try_send(request).await.is_ok()
    };
    assert!(answers(first.clone()).await && !answers(second.clone()).await);

    // Half of it changes nothing.
    std::fs::copy(&next_key, &key_file).unwrap();
    eventually("the server has looked", || async {
        server.log().contains("not read anew")
    })
    .await;
    assert!(answers(first.clone()).await);
    std::fs::copy(&next_certificate, &certificate_file).unwrap();
    eventually("the next certificate is served", || answers(second.clone())).await;
    assert!(!answers(first).await);
}

#[tokio::test]
async fn the_command_makes_lists_and_revokes_tokens() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    let data = server.data().to_str().unwrap().to_owned();
    assert!(shell.ok(&["whoami"]).await.contains("asks nobody"));
    let (code, told) = shell
        .fails(&["token", "create", "--role", "viewer", "--for", "ada"])
        .await;
    assert!(
        code == 6 && told.contains("token create --admin"),
        "{code} {told}"
    );

    // The server has the data directory, so it is asked.
    let admin = ["token", "create", "--admin", "--for", "root", "--data", &data];
    let admin = shell.run(&admin, b"").await;
    // `TOKEN=$(weft token create …)` is the token and nothing else.
    let secret = String::from_utf8(admin.stdout).unwrap();
    let secret = secret.trim_end();
    assert!(
        secret.starts_with("weft_") && !secret.contains(char::is_whitespace),
        "{secret}"
    );
    let told = String::from_utf8(admin.stderr).unwrap();
    assert!(
        told.contains("not shown again") && !told.contains(secret),
        "{told}"
    );
    let (code, told) = shell.fails(&["functions"]).await;
    assert!(code == 6 && told.contains("WEFT_TOKEN"), "{code} {told}");

    let shell = shell.with("WEFT_TOKEN", secret);
    assert_eq!(shell.ok(&["whoami"]).await, "root, admin");
    let create = ["project", "create", "shop", "--owner", "ada"];
    assert_eq!(shell.ok(&create).await, "shop is created");
    let again = shell.run(&create, b"").await;
    assert_eq!(again.stdout, b"shop was there already\n");
    assert!(
        again.stderr.starts_with(b"its members are left as they are"),
        "{again:?}"
    );
    assert_eq!(shell.ok(&["project", "list"]).await, "default\nshop");
    let in_shop = |words: &[&'static str]| [&["--project", "shop"], words].concat();
    let made = shell
        .json(&in_shop(&[
            "token",
            "create",
            "--role",
            "owner",
            "--for",
            "ada",
            "--expires",
            "1h",
        ]))
        .await;
    let ada = Shell::at(&server.api.base).with("WEFT_TOKEN", made["secret"].as_str().unwrap());
    assert_eq!(ada.ok(&["whoami"]).await, "ada, owner of shop");
    assert_eq!(ada.ok(&["project", "list"]).await, "shop");
    members_come_and_go(&server, &ada).await;

    let (code, told) = shell.fails(&["project", "delete", "default"]).await;
    assert!(code == 6 && told.contains("always there"), "{code} {told}");
    ada.ok(&["project", "delete", "shop"]).await;
    let (code, told) = ada.fails(&["whoami"]).await;
    assert!(code == 6 && told.contains("revoked"), "{code} {told}");
    let (code, told) = shell.fails(&["project", "create", "shop"]).await;
    assert!(code == 6 && told.contains("not given again"), "{code} {told}");
}

/// What an owner does with a member's tokens.
async fn members_come_and_go(server: &Server, ada: &Shell) {
    let in_shop = |words: &[&'static str]| [&["--project", "shop"], words].concat();
    ada.ok(&in_shop(&["project", "set-member", "eve", "viewer"]))
        .await;
    let members = ada.ok(&in_shop(&["project", "members"])).await;
    assert!(members.contains("ada") && members.contains("eve"), "{members}");
    let made = ada
        .json(&in_shop(&[
            "token",
            "create",
            "--role",
            "developer",
            "--for",
            "eve",
            "--note",
            "ci",
        ]))
        .await;
    let id = made["token"]["id"].as_str().unwrap();
    let eve = Shell::at(&server.api.base).with("WEFT_TOKEN", made["secret"].as_str().unwrap());
    // No more than its holder.
    assert_eq!(eve.ok(&["whoami"]).await, "eve, viewer of shop");
    let (code, told) = eve.fails(&in_shop(&["delete", "none"])).await;
    assert!(
        code == 6 && told.contains("the role `developer`"),
        "{code} {told}"
    );
    let (code, _) = eve.fails(&["functions"]).await;
    assert_eq!(code, 4);

    let listed = ada.ok(&in_shop(&["token", "list"])).await;
    assert!(
        listed.contains(id) && listed.contains("ci") && !listed.contains("weft_"),
        "{listed}"
    );
    ada.ok(&["--project", "shop", "token", "revoke", id]).await;
    let (code, told) = eve.fails(&["whoami"]).await;
    assert!(code == 6 && told.contains("revoked"), "{code} {told}");
}

#[tokio::test]
async fn tokens_outlive_the_server_and_changes_take_effect_at_once() {
    let data = tempfile::tempdir().unwrap();
    let admin = first_token(data.path()).await;
    let server = Server::builder().data(data.path()).start().await;
    server
        .api
        .get("/v1/projects")
        .await
        .expect_problem(401, "unauthorized");
    let api = server.api.with_token(&admin);
    let member = |role: &str| {
        let request = api.request(Method::PUT, "/v1/projects/default/members/ada");
        let request = request.header(CONTENT_TYPE, "application/json");
        send(request.body(json!({"role": role}).to_string()))
    };
    member("developer").await.ok();
    let made = post(
        &api,
        "/v1/projects/default/tokens",
        &json!({"user": "ada", "role": "owner"}),
    )
    .await
    .ok();
    let ada = server.api.with_token(made["secret"].as_str().unwrap());
    ada.deploy("arith", fixture("arith")).await;
    // Who uploads is who has the token, whatever is said.
    let request = ada
        .request(Method::PUT, &Api::path("other", ""))
        .header("weft-user", "eve");
    let request = request.header(CONTENT_TYPE, "application/wasm");
    send(request.body(fixture("arith"))).await.ok();
    assert_eq!(ada.about("other", "").await["creator"], "ada");

    for (role, deploys, calls) in [("invoker", 403, 200), ("viewer", 403, 403), ("owner", 200, 200)] {
        member(role).await.ok();
        assert_eq!(ada.put("arith", fixture("arith")).await.status, deploys, "{role}");
        assert_eq!(
            ada.call("arith?export=add", &json!([1, 2])).await.status,
            calls,
            "{role}"
        );
    }
    server.stop().await;
    let server = Server::builder().data(data.path()).start().await;
    server
        .api
        .get("/v1/projects")
        .await
        .expect_problem(401, "unauthorized");
    let ada = server.api.with_token(made["secret"].as_str().unwrap());
    ada.call("arith?export=add", &json!([1, 2])).await.ok();
    let tokens = server
        .api
        .with_token(&admin)
        .get("/v1/projects/default/tokens")
        .await
        .ok();
    assert!(tokens["items"][0]["used-at"].is_string(), "{tokens}");
    let kept = std::fs::read(data.path().join("weft.db")).unwrap();
    let secret = made["secret"]
        .as_str()
        .unwrap()
        .rsplit('_')
        .next()
        .unwrap()
        .as_bytes();
    assert!(!kept.windows(secret.len()).any(|window| window == secret));
}

/// Calls a function of `shop` with headers.
async fn call(api: &Api, target: &str, arguments: &Value, headers: &[(&str, &str)]) -> Answer {
    let (function, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = api.request(Method::POST, &format!("{INVOKE}/{function}/invoke?{query}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(
        request
            .header(CONTENT_TYPE, "application/json")
            .body(arguments.to_string()),
    )
    .await
}

#[tokio::test]
async fn others_call_what_is_public_and_touch_nothing_else() {
    let house = House::start().await;
    house.deploy("echo", fixture("echo"), "public").await;
    house.deploy("echo-all", fixture("echo"), "anonymous").await;
    let own = house.member("shop", "invoker").await;
    let other = house.member("other", "owner").await;
    let stored = send(
        own.request(Method::POST, "/v1/projects/shop/blobs")
            .body("secret"),
    )
    .await
    .ok();
    let blob = json!([{"$blob": stored["digest"]}]);
    let echo = "echo?export=bytes";
    let answered = call(&own, echo, &blob, &[]).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    // Blobs are the project's, even those whose digest somebody knows.
    call(&other, echo, &blob, &[])
        .await
        .expect_problem(403, "forbidden");
    call(&house.server.api, "echo-all?export=bytes", &blob, &[])
        .await
        .expect_problem(403, "forbidden");
    call(
        &other,
        "echo?export=bytes&inline-bytes=1",
        &json!(["aGVsbG8="]),
        &[],
    )
    .await
    .expect_problem(403, "forbidden");
    call(&other, echo, &json!(["aGVsbG8="]), &[]).await.ok();

    // A version that was private stays so, though the function is public now.
    house.deploy("aged", fixture("echo"), "private").await;
    house.deploy("aged", fixture("arith"), "public").await;
    call(&other, "aged?export=add", &json!([1, 2]), &[]).await.ok();
    for query in ["version=1", "ver%73ion=1", "version=2&version=1", "version=x"] {
        let answer = call(&other, &format!("aged?export=add&{query}"), &json!([1, 2]), &[]).await;
        answer.expect_problem(404, "not-found-project");
    }
    let hidden = other.get(&format!("{INVOKE}/aged/schema?version=1")).await;
    let absent = other.get(&format!("{INVOKE}/nothing/schema")).await;
    assert_eq!(hidden.json(), absent.json());
    // Nor do lists of what all share tell.
    let profile = other.get("/v1/profiles/sandbox").await.ok();
    assert_eq!(profile["used-by"], json!([]), "{profile}");
    assert_ne!(own.get("/v1/profiles/sandbox").await.ok()["used-by"], json!([]));
    // Written otherwise, it is the same project.
    other
        .get("/v1/projects/%73hop/functions")
        .await
        .expect_problem(404, "not-found-project");
    own.get("/v1/projects/%73hop/functions").await.ok();
}

#[tokio::test]
async fn others_run_public_workflows_only_to_their_end() {
    let house = House::start().await;
    house.deploy("arith", fixture("arith"), "private").await;
    let path = format!("{INVOKE}/flow");
    let definition = "workflow: flow\ninput: { a: u32 }\nnodes:\n  sum: { call: arith#add, with: { a: $input.a, b: 1 } }\noutput: $sum\n";
    let request = house.admin().request(Method::PUT, &path);
    send(request.header(CONTENT_TYPE, "application/yaml").body(definition))
        .await
        .ok();
    let request = house.admin().request(Method::PATCH, &path);
    let request = request.header(CONTENT_TYPE, "application/merge-patch+json");
    send(request.body(r#"{"visibility": "public"}"#)).await.ok();

    let other = house.member("other", "invoker").await;
    let answer = call(&other, "flow", &json!({"a": 1}), &[]).await;
    assert_eq!(answer.ok(), 2);
    for header in [("prefer", "respond-async"), ("idempotency-key", "k")] {
        call(&other, "flow", &json!({"a": 1}), &[header])
            .await
            .expect_problem(403, "forbidden");
    }
    call(
        &other,
        "flow",
        &json!({"a": {"$blob": format!("blake3:{}", "0".repeat(64))}}),
        &[],
    )
    .await
    .expect_problem(403, "forbidden");
    let run = answer.header("weft-run").to_owned();
    let own = house.member("shop", "invoker").await;
    let shown = own.get(&format!("/v1/projects/shop/runs/{run}")).await.ok();
    assert_eq!(shown["submitter"], "invoker", "{shown}");
    other
        .get(&format!("/v1/projects/shop/runs/{run}"))
        .await
        .expect_problem(404, "not-found-project");
}

#[tokio::test]
async fn http_functions_take_tokens_beside_their_own_authorization() {
    let house = House::start().await;
    house.deploy("site", example("hello-http"), "private").await;
    let token = house.token("shop", "invoker").await;
    let bearer = format!("Bearer {token}");
    for (status, headers) in [
        (200, &[("authorization", &*bearer)][..]),
        (
            200,
            &[("weft-token", &token), ("authorization", "Basic bWluZQ==")],
        ),
        (401, &[("authorization", "Basic bWluZQ==")]),
        (401, &[("weft-token", "weft_wrong")]),
        (401, &[]),
    ] {
        let mut request = house.server.api.to_functions(Method::GET, "/shop/site/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(request).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text());
    }
}
