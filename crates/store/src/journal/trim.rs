//! Removing rows that nobody needs.
//!
//! A row may go once the records have it on the disk. What it holds of runs that are still open is copied forward into a table
//! of its own, entry by entry and only once, as are callers' keys that have not expired; so neither a run that sleeps for a
//! year nor one of a hundred thousand nodes holds on to the rows of others. A trim needs no sync: where a cut of power takes
//! it back, it is done again, and the commit behind it syncs it along.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use weft_types::RunId;
use weft_workflow_engine::port::journal::{Entry, Key};

use super::read::Row;
use super::row;

/// A plan for the writer, and where it tells how long that took; nothing where it was not carried out.
#[derive(Debug)]
pub(super) struct Trim {
    pub(super) plan: Plan,
    pub(super) done: oneshot::Sender<Option<Duration>>,
}

/// What becomes of rows.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The last row that goes; all before it went or go, too.
    pub(super) up_to: u64,
    /// What is kept of open runs.
    pub(super) kept: Vec<Piece>,
    /// Runs of which pieces were kept, and which have closed.
    pub(super) closed: Vec<RunId>,
    /// Keys that have not expired.
    pub(super) keys: Vec<Key>,
    /// The bytes that go.
    pub(super) bytes: usize,
}

/// What one row held of one open run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(super) run: RunId,
    pub(super) lsn: u64,
    pub(super) count: usize,
    pub(super) data: Vec<u8>,
}

/// Expired keys that are removed at a time.
pub(super) const EXPIRED: i64 = 500;

/// Decides what becomes of rows: `open` are the open runs among theirs, `kept` all runs of which pieces were kept before.
pub(super) fn plan(rows: &[Row], open: &HashSet<RunId>, kept: &HashSet<RunId>, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut named = HashMap::new();
    for row in rows {
        plan.up_to = row.lsn;
        plan.bytes += row.bytes;
        plan.kept.extend(pieces(row, open));
        let keys = row.entries.iter().filter_map(|entry| entry.key.as_ref());
        // A later key takes the place of an earlier one.
        named.extend(
            keys.filter(|key| key.expires_at > now)
                .map(|key| ((&key.project, &key.workflow, &key.key), key)),
        );
        let closing = row.entries.iter().filter(|entry| entry.closes);
        plan.closed
            .extend(closing.map(|entry| entry.run).filter(|run| kept.contains(run)));
    }
    plan.keys = named.into_values().cloned().collect();
    plan
}

fn pieces(row: &Row, open: &HashSet<RunId>) -> Vec<Piece> {
    let mut by_run: HashMap<RunId, Vec<&Entry>> = HashMap::new();
    for entry in row.entries.iter().filter(|entry| open.contains(&entry.run)) {
        by_run.entry(entry.run).or_default().push(entry);
    }
    by_run
        .into_iter()
        .map(|(run, entries)| Piece {
            run,
            lsn: row.lsn,
            count: entries.len(),
            data: row::encode(row.lsn, entries.into_iter()),
        })
        .collect()
}

/// The time as it lies in the table. Beyond 2262 all are one.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(if time.as_nanosecond() < 0 {
        i64::MIN
    } else {
        i64::MAX
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use uuid::Uuid;
    use weft_types::Digest;

    use super::*;

    fn run(number: u128) -> RunId {
        RunId(Uuid::from_u128(number))
    }

    fn entry(number: u128, closes: bool) -> Entry {
        Entry {
            run: run(number),
            frames: Bytes::from_static(b"frames"),
            count: 1,
            closes,
            key: None,
        }
    }

    fn keyed(number: u128, expires_at: Timestamp) -> Entry {
        Entry {
            key: Some(Key {
                project: "default".parse().unwrap(),
                workflow: "order".parse().unwrap(),
                key: number.to_string(),
                request: Digest::of(b"request"),
                run: run(number),
                expires_at,
            }),
            ..entry(number, false)
        }
    }

    fn rows(rows: Vec<Vec<Entry>>) -> Vec<Row> {
        let row = |(index, entries)| Row {
            lsn: index as u64 + 5,
            entries,
            bytes: 10,
        };
        rows.into_iter().enumerate().map(row).collect()
    }

    fn set(numbers: &[u128]) -> HashSet<RunId> {
        numbers.iter().map(|&number| run(number)).collect()
    }

    #[test]
    fn only_what_open_runs_need_is_kept() {
        let rows = rows(vec![
            vec![entry(1, false), entry(2, false), entry(1, false)],
            vec![entry(2, true), entry(3, false)],
        ]);
        let plan = plan(&rows, &set(&[1]), &HashSet::new(), Timestamp::now());
        assert_eq!((plan.up_to, plan.bytes), (6, 20));
        let [piece] = &plan.kept[..] else {
            panic!("{plan:?}")
        };
        assert_eq!((piece.run, piece.lsn, piece.count), (run(1), 5, 2));
        assert_eq!(row::decode(5, 2, piece.data.clone().into()).unwrap().len(), 2);
        assert!(plan.closed.is_empty() && plan.keys.is_empty());
    }

    #[test]
    fn pieces_go_with_the_row_that_closes_their_run() {
        let rows = rows(vec![vec![entry(1, true), entry(2, true), entry(3, false)]]);
        let plan = plan(&rows, &set(&[3]), &set(&[1, 3, 9]), Timestamp::now());
        assert_eq!(plan.closed, [run(1)]);
        assert_eq!(plan.kept.len(), 1);
    }

    #[test]
    fn keys_are_kept_until_they_expire() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let rows = rows(vec![vec![
            keyed(1, now),
            keyed(2, now + jiff::Span::new().seconds(1)),
        ]]);
        let plan = plan(&rows, &HashSet::new(), &HashSet::new(), now);
        let kept: Vec<_> = plan.keys.iter().map(|key| key.key.as_str()).collect();
        assert_eq!(kept, ["2"]);
    }

    #[test]
    fn a_later_key_takes_the_place_of_an_earlier_one() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let until = |seconds| now + jiff::Span::new().seconds(seconds);
        let named = |number, until| {
            let mut entry = keyed(number, until);
            entry.key.as_mut().unwrap().key = "same".to_owned();
            entry
        };
        let rows = rows(vec![
            vec![named(1, until(3)), named(2, until(2))],
            vec![named(3, until(1)), named(4, now)],
        ]);
        let plan = plan(&rows, &HashSet::new(), &HashSet::new(), now);
        let [key] = &plan.keys[..] else { panic!("{plan:?}") };
        assert_eq!((key.run, key.expires_at), (run(3), until(1)));
    }
}
