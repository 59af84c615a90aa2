//! What of a record is filtered and sorted by, as it lies in the columns.

use jiff::Timestamp;
use weft_types::{RunId, RunStatus};
use weft_workflow::event::Trigger;
use weft_workflow::record::RunRecord;

/// All states there are.
pub(super) const STATUSES: [RunStatus; 7] = [
    RunStatus::Waiting,
    RunStatus::Running,
    RunStatus::Paused,
    RunStatus::Succeeded,
    RunStatus::Failed,
    RunStatus::Cancelled,
    RunStatus::TimedOut,
];

/// The first state that is closed; all later ones are.
pub(super) const FIRST_CLOSED: i64 = RunStatus::Succeeded as i64;

/// A run's number.
pub(super) fn run(run: RunId) -> Vec<u8> {
    run.0.as_bytes().to_vec()
}

pub(super) fn status(status: RunStatus) -> i64 {
    status as i64
}

/// The run that it is nested in.
pub(super) fn parent(record: &RunRecord) -> Option<RunId> {
    match &record.trigger {
        Trigger::Parent { run, .. } => Some(*run),
        Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => None,
    }
}

/// Cut to microseconds.
pub(super) fn time(time: Timestamp) -> i64 {
    time.as_nanosecond().div_euclid(1000) as i64
}

/// The first of those times that is not before `time`.
pub(super) fn time_up(time: Timestamp) -> i64 {
    (time.as_nanosecond() + 999).div_euclid(1000) as i64
}

/// What no run accepted at or after this millisecond is less than.
pub(super) fn first_run(millisecond: i64) -> Vec<u8> {
    // 48 bits last until the year 10889.
    millisecond.max(0).to_be_bytes()[2..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_states_are_the_last() {
        for state in STATUSES {
            assert_eq!(state.is_closed(), status(state) >= FIRST_CLOSED, "{state:?}");
        }
    }
}
