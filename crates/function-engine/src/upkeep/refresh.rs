//! Compiling anew what was compiled for another engine, after an upgrade.

use std::sync::{Arc, Weak};

use crate::engine::Inner;

/// Sees to it that every active version has a compiled form, one after another, so that later first calls need not wait for
/// a compiler. Calls that come earlier compile for themselves.
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
        if let Err(error) = inner.compiled(&deployed).await {
            tracing::warn!(version = ?deployed, %error, "code could not be compiled ahead");
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
