//! What is done once after a start: instances that are to be there without a call are, and what was compiled for another engine
//! is compiled anew.

use std::sync::{Arc, Weak};

use crate::engine::Inner;

/// Sees to it that every active version has a compiled form, one after another, so that later first calls need not wait for
/// a compiler. Calls that come earlier compile for themselves. Those with instances that stay are loaded.
pub(super) async fn run(engine: Weak<Inner>) {
    let Some(active) = engine.upgrade().map(|inner| active(&inner)) else {
        return;
    };
    for deployed in active {
        let (Some(inner), Some(deployed)) = (engine.upgrade(), deployed.upgrade()) else {
            continue;
        };
        if inner.is_draining() {
            return;
        }
        // What is loaded is kept warm from then on.
        let readied = match deployed.has_warm() {
            true => inner.loaded(&deployed).await.map(drop),
            false => inner.compiled(&deployed).await.map(drop),
        };
        if let Err(error) = readied {
            tracing::warn!(version = ?deployed, %error, "code could not be made ready ahead");
        }
    }
}

fn active(inner: &Inner) -> Vec<Weak<crate::Deployed>> {
    let snapshot = inner.catalog.read();
    snapshot
        .functions()
        .filter_map(|function| function.active.as_ref())
        .filter(|deployed| deployed.record().workflow.is_none())
        .map(Arc::downgrade)
        .collect()
}
