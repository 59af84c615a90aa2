//! The regular look at functions that may move.

use std::sync::{Arc, Weak};

use weft_types::{FunctionName, ProjectName};

use crate::catalog::{Function, Rolling, Snapshot};
use crate::engine::Inner;

/// The functions that may move, as long as nothing else changes.
#[derive(Default)]
struct Watched {
    /// What they were found in. Kept weakly, so that nothing lives longer for it, and no other one can be taken for it.
    snapshot: Weak<Snapshot>,
    names: Vec<(ProjectName, FunctionName)>,
}

pub(crate) async fn run(engine: Weak<Inner>) {
    let mut watched = Watched::default();
    loop {
        let Some(period) = engine.upgrade().map(|inner| inner.config.moves_look) else {
            return;
        };
        tokio::time::sleep(period).await;
        let Some(inner) = engine.upgrade() else { return };
        if inner.is_draining() {
            return;
        }
        watched.renew(&inner.catalog.read());
        for (project, name) in &watched.names {
            let found = {
                let snapshot = inner.catalog.read();
                snapshot.function(project.as_str(), name.as_str()).ok().cloned()
            };
            if let Some(found) = found {
                inner.look_at_moves(found);
            }
        }
    }
}

impl Watched {
    fn renew(&mut self, snapshot: &Arc<Snapshot>) {
        if std::ptr::eq(self.snapshot.as_ptr(), Arc::as_ptr(snapshot)) {
            return;
        }
        self.snapshot = Arc::downgrade(snapshot);
        let may_move = snapshot.functions().filter(|function| may_move(function));
        self.names = may_move
            .map(|function| (function.record.project.clone(), function.record.function.clone()))
            .collect();
    }
}

fn may_move(function: &Function) -> bool {
    let promotion = |active: &Arc<crate::Deployed>| active.record().settings.promotion.is_some();
    function.rolling.is_some() || function.active.as_ref().is_some_and(promotion)
}

impl Inner {
    /// Each on its own, as one may wait long for an instance to start.
    fn look_at_moves(self: &Arc<Self>, found: Arc<Function>) {
        self.look_at_promotion(&found);
        let Some(looking) = found.rolling.as_ref().and_then(Rolling::begin_looking) else {
            return;
        };
        let inner = Arc::clone(self);
        self.background.spawn(async move {
            if let Err(error) = inner.look_at_rollout(&found).await {
                tracing::warn!(function = %found.record.function, %error, "a rollout stays as it is");
            }
            drop(looking);
        });
    }
}
