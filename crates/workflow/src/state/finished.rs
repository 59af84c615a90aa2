//! The run ended.

use weft_types::RunStatus;

use super::run::Stage;
use super::turn::{Turn, Verdict};
use crate::event::Finished;

impl Turn<'_> {
    /// Only as it was decided, but for one case: a run whose result cannot be put together fails after all.
    pub(super) fn finished(&mut self, finished: &Finished) -> Verdict {
        let Stage::Decided(decided) = self.state.stage else {
            return Err("there is work left".into());
        };
        let failed_after_all = decided == RunStatus::Succeeded
            && finished.status == RunStatus::Failed
            && matches!(finished.failure, Some((None, _)));
        if finished.status != decided && !failed_after_all {
            return Err(told(decided).into());
        }
        if (finished.status == RunStatus::Succeeded) != finished.failure.is_none() {
            return Err("a failure belongs to every end but success".into());
        }
        if finished.counts != self.state.counts {
            return Err(format!(
                "its nodes ended as {:?}, not {:?}",
                self.state.counts, finished.counts
            ));
        }
        if failed_after_all {
            self.state.failure.clone_from(&finished.failure);
        }
        self.state.stage = Stage::Closed(finished.status);
        Ok(())
    }
}

fn told(decided: RunStatus) -> &'static str {
    match decided {
        RunStatus::Succeeded => "the run succeeded",
        RunStatus::Failed => "the run failed",
        RunStatus::Cancelled => "the run was cancelled",
        RunStatus::TimedOut => "the run timed out",
        RunStatus::Waiting | RunStatus::Running | RunStatus::Paused => "the run goes on",
    }
}
