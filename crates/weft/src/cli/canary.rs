//! How a version takes over step by step, as it is written on the command line.

use clap::Args as ClapArgs;
use weft_api::wire::{Activate, RolloutPolicy};
use weft_types::moves::Policy;

use crate::failure::Failure;
use crate::units::Span;

#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Canary")]
pub(crate) struct Canary {
    /// Let it take over step by step: it goes on by itself, and back where it fails more often than the version before.
    #[arg(long)]
    canary: bool,
    /// How many of a hundred calls it answers in each stage, ascending to 100, instead of 5,25,50,100.
    #[arg(long, value_name = "PERCENT,…", value_delimiter = ',', requires = "canary")]
    stages: Option<Vec<u8>>,
    /// How long each stage lasts at least, instead of 60s.
    #[arg(long, value_name = "TIME", requires = "canary")]
    stage_time: Option<Span>,
    /// How many calls it must have answered in a stage before it is judged, instead of 50.
    #[arg(long, value_name = "N", requires = "canary")]
    min_calls: Option<u64>,
    /// By how many percent of its calls it may fail more often than the version before, instead of 5.
    #[arg(long, value_name = "PERCENT", requires = "canary")]
    error_bound: Option<u8>,
    /// How long all of it may take before it is given up, instead of 1d.
    #[arg(long, value_name = "TIME", requires = "canary")]
    limit: Option<Span>,
}

impl Canary {
    /// Whether it was asked for.
    pub(crate) fn is_wanted(&self) -> bool {
        self.canary
    }

    /// Looks for what the server would refuse, before anything is uploaded.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Some(policy) = self.request().and_then(|asked| asked.rollout) else {
            return Ok(());
        };
        Policy::from(policy).validate().map_err(|wrong| {
            Failure::usage(wrong.message).hint("`weft deploy --help` tells what --stages and the like take")
        })
    }

    /// What is sent to activate a version so; none for all at once.
    pub(crate) fn request(&self) -> Option<Activate> {
        let ms = |Span(time): Span| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let default = RolloutPolicy::default();
        self.canary.then(|| Activate {
            rollout: Some(RolloutPolicy {
                stages: self.stages.clone().unwrap_or(default.stages),
                stage_ms: self.stage_time.map_or(default.stage_ms, ms),
                min_calls: self.min_calls.unwrap_or(default.min_calls),
                error_bound_percent: self.error_bound.unwrap_or(default.error_bound_percent),
                limit_ms: self.limit.map_or(default.limit_ms, ms),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_refuse_is_told_before() {
        for (stages, told) in [
            (None, None),
            (Some(vec![10, 100]), None),
            (Some(vec![10, 50]), Some("the stages 10, 50 are not percents")),
            (Some(vec![50, 10, 100]), Some("are not percents")),
        ] {
            let canary = Canary {
                canary: true,
                stages: stages.clone(),
                ..Canary::default()
            };
            match (canary.check(), told) {
                (Ok(()), None) => {}
                (Err(failure), Some(told)) => assert!(failure.to_string().contains(told), "{failure}"),
                (found, _) => panic!("{stages:?}: {found:?}"),
            }
        }
        assert!(Canary::default().check().is_ok());
    }
}
