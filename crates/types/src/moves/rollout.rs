//! A version that takes over from another step by step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::VersionNumber;
use crate::settings::SettingsError;

mod decide;
mod share;

pub use decide::{Counts, Decision, Observed, decide};
pub use share::takes;

/// How a version takes over: how many of a hundred calls it answers, and what sends it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// How many of a hundred calls it answers in each stage: 1 to 16 stages, ascending, the last one 100. Default 5, 25, 50, 100.
    pub stages: Vec<u8>,
    /// How long each stage lasts at least, in milliseconds: 1 to 604,800,000 (a week). Default 60,000.
    pub stage_ms: u64,
    /// How many calls it must have answered in a stage before it is judged: 1 to 1,000,000. Default 50.
    pub min_calls: u64,
    /// By how many percent of its calls it may fail more often than the version before: 0 to 100. Default 5.
    pub error_bound_percent: u8,
    /// How long all of it may take before it is given up, in milliseconds: at least what the stages take, at most 2,592,000,000
    /// (30 days). Default 86,400,000 (a day).
    pub limit_ms: u64,
}

/// A rollout that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rollout {
    /// The version that takes over.
    pub version: VersionNumber,
    /// How it does.
    pub policy: Policy,
    /// Index of the stage.
    pub stage: usize,
    /// When it began.
    pub began_at: Timestamp,
    /// When the stage began.
    pub stage_at: Timestamp,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            stages: vec![5, 25, 50, 100],
            stage_ms: 60_000,
            min_calls: 50,
            error_bound_percent: 5,
            limit_ms: 86_400_000,
        }
    }
}

impl Policy {
    /// Most stages.
    pub const MAX_STAGES: usize = 16;
    /// The longest stage, in milliseconds.
    pub const MAX_STAGE_MS: u64 = 604_800_000;
    /// Most calls before it is judged.
    pub const MAX_MIN_CALLS: u64 = 1_000_000;
    /// The longest rollout, in milliseconds.
    pub const MAX_LIMIT_MS: u64 = 2_592_000_000;

    /// Checks every bound that the fields document.
    ///
    /// # Errors
    /// The first member that is not valid.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let stages = &self.stages;
        let most = Self::MAX_STAGES;
        if stages.is_empty() || stages.len() > most {
            return Err(wrong(
                "stages",
                format!("{} stages: 1 to {most} are allowed", stages.len()),
            ));
        }
        let ascending = stages.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || stages[0] == 0 || stages[stages.len() - 1] != 100 {
            let told: Vec<_> = stages.iter().map(u8::to_string).collect();
            let message = format!(
                "the stages {} are not percents that ascend from at least 1 to 100, such as 5, 25, 50, 100",
                told.join(", ")
            );
            return Err(wrong("stages", message));
        }
        within("stage-ms", self.stage_ms, 1, Self::MAX_STAGE_MS)?;
        within("min-calls", self.min_calls, 1, Self::MAX_MIN_CALLS)?;
        within("error-bound-percent", self.error_bound_percent.into(), 0, 100)?;
        let least = self.stage_ms.saturating_mul(stages.len() as u64);
        within("limit-ms", self.limit_ms, least, Self::MAX_LIMIT_MS.max(least))?;
        within("limit-ms", self.limit_ms, 1, Self::MAX_LIMIT_MS)
    }
}

impl Rollout {
    /// How many of a hundred calls the new version answers.
    #[must_use]
    pub fn percent(&self) -> u8 {
        self.policy.stages.get(self.stage).copied().unwrap_or(100)
    }
}

fn within(member: &str, value: u64, least: u64, most: u64) -> Result<(), SettingsError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(wrong(
        member,
        format!("`{member}` is {value}: {least} to {most} is allowed"),
    ))
}

fn wrong(member: &str, message: String) -> SettingsError {
    SettingsError {
        pointer: format!("/rollout/{member}"),
        message,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    /// Which member of a policy is wrong, and what of it; none where it is valid.
    fn check(json: &str, expected: Option<(&str, &str)>) {
        let policy: Policy = serde_json::from_str(json).unwrap();
        match (policy.validate(), expected) {
            (Ok(()), None) => {}
            (Err(error), Some((member, words))) => {
                assert_eq!(error.pointer, format!("/rollout/{member}"), "{json}");
                assert!(error.message.contains(words), "{json}: {error}");
            }
            (found, _) => panic!("{json}: {found:?}"),
        }
    }

    #[test]
    fn policies_have_bounds() {
        check("{}", None);
        check(
            r#"{"stages":[100],"stage-ms":1,"limit-ms":1,"min-calls":1}"#,
            None,
        );
        check(r#"{"stages":[]}"#, Some(("stages", "0 stages: 1 to 16")));
        check(r#"{"stages":[5,25]}"#, Some(("stages", "5, 25 are not percents")));
        check(r#"{"stages":[0,100]}"#, Some(("stages", "at least 1")));
        check(r#"{"stages":[50,50,100]}"#, Some(("stages", "ascend")));
        check(r#"{"stages":[5,101]}"#, Some(("stages", "to 100")));
        check(
            r#"{"stages":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,100]}"#,
            Some(("stages", "17 stages")),
        );
        check(
            r#"{"stage-ms":0}"#,
            Some(("stage-ms", "`stage-ms` is 0: 1 to 604800000")),
        );
        check(r#"{"min-calls":0}"#, Some(("min-calls", "1 to 1000000")));
        check(
            r#"{"error-bound-percent":101}"#,
            Some(("error-bound-percent", "0 to 100")),
        );
        check(
            r#"{"limit-ms":239999}"#,
            Some(("limit-ms", "240000 to 2592000000")),
        );
        check(
            r#"{"limit-ms":2592000001}"#,
            Some(("limit-ms", "240000 to 2592000000")),
        );
        check(
            r#"{"stage-ms":604800000,"stages":[1,2,3,4,5,100],"limit-ms":3628800000}"#,
            Some(("limit-ms", "1 to 2592000000")),
        );
        assert!(serde_json::from_str::<Policy>(r#"{"stage":[5]}"#).is_err());
    }
}
