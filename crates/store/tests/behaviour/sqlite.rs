//! The embedded backend.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use weft_store::{Options, Store};
use weft_types::RunStatus;

use crate::journal::commit;
use crate::runs::Run;
use crate::samples::project;
use crate::{Accident, Backend, Table, behaviours_of_functions, behaviours_of_runs, small, suite};

struct Embedded {
    directory: tempfile::TempDir,
    store: Store,
}

impl Embedded {
    async fn open(directory: tempfile::TempDir, options: Options) -> Self {
        let data = directory.path().join("data");
        let store = Store::open(data, options).await.unwrap();
        Self { directory, store }
    }
}

impl Backend for Embedded {
    async fn fresh() -> Self {
        Self::open(tempfile::tempdir().unwrap(), small()).await
    }

    async fn reopen_with(self, options: Options) -> Self {
        self.store.close().await;
        Self::open(self.directory, options).await
    }

    async fn crash(self) -> Self {
        drop(self.store);
        Self::open(self.directory, small()).await
    }

    async fn reopen_after(self, accident: Accident) -> Self {
        self.store.close().await;
        let data = self.directory.path().join("data");
        match accident {
            Accident::Damaged { table, column } => damage(&data, table, column).await,
            Accident::JournalLost => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(data.join(format!("journal.db{suffix}")));
                }
            }
        }
        Self::open(self.directory, small()).await
    }

    async fn rows(&self, table: &'static str) -> i64 {
        let mut connection = connect(&self.directory.path().join("data/journal.db")).await;
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    fn store(&self) -> &Store {
        &self.store
    }
}

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn damage(data: &Path, table: Table, column: &str) {
    let file = match table {
        Table::Journal => "journal.db",
        Table::Run | Table::History => "records.db",
    };
    let mut connection = connect(&data.join(file)).await;
    let table = table.name();
    let read = AssertSqlSafe(format!("SELECT rowid, {column} FROM {table}"));
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(read).fetch_all(&mut connection).await.unwrap();
    assert!(!rows.is_empty());
    for (row, mut blob) in rows {
        let middle = blob.len() / 2;
        blob[middle] ^= 1;
        let write = AssertSqlSafe(format!("UPDATE {table} SET {column} = $1 WHERE rowid = $2"));
        sqlx::query(write)
            .bind(blob)
            .bind(row)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

behaviours_of_functions!(Embedded);
behaviours_of_runs!(Embedded);

/// A reader that cannot be opened now can be a little later, as when there were too many open files.
#[tokio::test]
async fn records_go_on_where_a_read_failed() {
    let options = Options {
        records_open: 0,
        ..small()
    };
    let backend = Embedded::open(tempfile::tempdir().unwrap(), options).await;
    let (journal, records) = (backend.journal(), backend.records());
    let mut run = Run::started(1);
    let begun = commit(&*journal, &mut run).await;
    assert!(records.settled(begun).await);
    let [there, away] =
        ["records.db", "away.db"].map(|name| backend.directory.path().join("data").join(name));
    std::fs::rename(&there, &away).unwrap();
    let mut run = run.ended(RunStatus::Succeeded);
    let ended = commit(&*journal, &mut run).await;
    let waited = tokio::time::timeout(Duration::from_millis(300), records.settled(ended)).await;
    assert!(waited.is_err(), "what became of the run before is not known");
    std::fs::rename(&away, &there).unwrap();
    assert!(records.settled(ended).await);
    let found = records.run(&project("default"), run.id).await.unwrap();
    assert_eq!(found, Some(run.record()));
}
