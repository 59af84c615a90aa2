//! What becomes of a rollout: one pure function of what was counted, so that everything it ever does can be replayed as data.

use std::time::Duration;

use super::Policy;

/// Calls, and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that ended; cancelled ones are not among them.
    pub calls: u64,
    /// How many failed, or were answered with the function's own error.
    pub errors: u64,
}

/// What is known of a rollout at the moment of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Index of the stage.
    pub stage: usize,
    /// How long the stage has lasted.
    pub in_stage: Duration,
    /// How long the rollout has.
    pub in_all: Duration,
    /// What the version before answered since the rollout began.
    pub old: Counts,
    /// What the new one answered in this stage.
    pub new: Counts,
}

/// What to do with a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, until more is known.
    Keep,
    /// On to the next stage.
    Advance(String),
    /// The version before answers all calls again; the rollout has ended.
    Return(String),
    /// The new version answers all calls; the rollout has ended.
    Finish(String),
}

/// Decides what becomes of a rollout.
#[must_use]
pub fn decide(policy: &Policy, observed: &Observed) -> Decision {
    let Observed {
        stage,
        in_stage,
        in_all,
        old,
        new,
    } = *observed;
    let judged = new.calls >= policy.min_calls;
    if judged && fails_more(new, old, policy.error_bound_percent) {
        return Decision::Return(format!(
            "{} of its {} calls failed, {} of {} before: more than {} percent more",
            new.errors, new.calls, old.errors, old.calls, policy.error_bound_percent
        ));
    }
    let lasted = in_stage >= Duration::from_millis(policy.stage_ms);
    if judged && lasted {
        let reason = format!(
            "{} of {} calls failed in {} s, {} of {} before",
            new.errors,
            new.calls,
            in_stage.as_secs_f32().round(),
            old.errors,
            old.calls
        );
        return match policy.stages.len().checked_sub(stage + 1) {
            None | Some(0) => Decision::Finish(reason),
            Some(_) => Decision::Advance(reason),
        };
    }
    if in_all >= Duration::from_millis(policy.limit_ms) {
        return Decision::Return(format!(
            "it did not end within {} s: it answered {} calls in its last stage, and is judged from {} on",
            policy.limit_ms / 1_000,
            new.calls,
            policy.min_calls
        ));
    }
    Decision::Keep
}

/// Whether the new version fails more often than the one before by more than a bound; where there were no calls before, than never.
fn fails_more(new: Counts, old: Counts, bound_percent: u8) -> bool {
    // Nobody counts that far; the products below stay within their type.
    let wide = |count: u64| u128::from(count.min(1 << 56));
    let old_calls = wide(old.calls.max(1));
    // errors / calls > errors / calls + bound / 100, without fractions.
    wide(new.errors) * 100 * old_calls
        > (wide(old.errors) * 100 + u128::from(bound_percent) * old_calls) * wide(new.calls)
}

#[cfg(test)]
mod tests;
