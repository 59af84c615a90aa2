//! Cutting the power, on a disk that keeps its word and on disks that leave out one kind of sync.

use std::cell::Cell;
use std::collections::BTreeSet;

use weft_powerloss::{Event, Loss, State};

use crate::ledger::Ledger;
use crate::life::{DATA, killed, quiet, scratch};
use crate::verdict::{Verdict, judge};

/// The syncs without which a promise to those who left the server in peace would be broken.
const NEEDED: &[&str] = &[
    "file data/artifacts/tmp/compile-*",
    "file data/artifacts/tmp/sidecar-*",
    "file data/artifacts/tmp/upload-*",
    "file data/journal.db",
    "file data/journal.db-wal",
    "file data/kv.db",
    "file data/kv.db-wal",
    "file data/records.db",
    "file data/records.db-wal",
    "file data/weft.db",
    "file data/weft.db-wal",
    "names in . after making data",
    "names in data after making artifacts",
    "names in data/artifacts after making tmp",
    "names in data/artifacts/compiled after making v1",
    "names in data/artifacts/compiled/v1 after naming *",
    "names in data/artifacts/compiled/v1 after naming *.b3",
    "names in data/artifacts/compiled/v1 after removing *",
    "names in data/artifacts/compiled/v1 after removing *.b3",
    "names in data/artifacts/wasm after naming *.wasm",
];

/// Those of them that come with runs.
const RUNS: &[&str] = &[
    "file data/journal.db",
    "file data/journal.db-wal",
    "file data/records.db",
    "file data/records.db-wal",
];

/// Those needed because an earlier process was killed before its own.
const NEEDED_AFTER_KILLS: &[&str] = &[
    "names in . after making data (left behind)",
    "names in data/artifacts after making tmp (left behind)",
    "names in data/artifacts/compiled after making v1 (left behind)",
    "names in data/artifacts/compiled/v1 after removing *.b3 (left behind)",
];

/// What SQLite syncs while it creates a database, when nothing is promised yet; the data directory is synced after.
const CREATION: &[&str] = &[
    "file data/journal.db-journal",
    "file data/kv.db-journal",
    "file data/records.db-journal",
    "file data/weft.db-journal",
    "names in data after naming journal.db-journal",
    "names in data after naming journal.db-shm",
    "names in data after naming kv.db-journal",
    "names in data after naming kv.db-shm",
    "names in data after naming records.db-journal",
    "names in data after naming records.db-shm",
    "names in data after naming weft.db-journal",
    "names in data after naming weft.db-shm",
];

/// Tries that each moment gets on a disk that leaves out syncs: some losses show in one outcome of four at one moment, and must
/// not be missed by chance.
const TRIES: u64 = 48;

/// How many moments are tried after a sync that was left out.
const MOMENTS: usize = 12;

/// What is found after a cut of power now.
async fn cut(state: &State<'_>, ledger: &Ledger, loss: Loss) -> Verdict {
    let directory = scratch();
    state.build(directory.path(), loss).unwrap();
    judge(&directory.path().join(DATA), ledger).await
}

