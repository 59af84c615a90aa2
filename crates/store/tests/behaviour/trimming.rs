//! What the embedded journal and records let go of.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use weft_store::{Options, Store};
use weft_types::RunStatus;
use weft_workflow_engine::port::journal::{Journal, Position, Urgency};
use weft_workflow_engine::port::records::{Records, RunFilter};

use crate::journal::{append, commit};
use crate::runs::{Run, id, time};
use crate::samples::project;

/// Checkpoints and trims often, and removes at once what is to go.
fn options() -> Options {
    Options {
        checkpoint_bytes: 64 << 10,
        journal_trim_bytes: 16 << 10,
        retention_age: None,
        retention_interval: Duration::ZERO,
        ..Options::default()
    }
}

async fn open(directory: &Path, options: Options) -> Store {
    let store = Store::open(directory, options).await.unwrap();
    store.journal().recover().await.unwrap();
    store
}

async fn run_all(store: &Store, runs: impl Iterator<Item = Run>) -> Position {
    let mut position = Position(0);
    for (index, mut run) in runs.enumerate() {
        position = append(&*store.journal(), &mut run, Urgency::Lazy);
        if index % 20 == 19 {
            store.records().settled(position).await;
        }
    }
    store.records().settled(position).await;
    position
}

/// Comes back when the condition holds, which it will by itself.
async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{what} does not happen");
}

fn short(number: u64) -> Run {
    Run::started(number).node(0, 1000).ended(RunStatus::Succeeded)
}

async fn listed(store: &Store) -> Vec<u64> {
    let filter = RunFilter::default();
    let page = store
        .records()
        .list(&project("default"), &filter, None, 1000)
        .await
        .unwrap();
    let numbers = 0..1000;
    let number = |run| numbers.clone().find(|&number| id(number) == run).unwrap();
    page.iter().map(|record| number(record.run)).collect()
}

#[tokio::test]
async fn the_journal_stays_small_whatever_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), options()).await;
    let mut long = Run::started(0);
    commit(&*store.journal(), &mut long).await;
    run_all(&store, (1..400).map(short)).await;
    eventually("trimming", async || {
        let gauges = store.journal().gauges();
        gauges.trimmed > 2 && gauges.trimmed * 2 > gauges.last_row
    })
    .await;
    assert_eq!(store.journal().gauges().open_runs, 1);
    store.close().await;

    let store = open(directory.path(), options()).await;
    long = long.ended(RunStatus::Succeeded);
    commit(&*store.journal(), &mut long).await;
    let last = store.journal().gauges().last_row;
    run_all(&store, (400..800).map(short)).await;
    eventually("trimming", async || store.journal().gauges().trimmed >= last).await;
    store.close().await;
    assert_eq!(
        rows(directory.path(), "open_run").await,
        0,
        "what a closed run needed is gone"
    );
    assert!(rows(directory.path(), "journal").await < 300);
}

async fn rows(directory: &Path, table: &'static str) -> i64 {
    use sqlx::Connection;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(directory.join("journal.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    count
}

#[tokio::test]
async fn numbers_go_on_where_the_journal_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), options()).await;
    run_all(&store, (0..400).map(short)).await;
    let last = store.journal().gauges().last_row;
    store.close().await;
    // As where a backup of the records is newer than one of the journal.
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(directory.path().join(format!("journal.db{suffix}")));
    }
    let store = open(directory.path(), options()).await;
    run_all(&store, std::iter::once(short(500))).await;
    assert!(store.journal().gauges().last_row > last);
    assert_eq!(listed(&store).await[0], 500);
}

#[tokio::test]
async fn too_many_closed_runs_make_room_oldest_first() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        retention_runs: Some(5),
        ..options()
    };
    let store = open(directory.path(), options).await;
    let runs = (0..40).map(|number| match number {
        3 => Run::started(number),
        4 => Run::started(number).paused(),
        _ => short(number),
    });
    run_all(&store, runs).await;
    let kept = [39, 38, 37, 36, 35, 4, 3];
    eventually("removing", async || listed(&store).await == kept).await;
    let history = store.records().history(id(30), None, 100).await.unwrap();
    assert!(history.is_empty());
}

#[tokio::test]
async fn what_ended_too_long_ago_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    // The runs say when they ended: in between two of them.
    let age = Timestamp::now().duration_since(time(10)) - SignedDuration::from_millis(500);
    let options = Options {
        retention_age: Some(age.unsigned_abs()),
        ..options()
    };
    let store = open(directory.path(), options).await;
    let runs = (0..20).map(|number| {
        if number == 3 {
            Run::started(number)
        } else {
            short(number)
        }
    });
    run_all(&store, runs).await;
    let kept: Vec<_> = (10..20).rev().chain([3]).collect();
    // A slow test may see one more become old.
    eventually("removing", async || {
        let found = listed(&store).await;
        found.len() <= kept.len() && found.last() == Some(&3)
    })
    .await;
}

#[tokio::test]
async fn records_keep_to_their_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        retention_bytes: Some(512 << 10),
        ..options()
    };
    let store = open(directory.path(), options).await;
    let large = |number| Run::started(number).node(0, 30_000).ended(RunStatus::Succeeded);
    run_all(&store, (0..60).map(large)).await;
    eventually("removing", async || listed(&store).await.len() < 20).await;
}

#[tokio::test]
async fn outlines_are_put_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), options()).await;
    let (plan, other) = (weft_types::Digest::of(b"plan"), weft_types::Digest::of(b"other"));
    let records = store.records();
    for json in ["{\"nodes\":[]}", "{}"] {
        records.put_outline(plan, json.to_owned()).await.unwrap();
    }
    drop((records, store));
    let store = open(directory.path(), options()).await;
    let found = store.records().outline(plan).await.unwrap();
    assert_eq!(found.as_deref(), Some("{\"nodes\":[]}"));
    assert_eq!(store.records().outline(other).await.unwrap(), None);
}
