//! Bringing profiles into force: versions move to the pools that follow from them.

use std::sync::Arc;

use weft_pool::Level;

use super::check_default;
use crate::catalog::Snapshot;
use crate::deployed::{Deployed, Place, Placed};
use crate::engine::Inner;
use crate::{Error, Profiles};

impl Inner {
    /// Whether every active version that has a place has one under other profiles, too, and could execute there.
    ///
    /// # Errors
    /// Where one has not.
    pub(super) async fn check_profiles(self: &Arc<Self>, profiles: &Profiles) -> Result<(), Error> {
        check_default(profiles)?;
        let mut levels: Vec<(String, Level)> = Vec::new();
        let mut without = Vec::new();
        for deployed in active(&self.catalog.read()) {
            let settings = &deployed.record().settings;
            let promoted = |profiles| Placed::promoted(settings, profiles, &self.config);
            if settings.promotion.is_some()
                && promoted(profiles).is_err()
                && promoted(&self.profiles.load()).is_ok()
            {
                without.push(told(&deployed));
                continue;
            }
            match (deployed.level(), self.place(&deployed, profiles)) {
                (before, Ok(placed)) => {
                    let level = placed.level();
                    if before != Some(level) && !levels.iter().any(|(_, known)| *known == level) {
                        levels.push((placed.name.to_string(), level));
                    }
                }
                (Some(_), Err(_)) => without.push(told(&deployed)),
                // It had none before.
                (None, Err(_)) => {}
            }
        }
        without.extend(self.naming_gone(profiles));
        if !without.is_empty() {
            return Err(Error::ProfileInUse { by: without });
        }
        let inner = Arc::clone(self);
        let check = move || {
            let mut levels = levels.iter();
            levels.try_for_each(|(profile, level)| inner.check_level(profile, *level))
        };
        self.blocking(check).await?
    }

    /// The active workflows with nodes that name a profile which is there now, and is not among others.
    fn naming_gone(&self, profiles: &Profiles) -> Vec<String> {
        let now = self.profiles.load();
        let is_gone = |name: &String| now.contains_key(name) && !profiles.contains_key(name);
        let (Some(workflows), true) = (self.workflows.get(), now.keys().any(is_gone)) else {
            return Vec::new();
        };
        let active: Vec<_> = {
            let snapshot = self.catalog.read();
            let functions = snapshot.functions();
            functions.filter_map(|function| function.active.clone()).collect()
        };
        let names_gone = |deployed: &Arc<Deployed>| {
            let source = deployed.record().workflow.as_ref();
            source.is_some_and(|source| workflows.profiles(source).iter().any(is_gone))
        };
        let naming = active.iter().filter(|deployed| names_gone(deployed));
        naming.map(|deployed| told(deployed)).collect()
    }

    /// Brings profiles into force; answers how many pools were replaced.
    ///
    /// # Errors
    /// Where active versions could not execute under them; nothing has changed then.
    pub(super) async fn apply(self: &Arc<Self>, profiles: Profiles) -> Result<usize, Error> {
        let moving = {
            // What is deployed meanwhile is deployed under the old profiles and seen below, or under the new ones.
            let _writing = self.catalog.write().await;
            self.check_profiles(&profiles).await?;
            self.profiles.store(Arc::new(profiles));
            self.moving()
        };
        let mut replaced = 0;
        for (deployed, place) in moving {
            match self.renew(&deployed, place).await {
                Ok(old) => {
                    replaced += usize::from(old.is_some());
                    if old.is_some() {
                        self.note_replaced(&deployed, "its profile changed").await;
                    }
                }
                Err(error) => {
                    tracing::error!(version = ?deployed, %error, "the pool stays under its profile as it was");
                }
            }
        }
        Ok(replaced)
    }

    /// The active versions that use a profile.
    pub(super) fn users(&self, profile: &str) -> Vec<String> {
        active(&self.catalog.read())
            .into_iter()
            .filter(|deployed| deployed.is_under(profile))
            .map(|deployed| told(&deployed))
            .collect()
    }

    /// The loaded versions whose place is another one now; those that are not loaded are moved at once.
    fn moving(&self) -> Vec<(Arc<Deployed>, Place)> {
        let profiles = self.profiles.load();
        let snapshot = self.catalog.read();
        let mut moving = Vec::new();
        for version in snapshot.functions().flat_map(|function| function.versions()) {
            for deployed in version.others().into_iter().chain([Arc::clone(version)]) {
                let place = self.place(&deployed, &profiles);
                let moves = *deployed.place().as_ref() != place && !deployed.moves_at_once(&place);
                // Whoever holds one whose profile is gone, such as a run under way, is served as before.
                if moves && place.is_ok() {
                    moving.push((deployed, place));
                }
            }
        }
        moving
    }

    fn place(&self, deployed: &Deployed, profiles: &Profiles) -> Place {
        deployed.place_under(profiles, &self.config)
    }
}

/// Active versions that execute by themselves, and those that are about to take over.
fn active(snapshot: &Snapshot) -> Vec<Arc<Deployed>> {
    let answering = snapshot.functions().flat_map(|function| function.answering());
    answering
        .filter(|deployed| deployed.record().workflow.is_none())
        .cloned()
        .collect()
}

fn told(deployed: &Deployed) -> String {
    let record = deployed.record();
    format!("{}/{}@{}", record.project, record.function, record.version)
}