/// The moments worth a cut: before and after each sync, and after each acknowledgement.
fn telling(event: &Event, next: Option<&Event>) -> bool {
    let sync = |event: &Event| matches!(event, Event::Sync { .. });
    sync(event) || next.is_some_and(sync) || matches!(event, Event::Mark { text } if text.starts_with(b"ack"))
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    assert_nothing_lost(&quiet()).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_a_server_that_was_killed() {
    assert_nothing_lost(&killed()).await;
}

async fn assert_nothing_lost(events: &[Event]) {
    let (mut state, mut ledger) = (State::default(), Ledger::default());
    let mut cuts: usize = 0;
    for (index, event) in events.iter().enumerate() {
        state.apply(event);
        ledger.read(event);
        if !telling(event, events.get(index + 1)) {
            continue;
        }
        let usual = [Loss::Nothing, Loss::Everything, Loss::Data, Loss::Names];
        let loss = if cuts.is_multiple_of(2) {
            Loss::Some(index as u64)
        } else {
            usual[cuts / 2 % usual.len()]
        };
        cuts += 1;
        if let Err(wrong) = cut(&state, &ledger, loss).await {
            panic!(
                "after event {index} of {}, `{event}`, losing {loss:?}: {wrong}",
                events.len()
            );
        }
    }
    println!("{cuts} cuts of power in {} events", events.len());
}

#[tokio::test]
async fn every_sync_is_needed() {
    let events = quiet();
    assert_needed(&events, NEEDED).await;

    let known: BTreeSet<String> = NEEDED
        .iter()
        .chain(CREATION)
        .map(|kind| (*kind).to_owned())
        .collect();
    let unknown: Vec<_> = kinds(&events)
        .into_iter()
        .filter(|kind| !known.contains(kind))
        .collect();
    assert!(
        unknown.iter().all(|kind| kind.ends_with("unchanged")),
        "a new sync needs its place here: {unknown:#?}"
    );
}

#[tokio::test]
async fn every_sync_of_what_is_left_behind_is_needed() {
    assert_needed(&killed(), NEEDED_AFTER_KILLS).await;
}

/// The syncs of the runs' databases, when those have long been made.
#[tokio::test]
async fn every_sync_of_runs_is_needed() {
    let events = quiet();
    let first =
        |event: &Event| matches!(event, Event::Mark { text } if text.starts_with(b"acknowledged run/"));
    let start = events.iter().position(first).unwrap();
    for kind in RUNS {
        let wrong = first_loss_from(&events, start, kind).await;
        println!(
            "without `{kind}` from event {start} on: {}",
            wrong.as_deref().unwrap_or("nothing")
        );
        assert!(wrong.is_some(), "nothing is lost without `{kind}`");
    }
}

async fn assert_needed(events: &[Event], kinds_needed: &[&str]) {
    let mut unneeded = Vec::new();
    for kind in kinds_needed {
        match first_loss(events, kind).await {
            Some(wrong) => println!("without `{kind}`: {wrong}"),
            None => unneeded.push(kind),
        }
    }
    assert!(
        unneeded.is_empty(),
        "nothing is lost without {unneeded:#?}; there are {:#?}",
        kinds(events)
    );
}

/// What is lost on a disk that leaves out one kind of sync.
async fn first_loss(events: &[Event], kind: &str) -> Option<String> {
    first_loss_from(events, 0, kind).await
}

/// What is lost on a disk that leaves out one kind of sync from event `start` on.
async fn first_loss_from(events: &[Event], start: usize, kind: &str) -> Option<String> {
    let now = Cell::new(0);
    let ignored = |other: &str| other == kind && now.get() >= start;
    let (mut state, mut ledger) = (State::ignoring(&ignored), Ledger::default());
    let mut moments = 0;
    for (index, event) in events.iter().enumerate() {
        now.set(index);
        if index >= start && matches!(event, Event::Sync { path } if state.kind(path) == kind) {
            moments = MOMENTS;
        }
        state.apply(event);
        ledger.read(event);
        if moments == 0 || !telling(event, events.get(index + 1)) || !ledger.promises() {
            continue;
        }
        moments -= 1;
        let chances = (0..TRIES).map(|attempt| Loss::Some(index as u64 * TRIES + attempt));
        for loss in [Loss::Everything, Loss::Names].into_iter().chain(chances) {
            if let Err(wrong) = cut(&state, &ledger, loss).await {
                return Some(format!("after event {index}, losing {loss:?}: {wrong}"));
            }
        }
    }
    None
}

/// Every kind of sync there was.
fn kinds(events: &[Event]) -> BTreeSet<String> {
    let mut state = State::default();
    let mut kinds = BTreeSet::new();
    for event in events {
        if let Event::Sync { path } = event {
            kinds.insert(state.kind(path));
        }
        state.apply(event);
    }
    kinds
}
