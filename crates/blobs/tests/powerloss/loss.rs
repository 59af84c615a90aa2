//! Cutting the power, on a disk that keeps its word and on disks that leave out one kind of sync.

use std::collections::BTreeSet;

use weft_powerloss::{Event, Loss, State};

use crate::ledger::Ledger;
use crate::life::{DATA, killed, quiet, scratch};
use crate::verdict::{Verdict, judge};

/// The syncs without which a promise to those who left the server in peace would be broken.
const NEEDED: &[&str] = &[
    "file blobs/tmp/blob-*",
    "file blobs/tmp/owner-*",
    "names in . after making blobs",
    "names in blobs after making tmp",
    "names in blobs/data after making ff",
    "names in blobs/data/xx after naming *.a",
    "names in blobs/data/xx after naming *.b",
    "names in blobs/data/xx after naming *.c",
];

/// Those needed because an earlier process was killed before its own.
const NEEDED_AFTER_KILLS: &[&str] = &[
    "names in . after making blobs (left behind)",
    "names in blobs after making tmp (left behind)",
    "names in blobs/data after making ff (left behind)",
    "names in blobs/data/xx after naming *.a (left behind)",
];

/// Tries that each moment gets on a disk that leaves out syncs: some losses show in one outcome of four at one moment, and must
/// not be missed by chance.
const TRIES: u64 = 24;

/// How many moments are tried after a sync that was left out.
const MOMENTS: usize = 16;

/// What a sync is for, whichever of the many directories it is in.
fn kind(state: &State<'_>, path: &[u8]) -> String {
    generalised(&state.kind(path))
}

fn generalised(kind: &str) -> String {
    const BEFORE: &str = "blobs/data/";
    match kind.split_once(BEFORE) {
        Some((start, end)) => format!("{start}{BEFORE}xx{}", &end[2..]),
        None => kind.to_owned(),
    }
}

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
    let mut cuts = 0;
    for (index, event) in events.iter().enumerate() {
        state.apply(event);
        ledger.read(event);
        if !telling(event, events.get(index + 1)) {
            continue;
        }
        let usual = [Loss::Nothing, Loss::Everything, Loss::Data, Loss::Names];
        for loss in usual.into_iter().chain([Loss::Some(index as u64)]) {
            cuts += 1;
            if let Err(wrong) = cut(&state, &ledger, loss).await {
                panic!(
                    "after event {index} of {}, `{event}`, losing {loss:?}: {wrong}",
                    events.len()
                );
            }
        }
    }
    println!("{cuts} cuts of power in {} events", events.len());
}

#[tokio::test]
async fn every_sync_is_needed() {
    let events = quiet();
    assert_needed(&events, NEEDED).await;

    let unknown: Vec<_> = kinds(&events)
        .into_iter()
        .filter(|kind| !NEEDED.contains(&kind.as_str()) && !kind.ends_with("unchanged"))
        .collect();
    assert!(
        unknown.is_empty(),
        "a new sync needs its place here: {unknown:#?}"
    );
}

#[tokio::test]
async fn every_sync_of_what_is_left_behind_is_needed() {
    assert_needed(&killed(), NEEDED_AFTER_KILLS).await;
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
async fn first_loss(events: &[Event], needed: &str) -> Option<String> {
    let ignored = |other: &str| generalised(other) == needed;
    let (mut state, mut ledger) = (State::ignoring(&ignored), Ledger::default());
    let mut moments = 0;
    for (index, event) in events.iter().enumerate() {
        if matches!(event, Event::Sync { path } if kind(&state, path) == needed) {
            moments = MOMENTS;
        }
        state.apply(event);
        ledger.read(event);
        if moments == 0 || !telling(event, events.get(index + 1)) {
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
            kinds.insert(kind(&state, path));
        }
        state.apply(event);
    }
    kinds
}
