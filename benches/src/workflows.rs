//! The bars of the workflow engine.

use anyhow::Result;
use serde_json::json;

use crate::Options;
use crate::report::{Report, note};
use crate::weft::Weft;

mod cancelling;
mod commits;
pub(crate) mod definitions;
pub(crate) mod disk;
pub(crate) mod effects;
mod forwarding;
mod handles;
mod lists;
mod nesting;
mod overhead;
mod plans;
mod records;
mod throughput;

/// Connections of a load.
pub(crate) const CONNECTIONS: u32 = 64;
/// The arguments of a run of a chain.
pub(crate) const ARGUMENTS: &str = r#"{"n":1}"#;

/// Measures the bars asked for and answers whether all hold.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut report = Report::begin();
        if options.wants(1) || options.wants(3) {
            note("runs of five nodes, beside plain calls and the disk");
            throughput::measure(options, &mut report).await?;
        }
        if options.wants(2) {
            note("runs of five nodes with effects, beside Restate");
            effects::measure(options, &mut report).await?;
        }
        if options.wants(4) {
            note("what the engine costs per node");
            overhead::measure(options, &mut report).await?;
        }
        if options.wants(5) {
            note("commits that runs wait for, and syncs");
            commits::measure(options, &mut report).await?;
        }
        if options.wants(6) {
            note("a list of 100,000 items, a plan of 10,000 nodes");
            lists::measure(options, &mut report).await?;
            plans::measure(options, &mut report)?;
        }
        if options.wants(8) {
            note("nesting, and cancelling what is nested");
            nesting::measure(options, &mut report).await?;
            cancelling::measure(options, &mut report).await?;
        }
        if options.wants(9) {
            note("1,000,000 runs in the records");
            records::measure(options, &mut report).await?;
        }
        if options.wants(10) {
            note("large values by address");
            forwarding::measure(options, &mut report).await?;
        }
        Ok(report.end(options.rounds))
    })
}

/// A server with the chains of additions.
async fn with_chains() -> Result<Weft> {
    let weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    Ok(weft)
}

pub(crate) async fn deploy_chains(weft: &Weft) -> Result<()> {
    weft.deploy("arith", "fixtures/arith", json!({})).await?;
    save(weft, definitions::chains()).await
}

async fn save(weft: &Weft, definitions: Vec<(String, String)>) -> Result<()> {
    for (name, text) in definitions {
        weft.save(&name, text).await?;
    }
    Ok(())
}
