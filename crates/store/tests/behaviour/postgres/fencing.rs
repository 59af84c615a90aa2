//! Two servers on one schema: only the later one writes.

use std::time::Duration;

use weft_store::{DatabaseError, OpenError, Options, PostgresOptions, Store};
use weft_types::RunStatus;
use weft_workflow_engine::port::journal::{JournalError, Position, Urgency};

use super::{Shared, connect};
use crate::Backend;
use crate::journal::{append, commit};
use crate::retention::listed;
use crate::runs::Run;
use crate::samples::project;
use crate::small;
use crate::trimming::{at_once, eventually, run_all, short};

/// Ends the session of one role in a schema: `claim`, `journal` or `records`.
pub(super) async fn end_session(postgres: &PostgresOptions, role: &str) {
    const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    let ended: Vec<bool> = sqlx::query_scalar(END)
        .bind(format!("{} {role}", postgres.schema))
        .fetch_all(&mut connect(postgres).await)
        .await
        .unwrap();
    assert_eq!(ended, [true], "{role}");
}

/// A server that does not know yet that another one has taken its schema, and that one.
async fn superseded() -> (Shared, Shared) {
    let stale = Shared::fresh().await;
    stale.journal().recover().await.unwrap();
    end_session(&stale.postgres, "claim").await;
    let directory = tempfile::tempdir().unwrap();
    let later = Shared::open(directory, stale.postgres.clone(), small()).await;
    (stale, later)
}

