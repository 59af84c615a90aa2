//! Workflows: the engine that runs them, between the functions that they call and the store that keeps them.

use std::sync::Arc;

use anyhow::{Context, Result};
use weft_blobs::LocalBlobs;
use weft_function_engine::Engine;
use weft_quotas::Quotas;
use weft_store::Store;
use weft_workflow_engine::Ports;
use weft_workflows::{Definitions, FunctionCalls, Plans, Runs};

use super::clock::WallClock;
use super::settings;

/// Opens the engine, which takes up every run that was open when the server ended.
pub(super) async fn open(
    (config, quotas): (&super::Config, &Quotas),
    engine: &Engine,
    store: &Store,
    blobs: &LocalBlobs,
) -> Result<weft_api::Workflows> {
    let definitions = Definitions::new(engine.clone());
    let plans = Arc::new(Plans::new(definitions.clone()));
    let ports = Ports {
        journal: store.journal(),
        records: store.records(),
        blobs: Arc::new(blobs.clone()),
        calls: Arc::new(FunctionCalls(engine.clone())),
        workflows: Arc::clone(&plans) as _,
        clock: Arc::new(WallClock),
    };
    let (runs, recovered) = weft_workflow_engine::Engine::open(ports, settings::runs(config, quotas))
        .await
        .context("the open runs cannot be taken up")?;
    engine.attach_workflows(Arc::new(Runs(runs.clone())));
    engine.metrics().register(Box::new(runs.metrics()));
    // Only now: what they call may call workflows in turn.
    recovered.take_up();
    Ok(weft_api::Workflows {
        runs,
        definitions,
        plans,
    })
}
