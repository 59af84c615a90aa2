//! Behaviours of trimming: what the journal lets go of.

use std::time::Duration;

use weft_store::Options;
use weft_types::RunStatus;
use weft_workflow_engine::port::journal::{Position, Urgency};

use crate::journal::{append, commit};
use crate::records::newest;
use crate::runs::{Run, id};
use crate::{Accident, Backend, small};

/// Removes at once what is to go.
pub(crate) fn at_once() -> Options {
    Options {
        retention_interval: Duration::ZERO,
        ..small()
    }
}

/// Appends what happened in runs, and waits until the records have it.
pub(crate) async fn run_all(backend: &impl Backend, runs: impl Iterator<Item = Run>) -> Position {
    let mut position = Position(0);
    for (index, mut run) in runs.enumerate() {
        position = append(&*backend.journal(), &mut run, Urgency::Lazy);
        if index % 20 == 19 {
            backend.records().settled(position).await;
        }
    }
    backend.records().settled(position).await;
    position
}

/// Comes back when the condition holds, which it will by itself.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{what} does not happen");
}

pub(crate) fn short(number: u64) -> Run {
    Run::started(number).node(0, 1000).ended(RunStatus::Succeeded)
}

pub(crate) async fn the_journal_stays_small_whatever_is_open(backend: impl Backend) {
    let gauges = |backend: &_| Backend::store(backend).journal().gauges();
    backend.journal().recover().await.unwrap();
    let mut long = Run::started(0);
    commit(&*backend.journal(), &mut long).await;
    run_all(&backend, (1..400).map(short)).await;
    eventually("trimming", async || {
        let gauges = gauges(&backend);
        gauges.trimmed > 2 && gauges.trimmed * 2 > gauges.last_row
    })
    .await;
    assert_eq!(gauges(&backend).open_runs, 1);
    assert_eq!(
        backend.rows("open_run").await,
        1,
        "what the open run needs is kept"
    );

    let backend = backend.reopen().await;
    backend.journal().recover().await.unwrap();
    long = long.ended(RunStatus::Succeeded);
    commit(&*backend.journal(), &mut long).await;
    let last = gauges(&backend).last_row;
    run_all(&backend, (400..800).map(short)).await;
    eventually("trimming", async || gauges(&backend).trimmed >= last).await;
    assert_eq!(
        backend.rows("open_run").await,
        0,
        "what a closed run needed is gone"
    );
    assert!(backend.rows("journal").await < 300);
}

pub(crate) async fn numbers_go_on_where_the_journal_is_empty(backend: impl Backend) {
    backend.journal().recover().await.unwrap();
    run_all(&backend, (0..400).map(short)).await;
    let last = backend.store().journal().gauges().last_row;
    // As where a backup of the records is newer than one of the journal.
    let backend = backend.reopen_after(Accident::JournalLost).await;
    backend.journal().recover().await.unwrap();
    run_all(&backend, std::iter::once(short(500))).await;
    assert!(backend.store().journal().gauges().last_row > last);
    assert_eq!(newest(&backend).await, Some(id(500)));
}
