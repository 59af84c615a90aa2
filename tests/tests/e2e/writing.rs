//! Writing a function: from a template to a call, and again at every change.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use reqwest::Method;
use tempfile::TempDir;
use weft_tests::api::send;
use weft_tests::shell::Shell;
use weft_tests::wait::within;
use weft_tests::{Api, Server, eventually};

/// A shell in which projects build without the network: the guests in `functions/` have the same dependencies. Builds of
/// one test go to one place, where later runs find them; another test's would be waited for.
fn shell(server: &str, test: &str) -> Shell {
    Shell::at(server)
        .with(
            "CARGO_TARGET_DIR",
            &format!("{}/{test}", env!("CARGO_TARGET_TMPDIR")),
        )
        .with("CARGO_NET_OFFLINE", "true")
}

/// Starts a project and locks it to what is there.
async fn started(shell: &Shell, name: &str, template: &str) -> PathBuf {
    shell.ok(&["new", name, "--template", template]).await;
    let directory = shell.directory.path().join(name);
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/Cargo.lock");
    fs::copy(lock, directory.join("Cargo.lock")).unwrap();
    directory
}

#[tokio::test]
async fn every_template_builds_and_answers() {
    let server = Server::start().await;
    let api = &server.api;
    let shell = shell(&api.base, "templates");
    for (name, template) in [
        ("typed-one", "component"),
        ("web-one", "http"),
        ("piped-one", "command"),
    ] {
        started(&shell, name, template).await;
        let built = shell.json(&["build", name]).await;
        assert_eq!(built["function"], name);
        let deployed = shell.ok(&["deploy", name]).await;
        assert!(
            deployed.starts_with(&format!("{name} version 1: deployed")),
            "{deployed}"
        );
    }
    assert_eq!(
        shell.ok(&["call", "typed-one", "name=you"]).await,
        r#""Hello, you!""#
    );
    let (code, error) = shell.fails(&["call", "typed-one", "name="]).await;
    assert_eq!(code, 3, "{error}");
    let page = send(api.function(Method::GET, "web-one/a?b")).await;
    assert_eq!(page.text(), "Hello from /a?b\n");
    let piped = shell.run(&["call", "piped-one", "--raw", "-"], b"a\nb\n").await;
    assert_eq!(piped.stdout, b"A\nB\n");
    let logs = shell.ok(&["logs", "piped-one"]).await;
    assert!(logs.ends_with("2 lines"), "{logs}");
}

#[tokio::test]
async fn what_does_not_build_is_not_deployed() {
    let server = Server::start().await;
    let shell = shell(&server.api.base, "broken");
    let project = started(&shell, "broken-one", "command").await;
    fs::write(project.join("src/main.rs"), "fn main() { 1 }").unwrap();
    let (code, error) = shell.fails(&["deploy", "broken-one"]).await;
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("mismatched types") && error.contains("`broken-one` does not build"),
        "{error}"
    );
    server
        .api
        .get(&Api::path("broken-one", ""))
        .await
        .expect_problem(404, "not-found-function");
}

/// What the function answers to `a`.
async fn answer(api: &Api, function: &str) -> String {
    let request = api
        .calling(function)
        .header("content-type", "application/octet-stream")
        .header("accept", "application/octet-stream");
    send(request.body("a\n")).await.text()
}

#[tokio::test]
async fn changes_are_built_and_deployed_as_they_are_saved() {
    let server = Server::start().await;
    let api = &server.api;
    let shell = shell(&api.base, "live");
    let project = started(&shell, "live-one", "command").await;
    let mut dev = shell.start(&["dev", "live-one"]);
    eventually("the first build answers", || async {
        answer(api, "live-one").await == "A\n"
    })
    .await;

    let source = project.join("src/main.rs");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, "fn main() { 1 }").unwrap();
    fs::write(&source, text.replace("to_uppercase()", "repeat(2)")).unwrap();
    eventually("the change answers", || async {
        answer(api, "live-one").await == "aa\n"
    })
    .await;
    // It shows what is deployed, and what the function writes.
    let mut seen = Vec::new();
    while !seen.iter().any(|line: &String| line.ends_with("1 lines")) {
        seen.push(within("what the function writes", dev.line()).await.unwrap());
    }
    assert!(
        seen.iter()
            .any(|line| line.starts_with("live-one version 1: deployed")),
        "{seen:?}"
    );
    assert!(dev.interrupt().await.success());
}

/// A build that takes long does not keep anybody who wants to leave.
#[tokio::test]
async fn a_build_under_way_can_be_interrupted() {
    let server = Server::start().await;
    let (started_building, cargo) = endless_cargo();
    let cargo_path = cargo.path().join("cargo");
    let shell = shell(&server.api.base, "slow").with("CARGO", &cargo_path.to_string_lossy());
    let project = started(&shell, "slow-one", "command").await;
    let mut dev = shell.start(&["dev", "slow-one"]);
    eventually("it builds", || async { started_building(1) }).await;
    eventually("it waits, then builds anew", || async {
        fs::write(project.join("src/main.rs"), "fn main() {}").unwrap();
        started_building(2)
    })
    .await;
    assert!(dev.interrupt().await.success());
}

/// Stands for Cargo: fails at first, and never ends the second time. Tells how often it was started.
fn endless_cargo() -> (impl Fn(u64) -> bool, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let (script, count) = (directory.path().join("cargo"), directory.path().join("count"));
    // The second time it ends with whoever started it.
    let text = format!(
        "#!/bin/sh\nprintf x >> {count}\n[ \"$(cat {count})\" = x ] && exit 1\nexec tail --pid=$PPID -f /dev/null\n",
        count = count.display(),
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let times = move |wanted| fs::metadata(&count).is_ok_and(|file| file.len() >= wanted);
    (times, directory)
}
