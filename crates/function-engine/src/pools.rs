//! What there is to see of pools: which there are, what their instances do, and what was decided of them.

use std::sync::Arc;

use crate::deployed::{Deployed, Loaded};
use crate::engine::Inner;
use crate::{Engine, Error};

mod id;
mod roster;
mod view;

pub use id::PoolId;
pub(crate) use roster::{About, Roster};
pub use view::{InstanceCounts, InstanceView, PoolView};

/// Which pools to list; empty lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFilter {
    /// Of functions in this project.
    pub project: Option<String>,
    /// Of functions of this name.
    pub function: Option<String>,
    /// Of this level.
    pub level: Option<weft_pool::Level>,
    /// Of this profile.
    pub profile: Option<String>,
}

/// A part of the list of pools.
#[derive(Clone, Debug)]
pub struct PoolPage {
    /// In the order of their ids. What instances use is not looked at.
    pub items: Vec<PoolView>,
    /// Where the next page begins after; none at the end.
    pub next: Option<PoolId>,
}

impl Engine {
    /// Up to `limit` pools that pass the filter, in the order of their ids, from behind `after` on: those of loaded versions, and
    /// those that serve their last calls.
    #[must_use]
    pub fn pools(&self, filter: &PoolFilter, after: Option<&PoolId>, limit: usize) -> PoolPage {
        let behind = self.0.roster.behind(after).into_iter();
        let mut passing = behind.filter(|(id, pool)| filter.passes(id, &pool.factory().about));
        let looked = passing.by_ref().take(limit);
        let items: Vec<_> = looked.map(|(id, pool)| self.0.look(id, &pool, false)).collect();
        let more = passing.next().is_some();
        let next = items.last().filter(|_| more).map(|last| last.id.clone());
        PoolPage { items, next }
    }

    /// One pool, with what its instances use.
    ///
    /// # Errors
    /// Where there is none of this id.
    pub async fn pool(&self, id: &PoolId) -> Result<PoolView, Error> {
        let pool = self
            .0
            .roster
            .find(id)
            .ok_or_else(|| Error::NoPool(id.to_string()))?;
        let (inner, id) = (Arc::clone(&self.0), id.clone());
        self.0.blocking(move || inner.look(id, &pool, true)).await
    }
}

/// A pool that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drained {
    /// The pool that serves from now on; none where another served before already, or the version was let go of meanwhile.
    pub by: Option<PoolId>,
}

impl Engine {
    /// Has another pool take the place of one, which serves its calls to the end: none fails.
    ///
    /// # Errors
    /// Where there is no such pool, or a new one cannot serve: the old one serves on.
    pub async fn drain_pool(&self, id: &PoolId) -> Result<Drained, Error> {
        let pool = self
            .0
            .roster
            .find(id)
            .ok_or_else(|| Error::NoPool(id.to_string()))?;
        let (inner, id) = (Arc::clone(&self.0), id.clone());
        let drain = async move {
            let about = &pool.factory().about;
            let of = |(deployed, loaded): (Arc<Deployed>, Arc<Loaded>)| {
                std::ptr::eq(&loaded.pool.factory().about, about).then_some(deployed)
            };
            let Some(deployed) = inner.upkeep.loaded().into_iter().find_map(of) else {
                return Ok(Drained { by: None });
            };
            let place = deployed.place().as_ref().clone();
            inner.renew(&deployed, place).await?;
            inner.note_replaced(&deployed, "it was drained").await;
            tracing::info!(pool = %id, "a pool is drained");
            let now = deployed.if_loaded();
            Ok(Drained {
                by: now.and_then(|now| inner.roster.id_of(&now.pool)),
            })
        };
        self.0.in_background(drain).await
    }
}

impl PoolFilter {
    fn passes(&self, id: &PoolId, about: &About) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(&self.project, id.project.as_str())
            && is(&self.function, id.function.as_str())
            && is(&self.profile, &id.profile)
            && self.level.is_none_or(|level| level == about.level)
    }
}

impl Inner {
    /// All pools, and whether a level keeps instances of each by itself. What instances use is not looked at.
    pub(crate) fn pool_views(&self) -> impl Iterator<Item = (bool, PoolView)> {
        let all = self.roster.behind(None).into_iter();
        all.map(|(id, pool)| {
            let keeps = pool.factory().about.level != weft_pool::Level::Sandbox;
            (keeps, self.look(id, &pool, false))
        })
    }

    fn look(&self, id: PoolId, pool: &weft_pool::Pool<crate::deployed::Instances>, usage: bool) -> PoolView {
        let instances = pool.factory();
        let snapshot = self.catalog.read();
        let function = snapshot.function(id.project.as_str(), id.function.as_str());
        let active = function
            .as_ref()
            .is_ok_and(|function| function.record.active == Some(id.version));
        let rollout = function
            .ok()
            .and_then(|function| function.record.moves.rollout.as_ref());
        let share = rollout.and_then(|rollout| match rollout.version == id.version {
            true => Some(rollout.percent()),
            false => active.then(|| 100 - rollout.percent()),
        });
        drop(snapshot);
        let engines = view::Engines {
            stats: pool.stats(),
            oldest_wait: pool.oldest_wait(),
            idle: pool.each_idle(),
            bounds: *pool.bounds(),
        };
        view::of(
            id,
            &instances.about,
            (active, share),
            &engines,
            instances.kept(usage),
        )
    }
}
