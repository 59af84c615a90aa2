//! Instances that are ready before calls come for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use weft_pool::Level;

use super::{Deployed, Loaded};
use crate::Error;
use crate::engine::Inner;
use crate::invoke::clock;
use crate::port::{Failure, InstanceState};

/// The longest wait for an instance: a level bounds its starts itself, and by less.
const START: Duration = Duration::from_secs(60);

impl Loaded {
    /// Has instances ready that serve no call yet, where its level keeps them; `permit` goes with one that is started for it.
    pub(crate) async fn ahead(
        &self,
        instances: u32,
        permit: Option<OwnedSemaphorePermit>,
        deadline: Instant,
    ) -> Result<(), Failure> {
        self.touch();
        let code = self.pool.factory().code();
        code.ahead(instances, permit, deadline).await
    }

    /// Whether a call would find an instance ready that serves no other.
    pub(crate) fn has_idle(&self) -> bool {
        let Some(kept) = self.pool.factory().kept(false) else {
            return true;
        };
        let mut instances = kept.instances.iter();
        instances.any(|instance| instance.state == InstanceState::Idle)
    }

    /// How many instances it takes to serve the calls that come now.
    pub(super) fn in_use(&self) -> u32 {
        let Some(kept) = self.pool.factory().kept(false) else {
            return self.pool.stats().active;
        };
        let serves = |state| {
            matches!(
                state,
                InstanceState::Starting | InstanceState::Idle | InstanceState::Busy
            )
        };
        let serving = kept.instances.iter().filter(|instance| serves(instance.state));
        u32::try_from(serving.count()).unwrap_or(u32::MAX)
    }
}

impl Inner {
    /// Loads a version and has instances of it ready: as many as serve so many of a hundred calls of another, within the bound on
    /// that, and one at least.
    ///
    /// # Errors
    /// Where it cannot be loaded, or no instance starts.
    pub(crate) async fn make_ready(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        like: Option<(&Deployed, u8)>,
    ) -> Result<(), Error> {
        deployed.want();
        let loaded = self.loaded(deployed).await?;
        let share = |(like, percent): (&Deployed, u8)| {
            let in_use = like.if_loaded().map_or(0, |like| like.in_use());
            in_use.saturating_mul(percent.into()).div_ceil(100)
        };
        self.have_ready(&loaded, like.map_or(0, share)).await
    }

    /// Has so many instances ready, within the bound on that, and one at least.
    pub(super) async fn have_ready(&self, loaded: &Loaded, wanted: u32) -> Result<(), Error> {
        let wanted = wanted.min(self.config.moved_instances).max(1);
        let ready = loaded.ahead(wanted, None, clock() + START).await;
        ready.map_err(|failure| Error::PoolUnchanged(failure.to_string()))
    }

    /// What an instance that is started ahead takes of the budget for that; none where the level keeps no instances, or the
    /// budget is used up. Who asks first gets it, however long its code takes to load.
    pub(crate) fn reserve_ahead(&self, deployed: &Deployed) -> Option<OwnedSemaphorePermit> {
        if deployed.level() == Some(Level::Sandbox) {
            return None;
        }
        let permit = Arc::clone(&self.warm_ahead).try_acquire_owned().ok();
        if permit.is_none() {
            tracing::debug!(version = ?deployed, "nothing is started ahead: the budget is used up");
        }
        permit
    }

    /// Loads a version that may be called soon, and has an instance of it ready where one was reserved.
    ///
    /// # Errors
    /// Where it cannot be loaded, or does not start.
    pub(crate) async fn warm_ahead(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
        reserved: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Error> {
        let loaded = self.loaded(deployed).await?;
        if reserved.is_none() {
            return Ok(());
        }
        let ready = loaded.ahead(1, reserved, clock() + START).await;
        ready.map_err(|failure| Error::PoolUnchanged(failure.to_string()))
    }
}
