//! What the workflow engine's errors are called here: the one place that decides.

use weft_workflow::Problem as Mistake;
use weft_workflow_engine::Error;
use weft_workflow_engine::port::records::RecordsError;
use weft_workflow_engine::port::workflows::NoPlan;
use weft_workflows::SaveError;

use super::engine::{fault, whole_seconds};
use super::{Kind, Problem};

/// How long to stay away from a server that shuts down, in seconds.
const RETRY_AFTER_DRAINING: u32 = 5;
/// How long to stay away while the database of runs does, in seconds.
const RETRY_AFTER_AWAY: u32 = 1;

impl From<Error> for Problem {
    // One arm a variant and no catch-all, so that a new error asks for its place.
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let problem = |kind| Problem::new(kind, detail.clone());
        match error {
            Error::NoPlan(NoPlan::NoWorkflow(_)) => problem(Kind::NotFoundFunction),
            Error::NoPlan(NoPlan::NoVersion(..) | NoPlan::Other(..)) => problem(Kind::NotFoundVersion),
            Error::NoPlan(NoPlan::Unplannable(..)) => problem(Kind::Unplannable),
            Error::NoRun(_) => problem(Kind::NotFoundRun),
            Error::Behind { retry_after, .. } => {
                problem(Kind::RecordsBehind).retry_after(whole_seconds(retry_after))
            }
            Error::NoNode { .. } => problem(Kind::NotFoundNode),
            Error::Over { status, .. } => problem(Kind::RunOver).with("run-status", status),
            Error::Ending(_) => problem(Kind::RunOver),
            Error::StillOpen(_) => problem(Kind::RunOpen),
            Error::StillNeeded { by, .. } => problem(Kind::RunOpen).with("by", by.to_string()),
            Error::Pausing { .. } | Error::NotWaiting { .. } | Error::NothingNested { .. } => {
                problem(Kind::RunState)
            }
            Error::WrongType { expected, .. } => problem(Kind::InvalidArguments).with("expected", expected),
            Error::Invalid { what, .. } => problem(Kind::InvalidRequest).with("member", what),
            Error::Rerun(_) => problem(Kind::InvalidRequest).with("member", "selection"),
            Error::KeyReused => problem(Kind::KeyReused),
            Error::KeyInFlight(run) => match run {
                Some(run) => problem(Kind::KeyInFlight).with("run", run.to_string()),
                None => problem(Kind::KeyInFlight),
            },
            Error::KeyOutlived(run) => problem(Kind::KeyOutlived).with("run", run.to_string()),
            Error::Overloaded { retry_after, .. } => {
                problem(Kind::Overloaded).retry_after(whole_seconds(retry_after))
            }
            Error::Quota(exceeded) => exceeded.into(),
            Error::OnHold { retry_after, .. } => {
                problem(Kind::RunsPaused).retry_after(whole_seconds(retry_after))
            }
            Error::Draining => problem(Kind::Draining).retry_after(RETRY_AFTER_DRAINING),
            Error::Stopped { run, .. } => problem(Kind::Draining)
                .retry_after(RETRY_AFTER_DRAINING)
                .with("run", run.to_string()),
            Error::Records(RecordsError::Away) => problem(Kind::RunsPaused).retry_after(RETRY_AFTER_AWAY),
            Error::Blob(error) => error.into(),
            Error::Broken(_) | Error::Damaged { .. } | Error::Records(_) => {
                fault(Kind::StorageFailed, &detail)
            }
            Error::Platform(_) => fault(Kind::PlatformFault, &detail),
        }
    }
}

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Problems(mistakes) => mistaken(&mistakes),
            SaveError::Engine(error) => error.into(),
        }
    }
}

/// A definition with all that is wrong with it.
pub(crate) fn mistaken(mistakes: &[Mistake]) -> Problem {
    let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
    let detail = match mistakes.len() {
        0 | 1 => first,
        2 => format!("{first} (and 1 more problem, see `problems`)"),
        more => format!("{first} (and {} more problems, see `problems`)", more - 1),
    };
    Problem::new(Kind::InvalidDefinition, detail).with("problems", mistakes)
}
