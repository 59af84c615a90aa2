//! Removing closed runs that are too old or too many. Open ones, and thus paused ones, are never touched, nor is what they may ask for
//! again after a crash: how runs ended that are nested in them, or that functions started on their behalf. All of these have one time in
//! their ids. So an unrelated one of the same millisecond stays along.

use std::time::Duration;

use jiff::Timestamp;

use super::columns::{self, FIRST_CLOSED};
use crate::options::Options;

/// Runs that are looked at, and removed at most, in one transaction.
pub(super) const CHUNK: usize = 500;

/// How long and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    age: Option<Duration>,
    runs: Option<u64>,
    bytes: Option<u64>,
}

/// What a policy asks for at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Excess {
    /// Runs that ended before this go.
    before: Option<i64>,
    /// This many go, whatever their age; those that open runs need count as gone.
    runs: u64,
    /// Whether any go as there are too many bytes.
    bytes: bool,
}

/// A run that is looked at.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(crate) struct Candidate {
    id: i64,
    status: i64,
    created_at: i64,
    finished_at: Option<i64>,
    /// Whether it is closed, and an open run may ask for it.
    needed: bool,
}

/// What becomes of the candidates of one chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Rows that go, from the first to the last of each range.
    pub(super) ranges: Vec<(i64, i64)>,
    /// How many runs those are.
    pub(super) count: u64,
    /// How many would go that open runs need.
    pub(super) spared: u64,
    /// Whether there may be more behind them.
    pub(super) goes_on: bool,
}

/// Bytes of the histories of open runs and of those that they need, for every database, in whose words `$last` is what is behind all ids of
/// the time that `kin.first` is; `$1` is the bits of a piece's number. Project by project, so that the index is entered at the open runs of each, and
/// the closed ones are passed over.
macro_rules! open_bytes {
    ($last:literal) => {
        concat!(
            "WITH RECURSIVE one (project) AS (
                SELECT min(project) FROM run
                UNION ALL
                SELECT (SELECT min(run.project) FROM run WHERE run.project > one.project)
                FROM one WHERE one.project IS NOT NULL),
            kin (first) AS (
                SELECT DISTINCT substr(run.run, 1, 6)
                FROM one
                JOIN run ON run.project = one.project AND run.nested IN (0, 1) AND run.status < 3)
            SELECT coalesce(sum(length(history.frames)), 0)
            FROM kin
            JOIN run ON run.run > kin.first AND run.run < ",
            $last,
            " JOIN history ON history.piece BETWEEN (run.id << $1) AND (((run.id + 1) << $1) - 1)"
        )
    };
}
pub(super) use open_bytes;

impl Policy {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            age: options.retention_age,
            runs: options.retention_runs,
            bytes: options.retention_bytes,
        }
    }

    /// Whether these are too many bytes.
    pub(super) fn is_large(&self, bytes: u64) -> bool {
        self.bytes.is_some_and(|limit| bytes > limit)
    }

    /// What is to go now, of `closed` runs that take `bytes`.
    pub(super) fn excess(&self, now: Timestamp, closed: u64, bytes: u64) -> Excess {
        let micros = |age: Duration| i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        Excess {
            before: self.age.map(|age| columns::time(now).saturating_sub(micros(age))),
            runs: self.runs.map_or(0, |limit| closed.saturating_sub(limit)),
            bytes: self.is_large(bytes),
        }
    }
}

impl Excess {
    /// Decides on candidates, which are the next `count` in the order in which they were accepted, or as many as there are.
    pub(super) fn judge(&self, candidates: &[Candidate], count: usize) -> Verdict {
        let mut verdict = Verdict::default();
        let mut joined = false;
        for candidate in candidates {
            let taken = verdict.count + verdict.spared;
            let goes = self.is_over(candidate) || (candidate.is_closed() && self.is_short(taken));
            verdict.spared += u64::from(goes && candidate.needed);
            let goes = goes && !candidate.needed;
            if goes {
                verdict.count += 1;
                match verdict.ranges.last_mut().filter(|_| joined) {
                    Some(range) => range.1 = candidate.id,
                    None => verdict.ranges.push((candidate.id, candidate.id)),
                }
            }
            joined = goes;
        }
        // Whatever follows was accepted later, and ended later still.
        let old = |last: &Candidate| self.before.is_some_and(|before| last.created_at < before);
        let full = candidates.len() == count;
        let taken = verdict.count + verdict.spared;
        verdict.goes_on = full && (self.is_short(taken) || candidates.last().is_some_and(old));
        verdict
    }

    fn is_over(&self, candidate: &Candidate) -> bool {
        match (self.before, candidate.finished_at) {
            (Some(before), Some(finished_at)) => candidate.is_closed() && finished_at < before,
            _ => false,
        }
    }

    /// Whether more must go than the `gone`, whatever their age.
    fn is_short(&self, gone: u64) -> bool {
        self.bytes || gone < self.runs
    }
}

impl Candidate {
    fn is_closed(&self) -> bool {
        self.status >= FIRST_CLOSED
    }
}

