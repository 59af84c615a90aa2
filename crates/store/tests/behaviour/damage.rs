//! Rows that are not as they were written.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use weft_store::{DatabaseError, OpenError, Options, Store};
use weft_types::RunStatus;
use weft_workflow_engine::port::journal::{Journal, JournalError};
use weft_workflow_engine::port::records::{Records, RecordsError, RunFilter};

use crate::journal::commit;
use crate::runs::{Run, id};
use crate::samples::project;

/// A closed store with an open and a closed run.
async fn filled(directory: &Path) {
    let store = Store::open(directory, Options::default()).await.unwrap();
    let journal = store.journal();
    journal.recover().await.unwrap();
    for mut run in [Run::started(1), Run::started(2).ended(RunStatus::Succeeded)] {
        let position = commit(&*journal, &mut run).await;
        store.records().settled(position).await;
    }
    store.close().await;
}

/// Changes a byte in the middle of each blob.
async fn damage(path: &Path, table: &str, column: &str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let read = format!("SELECT rowid, {column} FROM {table}");
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(read))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(!rows.is_empty());
    for (row, mut blob) in rows {
        let middle = blob.len() / 2;
        blob[middle] ^= 1;
        sqlx::query(AssertSqlSafe(format!(
            "UPDATE {table} SET {column} = $1 WHERE rowid = $2"
        )))
        .bind(blob)
        .bind(row)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_damaged_journal_says_which_row() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    damage(&directory.path().join("journal.db"), "journal", "data").await;
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let refusal = store.journal().recover().await.unwrap_err();
    let JournalError::Damaged(told) = &refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(
        told,
        "row 1 of table `journal` cannot be read: its bytes do not match their checksum"
    );
}

#[tokio::test]
async fn a_journal_without_a_runs_beginning_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let journal = store.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    run.entry();
    let mut run = run.node(0, 10);
    commit(&*journal, &mut run).await;
    let refusal = journal.recover().await.unwrap_err();
    assert!(
        matches!(&refusal, JournalError::Damaged(told) if told.contains(&id(1).to_string())),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn damaged_records_are_told_from_missing_ones() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join("records.db");
    damage(&path, "run", "record").await;
    damage(&path, "history", "frames").await;
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let (records, default) = (store.records(), project("default"));
    let damaged = |error: RecordsError| matches!(error, RecordsError::Damaged(_));
    assert!(damaged(records.run(&default, id(2)).await.unwrap_err()));
    assert!(damaged(records.history(id(2), None, 1000).await.unwrap_err()));
    let list = records.list(&default, &RunFilter::default(), None, 9).await;
    assert!(damaged(list.unwrap_err()));
    assert_eq!(records.run(&default, id(3)).await, Ok(None));
}

#[tokio::test]
async fn a_damaged_file_is_refused_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join("records.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The cells of the pages behind the first: the schema stays readable.
    for page in bytes.chunks_mut(4096).skip(1) {
        page[..64].fill(0x55);
    }
    std::fs::write(&path, bytes).unwrap();
    let options = Options {
        check_integrity: true,
        ..Options::default()
    };
    let refusal = Store::open(directory.path(), options).await.unwrap_err();
    assert!(refusal.to_string().contains("records.db"), "{refusal}");
    assert!(
        matches!(
            refusal,
            OpenError::Database(DatabaseError::Damaged { .. } | DatabaseError::Sqlite { .. })
        ),
        "{refusal}"
    );
}
