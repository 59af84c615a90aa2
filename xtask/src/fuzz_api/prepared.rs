//! What there is on the server, so that requests reach something, and its names, where they are taken from.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::client::{Client, text};
use super::server::Server;
use crate::repository;

/// Where the configuration of requests is.
const FILES: &str = "tests/api";
const PROJECT: &str = "/v1/projects/fuzz";
/// What requests may take away.
const DOOMED: [&str; 4] = ["doomed-1", "doomed-2", "doomed-3", "doomed-4"];
const JSON: &str = "application/json";
const WASM: &str = "application/wasm";
/// Of each kind of run.
const RUNS: usize = 4;

/// Makes it all and writes down its names, a file for each dictionary of the configuration.
pub fn prepare(server: &Server, place: &Path) -> Result<()> {
    copy_files(place)?;
    let client = server.client();
    for project in ["fuzz"].iter().chain(&DOOMED) {
        client.send("PUT", &format!("/v1/projects/{project}"), JSON, "{}")?;
    }
    functions(client, place)?;
    let closed = runs(client, "sum", r#"{"a":1,"b":2}"#)?;
    let open = runs(client, "gate", "{}")?;
    let doomed = [
        runs(client, "sum", r#"{"a":1,"b":2}"#)?,
        runs(client, "gate", "{}")?,
    ]
    .concat();
    for run in &closed {
        client.get(&format!("{PROJECT}/runs/{run}?wait=30s"))?;
    }
    client.send("POST", &invoke("arith"), JSON, r#"{"a":1,"b":2}"#)?;
    let blob = client.send(
        "POST",
        &format!("{PROJECT}/blobs"),
        "application/octet-stream",
        "hello",
    )?;
    let secret = format!("{PROJECT}/secrets/API_KEY");
    client.send("PUT", &secret, JSON, r#"{"value":"hush"}"#)?;
    let pools: Value = serde_json::from_str(&client.get("/v1/pools")?)?;
    let pools = pools["items"].as_array().context("pools are listed")?;
    let pools = pools
        .iter()
        .map(|pool| text(pool, "id"))
        .collect::<Result<Vec<_>>>()?;
    write(place, "projects", &["fuzz"])?;
    write(place, "functions", &["arith", "template", "web", "sum", "gate"])?;
    write(place, "workflows", &["sum", "gate"])?;
    write(place, "doomed", &DOOMED)?;
    write(place, "runs", &[closed.clone(), open].concat())?;
    write(place, "closed-runs", &closed)?;
    write(place, "doomed-runs", &doomed)?;
    write(place, "blobs", &[text(&blob, "digest")?])?;
    write(place, "pools", &pools)?;
    tokens(client, place)
}

/// The configuration stands beside the dictionaries, as it names them.
fn copy_files(place: &Path) -> Result<()> {
    for entry in std::fs::read_dir(repository::root().join(FILES))? {
        let entry = entry?;
        std::fs::copy(entry.path(), place.join(entry.file_name()))?;
    }
    let guest = repository::guests().join("fixtures/arith.wasm");
    std::fs::copy(guest, place.join("arith.wasm"))?;
    Ok(())
}

fn functions(client: &Client, place: &Path) -> Result<()> {
    let guests = repository::guests();
    for (name, guest) in [
        ("arith", "fixtures/arith.wasm"),
        ("template", "template.wasm"),
        ("web", "hello-http.wasm"),
    ] {
        client.upload(&function(name), WASM, &guests.join(guest))?;
    }
    // A second version, to compare with.
    let limits = r#"{"limits":{"timeout-ms":5000}}"#;
    client.send(
        "PATCH",
        &function("arith"),
        "application/merge-patch+json",
        limits,
    )?;
    for name in ["sum", "gate"] {
        let definition = place.join(format!("{name}.yaml"));
        client.upload(&function(name), "application/yaml", &definition)?;
    }
    for name in DOOMED {
        client.upload(&function(name), WASM, &place.join("arith.wasm"))?;
    }
    Ok(())
}

/// Starts runs of a workflow.
fn runs(client: &Client, workflow: &str, arguments: &str) -> Result<Vec<String>> {
    let path = format!("{}/runs", function(workflow));
    let start = |_| text(&client.send("POST", &path, JSON, arguments)?, "run");
    (0..RUNS).map(start).collect()
}

/// Tokens that may be revoked.
fn tokens(client: &Client, place: &Path) -> Result<()> {
    for (path, dictionary, wanted) in [
        ("/v1/tokens".to_owned(), "tokens", "{}"),
        (
            format!("{PROJECT}/tokens"),
            "project-tokens",
            r#"{"role":"invoker"}"#,
        ),
    ] {
        let made = (0..RUNS).map(|_| {
            let made = client.send("POST", &path, JSON, wanted)?;
            text(&made["token"], "id")
        });
        write(place, dictionary, &made.collect::<Result<Vec<_>>>()?)?;
    }
    Ok(())
}

fn function(name: &str) -> String {
    format!("{PROJECT}/functions/{name}")
}

fn invoke(name: &str) -> String {
    format!("{}/invoke", function(name))
}

/// A dictionary: a word in quotes on each line.
fn write(place: &Path, dictionary: &str, words: &[impl AsRef<str>]) -> Result<()> {
    let mut lines = String::new();
    for word in words {
        writeln!(lines, "\"{}\"", word.as_ref())?;
    }
    std::fs::write(place.join(format!("{dictionary}.txt")), lines)
        .with_context(|| format!("the dictionary `{dictionary}` cannot be written"))
}