/// The last row that was looked at.
pub(super) fn last(candidates: &[Candidate]) -> Option<i64> {
    candidates.last().map(|candidate| candidate.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chunk as a row's number.
    const LAST: i64 = CHUNK as i64;

    /// An open run, or one that ended at `finished_at`, accepted at `id`.
    fn candidate(id: i64, finished_at: Option<i64>) -> Candidate {
        Candidate {
            id,
            status: if finished_at.is_some() {
                FIRST_CLOSED
            } else {
                FIRST_CLOSED - 1
            },
            created_at: id,
            finished_at,
            needed: false,
        }
    }

    /// One that an open run needs.
    fn needed(id: i64) -> Candidate {
        Candidate {
            needed: true,
            ..candidate(id, Some(id + 1))
        }
    }

    fn check(excess: Excess, candidates: &[Candidate], ranges: &[(i64, i64)], goes_on: bool) {
        let verdict = excess.judge(candidates, CHUNK);
        assert_eq!((&verdict.ranges[..], verdict.goes_on), (ranges, goes_on));
        let count: i64 = ranges.iter().map(|(first, last)| last - first + 1).sum();
        assert_eq!(verdict.count as i64, count);
    }

    fn closed(ids: std::ops::RangeInclusive<i64>) -> Vec<Candidate> {
        ids.map(|id| candidate(id, Some(id + 1))).collect()
    }

    #[test]
    fn what_ended_too_long_ago_goes() {
        let excess = Excess {
            before: Some(5),
            ..Excess::default()
        };
        check(excess, &closed(1..=9), &[(1, 3)], false);
        check(excess, &closed(1..=2), &[(1, 2)], false);
        check(excess, &[], &[], false);
        let late = [
            candidate(1, Some(2)),
            candidate(2, Some(9)),
            candidate(3, Some(4)),
        ];
        check(excess, &late, &[(1, 1), (3, 3)], false);
    }

    #[test]
    fn open_runs_stay_whatever_the_excess() {
        let excess = Excess {
            before: Some(100),
            runs: 10,
            bytes: true,
        };
        let runs = [
            candidate(1, None),
            candidate(2, Some(3)),
            candidate(3, None),
            candidate(4, Some(5)),
        ];
        check(excess, &runs, &[(2, 2), (4, 4)], false);
    }

    #[test]
    fn what_open_runs_need_stays_and_takes_no_others_place() {
        let excess = Excess {
            before: Some(5),
            ..Excess::default()
        };
        let runs = [candidate(1, Some(2)), needed(2), candidate(3, Some(4))];
        check(excess, &runs, &[(1, 1), (3, 3)], false);
        let excess = Excess {
            runs: 3,
            ..Excess::default()
        };
        let runs = [candidate(1, Some(2)), needed(2), needed(3), candidate(4, Some(5))];
        check(excess, &runs, &[(1, 1)], false);
        assert_eq!(excess.judge(&runs, CHUNK).spared, 2);
        let all: Vec<_> = (1..=LAST).map(needed).collect();
        check(excess, &all, &[], false);
    }

    /// The statements name them by their numbers.
    #[test]
    fn three_states_are_open() {
        assert_eq!(FIRST_CLOSED, 3);
    }

    #[test]
    fn as_many_go_as_are_too_many() {
        let excess = Excess {
            runs: 3,
            ..Excess::default()
        };
        check(excess, &closed(1..=9), &[(1, 3)], false);
        let excess = Excess {
            runs: CHUNK as u64 + 1,
            ..Excess::default()
        };
        check(excess, &closed(1..=LAST), &[(1, LAST)], true);
    }

    #[test]
    fn bytes_go_chunk_by_chunk() {
        let excess = Excess {
            bytes: true,
            ..Excess::default()
        };
        check(excess, &closed(1..=LAST), &[(1, LAST)], true);
        check(excess, &closed(1..=LAST - 1), &[(1, LAST - 1)], false);
    }

    #[test]
    fn old_chunks_are_followed_by_more() {
        let excess = Excess {
            before: Some(LAST + 100),
            ..Excess::default()
        };
        check(excess, &closed(1..=LAST), &[(1, LAST)], true);
        let excess = Excess {
            before: Some(LAST),
            ..Excess::default()
        };
        check(excess, &closed(1..=LAST), &[(1, LAST - 2)], false);
    }

    #[test]
    fn policies_tell_what_is_too_much() {
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        let policy = Policy {
            age: Some(Duration::from_secs(3600)),
            runs: Some(10),
            bytes: Some(1000),
        };
        let before = "2026-01-01T23:00:00Z".parse().map(columns::time).ok();
        for (closed, bytes, runs, over) in [(10, 1000, 0, false), (11, 1001, 1, true)] {
            let expected = Excess {
                before,
                runs,
                bytes: over,
            };
            assert_eq!(policy.excess(now, closed, bytes), expected);
        }
        let none = Policy {
            age: None,
            runs: None,
            bytes: None,
        };
        assert_eq!(none.excess(now, u64::MAX, u64::MAX), Excess::default());
    }
}
