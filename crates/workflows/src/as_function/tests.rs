#![allow(clippy::unwrap_used)]

use weft_types::RunId;
use weft_workflow::event::{Counts, Usage};

use super::*;

fn outcome(status: RunStatus) -> Outcome {
    Outcome {
        run: RunId::at(Default::default(), [0; 10]),
        version: VersionNumber(1),
        status,
        result: None,
        failure: None,
        counts: Counts::default(),
        usage: Usage::default(),
        created_at: Default::default(),
        started_at: None,
        finished_at: Default::default(),
    }
}

#[test]
fn what_took_too_long_is_told_with_its_limit() {
    let limit = Duration::from_secs(5);
    let failure = ended(&outcome(RunStatus::TimedOut), limit);
    assert!(
        matches!(failure, Failure::TimedOut(told) if told == limit),
        "{failure:?}"
    );
}

#[test]
fn workflows_are_called_only_so_deep() {
    check_depth(16, 16).unwrap();
    let refused = check_depth(17, 16).unwrap_err();
    assert!(
        matches!(&refused, Failure::CallLimit(why) if why.contains("at most 16 deep")),
        "{refused:?}"
    );
}
