//! Runs that are kept in PostgreSQL.

use std::path::Path;

use serde_json::json;
use weft_tests::runs::{RUNS, ended, post, save, start, states};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, fixture};

/// A database, and a schema of it that no other test has.
pub(crate) fn database() -> (String, String) {
    let url = std::env::var("WEFT_TEST_POSTGRES").expect(
        "WEFT_TEST_POSTGRES names no database: `cargo xtask postgres cargo test -p weft-tests` starts one",
    );
    (url, format!("test_e2e_{:016x}", fastrand::u64(..)))
}

const TEXT: &str = "workflow: w\ninput: { n: u32 }\noutput: $sum\nnodes:\n  go: { wait: null }\n  sum: { call: arith#add, with: { a: \
                    $input.n, b: 2 }, after: [go] }\n";

#[tokio::test]
async fn an_open_run_outlives_its_server() {
    let (url, schema) = database();
    let place = tempfile::tempdir().unwrap();
    let on_postgres = || {
        let builder = Server::builder().data(place.path());
        builder.arguments(["--runs-database", &url, "--runs-schema", &schema])
    };
    let server = on_postgres().start().await;
    server.api.deploy("arith", fixture("arith")).await;
    save(&server.api, "w", TEXT).await.ok();
    let run = start(&server.api, "w", &json!({"n": 40})).await;
    server.kill().await;

    let server = on_postgres().start().await;
    let waits = post(
        &server.api,
        &format!("{RUNS}/{run}/nodes/go/complete"),
        &json!(null),
    )
    .await;
    assert_eq!(waits.status, 204, "{}", waits.text());
    let told = ended(&server.api, &run).await;
    assert_eq!(told["status"], "succeeded", "{told}");
    assert_eq!(states(&told), [("go", "succeeded"), ("sum", "succeeded")]);
    assert!(!place.path().join("journal.db").exists());
    no_half_is_backed_up(&server.api, place.path()).await;
    server.kill().await;

    let server = on_postgres().start().await;
    assert_eq!(ended(&server.api, &run).await["result"], told["result"]);
}

/// Neither of the server nor, as if it were stopped, of its directory.
async fn no_half_is_backed_up(api: &Api, data: &Path) {
    let shell = Shell::at(&api.base);
    let (code, refused) = shell.fails(&["backup", "archive"]).await;
    assert!(code == 6 && refused.contains("`pg_dump`"), "{refused}");
    let data = data.to_str().unwrap();
    let (code, refused) = shell.fails(&["backup", "archive", "--data", data]).await;
    assert!(
        code == 2 && refused.contains("keeps its runs in PostgreSQL"),
        "{refused}"
    );
    assert_eq!(std::fs::read_dir(shell.directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let shell = Shell::without_server(tempfile::tempdir().unwrap());
    let url = "postgres://anna:secret@127.0.0.1:1/runs";
    let output = shell
        .run(&["serve", "--data", "data", "--runs-database", url], b"")
        .await;
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("`runs` at 127.0.0.1:1"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}
