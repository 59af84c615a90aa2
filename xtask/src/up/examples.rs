//! Deploying the example functions and telling how to call them.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::server::Server;
use crate::functions::Guest;
use crate::{process, report, repository};

/// Deploys all examples, functions and workflows. What is there already, with the same settings, stays the version it is.
pub fn deploy(server: &Server) -> Result<()> {
    let guests = Guest::all()?
        .into_iter()
        .filter(|guest| !guest.is_fixture())
        .collect();
    in_order(guests)?
        .iter()
        .try_for_each(|guest| deploy_one(server, guest))?;
    WORKFLOWS.iter().try_for_each(|name| save(server, name))
}

/// The example workflows, each after those that it calls.
const WORKFLOWS: [&str; 4] = ["notify", "order", "thumbnails", "document"];

fn save(server: &Server, name: &str) -> Result<()> {
    let definition = repository::root()
        .join("functions/workflows")
        .join(format!("{name}.yaml"));
    let mut weft = server.weft(&["deploy", "--output", "json"]);
    let text = process::output(weft.arg(definition))?;
    let deployment: Value = serde_json::from_str(&text).context("weft deploy printed what is not JSON")?;
    report::note(&format!(
        "{name:<14} version {} (workflow)",
        deployment["version"]
    ));
    Ok(())
}

/// Puts a function that calls others after them.
fn in_order(mut waiting: Vec<Guest>) -> Result<Vec<Guest>> {
    let mut ordered: Vec<Guest> = Vec::new();
    while !waiting.is_empty() {
        let is_there = |name: &String| ordered.iter().any(|guest| guest.name() == name);
        let (ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|guest| guest.after().iter().all(is_there));
        if ready.is_empty() {
            let names: Vec<_> = rest.iter().map(Guest::name).collect();
            bail!(
                "{} wait for each other, or for a function that does not exist",
                names.join(", ")
            );
        }
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

fn deploy_one(server: &Server, guest: &Guest) -> Result<()> {
    let mut weft = server.weft(&["deploy", "--output", "json"]);
    if guest.settings().exists() {
        weft.arg("--settings").arg(guest.settings());
    }
    let text = process::output(weft.arg(guest.file()))?;
    let deployment: Value = serde_json::from_str(&text).context("weft deploy printed what is not JSON")?;
    let number = &deployment["version"];
    if deployment["activated"] != true {
        bail!(
            "version {number} of {} is stored but does not answer calls: {}",
            guest.name(),
            deployment["missing"]
        );
    }
    let before = if deployment["existed"] == true {
        " (as before)"
    } else {
        ""
    };
    report::note(&format!("{:<14} version {number}{before}", guest.name()));
    Ok(())
}

/// Shows calls to try.
pub fn show(server: &Server, how_to_stop: &str) {
    let weft = server.typed();
    println!(
        r#"
Weft is ready. Four calls to try:

  {weft} call markdown text='# Hello *you*'

  curl {api}/v1/projects/default/functions/pricing/invoke -H 'content-type: application/json' -d '{{"order":
    {{"id": "A-1", "customer": "Ada", "express": true,
     "items": [{{"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": []}}]}}}}'

  curl '{http}/default/hello-http/?name=Ada'

  {weft} run order -f '{{"id": "A-1", "customer": "Ada", "items": [{{"id": 1, "name": "pen", "qty": 3, "price": 50, "tags": []}}]}}'

`{weft} functions` lists all; {api}/docs describes the API; {how_to_stop}.
"#,
        api = server.address(),
        http = server.http_address(),
    );
}
