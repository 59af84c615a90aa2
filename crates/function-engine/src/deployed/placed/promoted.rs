//! The place of a version that was promoted.

use weft_pool::Level;
use weft_pool::profile::choose;
use weft_types::Settings;

use super::{Nowhere, Placed, level, needs};
use crate::{Config, Profiles};

impl Placed {
    /// Finds the place that a version with these settings is promoted to; its own where they say nothing of that.
    pub(crate) fn promoted(
        settings: &Settings,
        profiles: &Profiles,
        config: &Config,
    ) -> Result<Self, Nowhere> {
        let Some(promotion) = &settings.promotion else {
            return Self::new(settings, profiles, config);
        };
        let profile = match &promotion.profile {
            Some(profile) => profile.clone(),
            None => {
                let own = Self::new(settings, profiles, config)?.level();
                let wanted = promotion.level.map(level).or(above(own)).ok_or_else(|| {
                    Nowhere::Unmet(
                        "no level is stronger than `container`: name a profile to be promoted to".to_owned(),
                    )
                })?;
                let needs = weft_pool::Needs {
                    level: Some(wanted),
                    ..needs(settings)
                };
                let chosen = choose(profiles, &needs);
                chosen.map_err(|unmet| Nowhere::Unmet(unmet.to_string()))?.profile
            }
        };
        let mut elsewhere = settings.clone();
        let needed = elsewhere.needs.take().and_then(|needs| needs.memory_bytes);
        if let (Some(needed), limit @ None) = (needed, &mut elsewhere.limits.memory_bytes) {
            *limit = Some(needed.max(config.memory_bytes.default));
        }
        elsewhere.profile = Some(profile);
        Ok(Self {
            why: Some("it was promoted".to_owned()),
            ..Self::new(&elsewhere, profiles, config)?
        })
    }
}

fn above(own: Level) -> Option<Level> {
    match own {
        Level::Sandbox => Some(Level::Process),
        Level::Process => Some(Level::Container),
        Level::Container => None,
    }
}
