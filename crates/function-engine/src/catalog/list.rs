//! Lists of functions, filtered and in pages.

use std::ops::Bound;
use std::sync::Arc;

use weft_types::moves::Rollout;
use weft_types::moves::rollout::Observed;
use weft_types::version::FunctionRecord;
use weft_types::{FunctionName, Kind, VersionNumber, VersionRecord};

use super::{Function, Project};
use crate::deploy::wiring::wire;

/// Which functions to list; empty lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Labels that the version shown must have, with these values.
    pub labels: Vec<(String, String)>,
    /// Component or workflow.
    pub kind: Option<Kind>,
    /// Who created the function.
    pub creator: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// In order of their names.
    pub items: Vec<FunctionView>,
    /// Where the next page begins after; none at the end.
    pub next: Option<FunctionName>,
}

/// A function as it is now.
#[derive(Clone, Debug)]
pub struct FunctionView {
    /// Its name and which version is active.
    pub record: FunctionRecord,
    /// The version that answers calls.
    pub active: Option<Arc<VersionRecord>>,
    /// The version stored last.
    pub latest: Arc<VersionRecord>,
    /// What the latest version imports and was not granted, each with how to give it.
    pub missing: Vec<String>,
    /// The version that is about to take the place of the active one.
    pub rollout: Option<RolloutView>,
}

/// A rollout as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutView {
    /// What is recorded of it.
    pub rollout: Arc<Rollout>,
    /// The version whose place it takes.
    pub from: VersionNumber,
    /// What came of it so far.
    pub observed: Observed,
}

impl Project {
    /// Up to `limit` functions whose names come behind `after`.
    pub(crate) fn page(&self, filter: &Filter, after: Option<&FunctionName>, limit: usize) -> Page {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut matching = self
            .functions
            .range::<FunctionName, _>((start, Bound::Unbounded))
            .map(|(_, function)| function)
            .filter(|function| filter.passes(function));
        let items: Vec<_> = matching
            .by_ref()
            .take(limit)
            .map(|function| self.view(function))
            .collect();
        let more = matching.next().is_some();
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| last.record.function.clone());
        Page { items, next }
    }

    /// What there is to see of a function of this project.
    pub(crate) fn view(&self, function: &Function) -> FunctionView {
        let latest = self.current(function.latest());
        FunctionView {
            record: function.record.clone(),
            active: function.active.as_ref().map(|active| self.current(active)),
            missing: wire(&latest.inspection, &latest.settings.grants, self).missing,
            rollout: function.rollout(),
            latest,
        }
    }
}

impl Function {
    /// The rollout that is under way.
    pub(crate) fn rollout(&self) -> Option<RolloutView> {
        let (active, rolling) = (self.active.as_ref()?, self.rolling.as_ref()?);
        Some(RolloutView {
            rollout: Arc::clone(&rolling.rollout),
            from: active.record().version,
            observed: rolling.observed(active),
        })
    }
}

impl Filter {
    fn passes(&self, function: &Function) -> bool {
        let version = function
            .active
            .as_ref()
            .unwrap_or_else(|| function.latest())
            .record();
        let labels = &version.settings.labels;
        self.labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self.kind.is_none_or(|kind| version.kind == kind)
            && self
                .creator
                .as_ref()
                .is_none_or(|creator| *creator == function.record.creator)
    }
}