#[tokio::test]
async fn a_schema_that_is_in_use_is_refused() {
    let first = Shared::fresh().await;
    let postgres = PostgresOptions {
        patience: Duration::from_millis(50),
        ..first.postgres.clone()
    };
    let directory = tempfile::tempdir().unwrap();
    let refusal = Store::open_with_postgres(directory.path(), &postgres, Options::default())
        .await
        .unwrap_err();
    let told = refusal.to_string();
    assert!(
        matches!(refusal, OpenError::Database(DatabaseError::InUse { .. })),
        "{told}"
    );
    assert!(
        told.contains(&postgres.schema) && told.contains("PostgreSQL process"),
        "{told}"
    );

    // Nothing happened to the one that has it.
    let position = commit(&*first.journal(), &mut Run::started(1)).await;
    assert!(first.records().settled(position).await);
    first.store.close().await;
    Store::open_with_postgres(directory.path(), &postgres, Options::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_superseded_server_writes_nothing() {
    let (stale, later) = superseded().await;
    later.journal().recover().await.unwrap();
    let mut run = Run::started(1);
    commit(&*later.journal(), &mut run).await;
    let rows = later.rows("journal").await;

    let journal = stale.journal();
    let position = append(&*journal, &mut Run::started(2), Urgency::Prompt);
    let refusal = journal.commit(position).await.unwrap_err();
    let told = refusal.to_string();
    assert!(told.contains("opened by another server"), "{told}");
    let again = journal.append(Run::started(3).entry(), Urgency::Prompt);
    assert!(matches!(again, Err(JournalError::Broken(_))), "{again:?}");
    assert_eq!(later.rows("journal").await, rows);

    // The later one goes on.
    run = run.ended(RunStatus::Succeeded);
    let position = commit(&*later.journal(), &mut run).await;
    assert!(later.records().settled(position).await);
    let found = later.records().run(&project("default"), run.id).await.unwrap();
    assert_eq!(found, Some(run.record()));
}

#[tokio::test]
async fn what_was_acknowledged_before_a_takeover_is_there_after_it() {
    let stale = Shared::fresh().await;
    let journal = stale.journal();
    journal.recover().await.unwrap();
    let writing = tokio::spawn({
        let journal = journal.clone();
        async move {
            let (mut run, mut acknowledged) = (Run::started(1), 0);
            for node in 0.. {
                let position = journal.append(run.entry(), Urgency::Prompt);
                let Ok(position) = position else { break };
                if journal.commit(position).await.is_err() {
                    break;
                }
                acknowledged = run.frames().len();
                run = run.node(node, 100);
            }
            (run, acknowledged)
        }
    });
    eventually("writing", async || journal.committed().0 > 50).await;
    end_session(&stale.postgres, "claim").await;
    let directory = tempfile::tempdir().unwrap();
    let later = Shared::open(directory, stale.postgres.clone(), small()).await;
    let found = later.journal().recover().await.unwrap().runs;
    let (run, acknowledged) = writing.await.unwrap();
    let [(id, frames)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(*id, run.id);
    assert!(run.frames().starts_with(frames));
    assert!(frames.len() >= acknowledged, "{} < {acknowledged}", frames.len());
    let again = later.journal().recover().await.unwrap().runs;
    assert_eq!(again, found, "nothing came after the takeover");
}

#[tokio::test]
async fn a_superseded_projector_takes_nothing_from_the_later_one() {
    let (stale, later) = superseded().await;
    later.journal().recover().await.unwrap();
    // Of a run that is not journalled the stale server has not heard that it was superseded.
    let express = Run::started(7).ended(RunStatus::Succeeded);
    stale.records().keep(express.express());
    let mut run = Run::started(1);
    let position = commit(&*later.journal(), &mut run).await;
    assert!(later.records().settled(position).await);
    stale.store.close().await;
    let (records, default) = (later.records(), project("default"));
    assert_eq!(records.run(&default, express.id).await, Ok(None));
    assert_eq!(records.run(&default, run.id).await, Ok(Some(run.record())));
}

#[tokio::test]
async fn a_superseded_server_finds_that_out_by_itself() {
    let (stale, _later) = superseded().await;
    let journal = stale.journal();
    // Nothing is there to be written.
    let found_out = tokio::time::timeout(Duration::from_secs(30), journal.commit(Position(1))).await;
    let told = found_out.unwrap().unwrap_err().to_string();
    assert!(told.contains("opened by another server"), "{told}");
}

#[tokio::test]
async fn a_superseded_projector_removes_nothing() {
    let stale = Shared::fresh().await;
    let (records, default) = (stale.records(), project("default"));
    let mut run = Run::started(1).ended(RunStatus::Succeeded);
    let position = commit(&*stale.journal(), &mut run).await;
    assert!(records.settled(position).await);
    let removing = {
        // Another one opens the records while this one is removing.
        let mut opening = connect(&stale.postgres).await;
        let mut opening = sqlx::Connection::begin(&mut opening).await.unwrap();
        let count = "UPDATE applied SET epoch = epoch + 1";
        sqlx::query(count).execute(&mut *opening).await.unwrap();
        let removing = tokio::spawn({
            let (records, default, run) = (records.clone(), default.clone(), run.id);
            async move { records.delete(&default, run).await }
        });
        eventually("removing", async || waits(&stale.postgres, "records").await).await;
        opening.commit().await.unwrap();
        removing
    };
    let told = removing.await.unwrap().unwrap_err().to_string();
    assert!(told.contains("opened by another server"), "{told}");
    assert_eq!(records.run(&default, run.id).await, Ok(Some(run.record())));
    eventually("finding out", async || records.ended().is_some()).await;
}

/// Whether the session of a role waits for another one.
async fn waits(postgres: &PostgresOptions, role: &str) -> bool {
    const WAITS: &str = "SELECT wait_event_type IS NOT DISTINCT FROM 'Lock' FROM pg_stat_activity WHERE application_name = $1";
    sqlx::query_scalar(WAITS)
        .bind(format!("{} {role}", postgres.schema))
        .fetch_one(&mut connect(postgres).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn nor_does_what_it_keeps_the_records_for() {
    // What happens in these tests is long ago: all that ended is to go.
    let stale = Shared::fresh().await;
    let options = Options {
        retention_age: Some(Duration::from_secs(1)),
        ..at_once()
    };
    let stale = stale.reopen_with(options).await;
    stale.journal().recover().await.unwrap();
    end_session(&stale.postgres, "claim").await;
    let directory = tempfile::tempdir().unwrap();
    let later = Shared::open(directory, stale.postgres.clone(), small()).await;
    run_all(&later, (0..10).map(short)).await;
    let records = stale.records();
    eventually("finding out", async || records.ended().is_some()).await;
    assert_eq!(listed(&later).await.len(), 10);
}
