//! Where versions execute, and why there.

use weft_pool::Level;
use weft_pool::profile::labels;
use weft_types::{Limits, VersionRecord};

use crate::deployed::{Effective, Placed};
use crate::{Engine, Error};

/// Where a version executes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The profile of its pool.
    pub profile: String,
    /// What separates its instances.
    pub level: Level,
    /// Why there, in words.
    pub why: String,
    /// What bounds its calls there: each limit is given.
    pub limits: Limits,
}

impl Engine {
    /// Where a version executes, as profiles are now; none for a workflow, whose nodes do.
    ///
    /// # Errors
    /// Where its profile is gone, or none has what it needs.
    pub fn placement(&self, record: &VersionRecord) -> Result<Option<Placement>, Error> {
        if record.workflow.is_some() {
            return Ok(None);
        }
        let promoted = self.promoted(record);
        let (profiles, config) = (self.profiles(), self.config());
        let placed = match promoted {
            Some(_) => Placed::promoted(&record.settings, &profiles, config)?,
            None => Placed::new(&record.settings, &profiles, config)?,
        };
        let why = promoted.or_else(|| placed.why.clone());
        let why = why.unwrap_or_else(|| match record.settings.profile {
            Some(_) => "the settings name it".to_owned(),
            None => "the settings name no profile, and this is the default".to_owned(),
        });
        Ok(Some(Placement {
            profile: placed.name.to_string(),
            level: placed.level(),
            why,
            limits: placed.limits(&Effective::new(&record.settings.limits, config)),
        }))
    }

    /// Why a version was promoted; none where it is not.
    fn promoted(&self, record: &VersionRecord) -> Option<String> {
        let moves = self.moves(&record.project, &record.function).ok()?;
        let promoted = moves.promoted.as_ref()?;
        (promoted.version == record.version).then(|| format!("it was promoted: {}", promoted.reason))
    }

    /// The names of all pool profiles, in their order.
    #[must_use]
    pub fn profile_names(&self) -> Vec<String> {
        self.profiles().keys().cloned().collect()
    }

    /// The labels that pool profiles carry, in their order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        labels(&self.profiles()).into_keys().map(str::to_owned).collect()
    }

    /// Whether any profile carries a label.
    ///
    /// # Errors
    /// Where none does: which labels there are.
    pub fn check_label(&self, label: &str) -> Result<(), Error> {
        let profiles = self.profiles();
        let labels = labels(&profiles);
        if labels.contains_key(label) {
            return Ok(());
        }
        let shown: String = label.chars().take(80).collect();
        let there: Vec<_> = labels.into_keys().map(|label| format!("`{label}`")).collect();
        let there = match there.len() {
            0 => "no profile carries any label".to_owned(),
            _ => format!("labels there are: {}", there.join(", ")),
        };
        Err(Error::UnmetNeeds(format!(
            "no pool profile carries the label `{}`; {there}",
            shown.escape_debug()
        )))
    }
}
