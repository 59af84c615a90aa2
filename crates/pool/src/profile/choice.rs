//! Choosing a profile by what is needed of it: the cheapest one that will do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use super::{Level, Profile};

/// What is needed of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The least that separates instances; none for whatever there is.
    pub level: Option<Level>,
    /// Memory that an instance must be allowed, in bytes.
    pub memory_bytes: Option<u64>,
    /// Labels that the profile must carry.
    pub labels: BTreeSet<String>,
}

/// The profile that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub profile: String,
    /// Why this one, in words.
    pub why: String,
}

/// That no profile will do, with what each lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unmet(String);

/// Profiles that an explanation names.
const TOLD: usize = 8;

/// The cheapest profile that meets the needs: of the weakest level that will do (`sandbox`, `process`, `container`), then with the
/// smallest limits: memory, calls at once, instances kept, calls that an instance serves, calls that wait; then the first by name.
///
/// # Errors
/// Where none will do: what each lacks, and which labels there are.
pub fn choose(profiles: &BTreeMap<String, Profile>, needs: &Needs) -> Result<Choice, Unmet> {
    let mut fitting: Vec<_> = profiles
        .iter()
        .filter(|(_, profile)| needs.lacking(profile).is_none())
        .collect();
    fitting.sort_by_key(|(name, profile)| (cost(profile), *name));
    let Some((name, profile)) = fitting.first() else {
        return Err(Unmet(unmet(profiles, needs)));
    };
    let others = match fitting.len() {
        1 => "is the only profile that will do".to_owned(),
        count => format!("is the cheapest of the {count} profiles that will do"),
    };
    Ok(Choice {
        profile: (*name).clone(),
        why: format!(
            "needs {needs}: `{name}`, at the level `{}`, {others}",
            profile.level
        ),
    })
}

/// Every label that a profile carries, and how many carry it.
#[must_use]
pub fn labels(profiles: &BTreeMap<String, Profile>) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for label in profiles.values().flat_map(|profile| &profile.labels) {
        *counts.entry(label.as_str()).or_default() += 1;
    }
    counts
}

/// Compares greater the more a profile may take.
fn cost(profile: &Profile) -> impl Ord + use<> {
    (
        profile.level,
        // No bound of its own is the largest.
        profile.memory_bytes.unwrap_or(u64::MAX),
        profile.concurrency,
        profile.scaling.min,
        profile.reuse,
        profile.queue.length,
    )
}

impl Needs {
    /// What a profile lacks; none where it will do.
    fn lacking(&self, profile: &Profile) -> Option<String> {
        if let Some(level) = self.level.filter(|level| profile.level < *level) {
            return Some(format!("is of the level `{}`, below `{level}`", profile.level));
        }
        let bound = profile.memory_bytes.unwrap_or(u64::MAX);
        if let Some(bytes) = self.memory_bytes.filter(|bytes| bound < *bytes) {
            return Some(format!("allows {bound} bytes of memory, not {bytes}"));
        }
        let label = self
            .labels
            .iter()
            .find(|label| !profile.labels.contains(*label))?;
        Some(format!("does not carry the label `{label}`"))
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level.map(|level| format!("at least the level `{level}`"));
        let memory = self.memory_bytes.map(|bytes| format!("{bytes} bytes of memory"));
        let labels = self.labels.iter().map(|label| format!("the label `{label}`"));
        let all: Vec<_> = level.into_iter().chain(memory).chain(labels).collect();
        if all.is_empty() {
            return f.write_str("nothing");
        }
        f.write_str(&all.join(" and "))
    }
}

fn unmet(profiles: &BTreeMap<String, Profile>, needs: &Needs) -> String {
    let mut text = format!("no pool profile has {needs}");
    let lacking = profiles
        .iter()
        .filter_map(|(name, profile)| Some((name, needs.lacking(profile)?)));
    for (place, (name, lacks)) in lacking.take(TOLD).enumerate() {
        let before = if place == 0 { ": " } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{before}`{name}` {lacks}");
    }
    if profiles.len() > TOLD {
        let _ = write!(text, ", and so on for {} more", profiles.len() - TOLD);
    }
    if !needs.labels.is_empty() {
        let labels: Vec<_> = labels(profiles)
            .into_keys()
            .map(|label| format!("`{label}`"))
            .collect();
        let there = match labels.len() {
            0 => "no profile carries any label".to_owned(),
            _ => format!("labels there are: {}", labels.join(", ")),
        };
        let _ = write!(text, "; {there}");
    }
    text
}

#[cfg(test)]
mod tests;
