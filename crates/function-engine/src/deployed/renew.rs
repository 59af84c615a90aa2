//! Another pool in the place of a version's own, while calls are under way: none of them fails.

use std::sync::Arc;

use super::{Deployed, Loaded, Place};
use crate::Error;
use crate::engine::Inner;

impl Deployed {
    /// Moves to another place. A version whose code is loaded stays where it is: it is to be [renewed](Inner::renew).
    pub(crate) fn moves_at_once(&self, place: &Place) -> bool {
        let Ok(_loading) = self.loading.try_lock() else {
            return false;
        };
        let moves = self.loaded.load().is_none();
        if moves {
            self.place.store(Arc::new(place.clone()));
        }
        moves
    }
}

impl Inner {
    /// Makes a new pool in `place`, proves that a call can be made in it, has it serve from then on, and lets the old one end with
    /// its last call. Answers the old one; none where nothing was loaded.
    ///
    /// # Errors
    /// Where the new pool cannot serve: the old one serves on.
    pub(crate) async fn renew(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        place: Place,
    ) -> Result<Option<Arc<Loaded>>, Error> {
        let _loading = deployed.loading.lock().await;
        if deployed.if_loaded().is_none() {
            deployed.place.store(Arc::new(place));
            return Ok(None);
        }
        let placed = place.clone()?;
        let (code, tier) = self.load_best(deployed, &placed).await?;
        let wanted = deployed.if_loaded().map_or(0, |old| old.in_use());
        let loaded = self.pool(deployed, &placed, code, tier);
        // Starting an instance is what may fail, and what calls would wait for.
        if let Err(error) = self.have_ready(&loaded, wanted).await {
            loaded.retire();
            return Err(error);
        }
        deployed.place.store(Arc::new(place));
        let old = deployed.loaded.swap(Some(Arc::clone(&loaded)));
        self.upkeep.watch(deployed);
        if let Some(better) = loaded.better_tier() {
            self.upgrade(deployed, better);
        }
        if let Some(old) = &old {
            old.retire();
        }
        tracing::info!(version = ?deployed, "another pool serves; the one before ends with its last call");
        Ok(old)
    }
}
