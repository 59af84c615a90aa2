//! Writing a batch: few statements of many rows, as each costs a way to SQLite's thread and back.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use weft_types::Digest;

use super::super::batch::{Batch, Change};
use super::super::{blob, columns};
use crate::error::Error;
use crate::sqlite::Writer;

/// Rows in one statement. Fixed sizes, so that each is prepared once; small enough that SQLite's thread leaves its core to others
/// every tenth of a millisecond: a thread that wakes up there, such as that of a commit, may wait for as long as a statement takes.
const SIZES: [usize; 2] = [16, 1];

/// The beginning, the number of columns, and the end of a statement. Those that only insert end their transaction where a row is
/// there already, as it is given up then: so SQLite need not be able to undo them alone, which means a copy of each page.
type Form = (&'static str, usize, &'static str);

const NEW_RUN: Form = (
    "INSERT OR ROLLBACK INTO run (id, run, project, workflow, version, status, nested, parent, submitter, created_at, finished_at, record)",
    12,
    "",
);
const KNOWN_RUN: Form = (
    "INSERT INTO run (id, run, project, workflow, version, status, nested, parent, submitter, created_at, finished_at, record)",
    12,
    "ON CONFLICT (id) DO UPDATE SET status = excluded.status, finished_at = excluded.finished_at, record = excluded.record",
);
const HISTORY: Form = ("INSERT OR ROLLBACK INTO history (piece, frames)", 2, "");
const LABEL: Form = (
    "INSERT OR ROLLBACK INTO run_label (id, name, value, project, nested, run)",
    6,
    "",
);

const BLOB: Form = ("INSERT OR IGNORE INTO run_blob (id, digest)", 2, "");

static NEW_RUNS: LazyLock<[String; 2]> = LazyLock::new(|| statements(NEW_RUN));
static KNOWN_RUNS: LazyLock<[String; 2]> = LazyLock::new(|| statements(KNOWN_RUN));
static HISTORIES: LazyLock<[String; 2]> = LazyLock::new(|| statements(HISTORY));
static LABELS: LazyLock<[String; 2]> = LazyLock::new(|| statements(LABEL));
static BLOBS: LazyLock<[String; 2]> = LazyLock::new(|| statements(BLOB));

/// Writes a batch in one transaction, which takes the journal's rows from `before` to `after`. Where somebody else has taken
/// them, nothing is written.
pub(super) async fn write(writer: &mut Writer, batch: &Batch, before: i64, after: i64) -> Result<(), Error> {
    let connection = writer.begin().await?;
    match fill(connection, batch, before, after).await {
        Ok(()) => writer.commit(batch.bytes()).await,
        Err(error) => Err(writer.abandon(error).await),
    }
}

async fn fill(
    connection: &mut SqliteConnection,
    batch: &Batch,
    before: i64,
    after: i64,
) -> Result<(), Error> {
    let taken = sqlx::query("UPDATE applied SET lsn = $1 WHERE lsn = $2")
        .bind(after)
        .bind(before)
        .execute(&mut *connection)
        .await?;
    if taken.rows_affected() != 1 {
        return Err(Error::Superseded);
    }
    let changes: Vec<&Change> = batch.changes().iter().collect();
    let (new, known): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.is_new);
    for (statements, runs) in [(&NEW_RUNS, &new), (&KNOWN_RUNS, &known)] {
        insert(connection, statements, runs, |query, change| {
            bind_run(query, change)
        })
        .await?;
    }
    let pieces: Vec<(i64, &[u8])> = changes
        .iter()
        .filter_map(|change| Some((change.piece()?, change.frames.as_slice())))
        .collect();
    insert(connection, &HISTORIES, &pieces, |query, &(piece, frames)| {
        Ok(query.bind(piece).bind(frames.to_vec()))
    })
    .await?;
    let labels: Vec<(&Change, &str, &str)> = new
        .iter()
        .flat_map(|change| {
            let labels = &change.held.record.labels;
            labels
                .iter()
                .map(|(name, value)| (*change, name.as_str(), value.as_str()))
        })
        .collect();
    insert(connection, &LABELS, &labels, |query, &(change, name, value)| {
        Ok(bind_label(query, change, name, value))
    })
    .await?;
    let blobs: Vec<(i64, Digest)> = batch.blobs().collect();
    insert(connection, &BLOBS, &blobs, |query, &(id, digest)| {
        Ok(query.bind(id).bind(digest.as_bytes().to_vec()))
    })
    .await
}

type Insert<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Inserts all rows, in as few statements as the sizes allow.
async fn insert<T>(
    connection: &mut SqliteConnection,
    statements: &'static [String; 2],
    rows: &[T],
    bind: impl for<'q> Fn(Insert<'q>, &T) -> Result<Insert<'q>, Error>,
) -> Result<(), Error> {
    let mut rest = rows;
    for (size, statement) in SIZES.into_iter().zip(statements) {
        while let Some((now, later)) = rest.split_at_checked(size) {
            let mut query = sqlx::query(statement.as_str());
            for row in now {
                query = bind(query, row)?;
            }
            query.execute(&mut *connection).await?;
            rest = later;
        }
    }
    Ok(())
}

fn bind_run<'q>(query: Insert<'q>, change: &Change) -> Result<Insert<'q>, Error> {
    let record = &change.held.record;
    let parent = columns::parent(record);
    Ok(query
        .bind(change.held.id)
        .bind(columns::run(record.run))
        .bind(record.project.as_str().to_owned())
        .bind(record.workflow.as_str().to_owned())
        .bind(i64::from(record.version.0))
        .bind(columns::status(record.status))
        .bind(i64::from(parent.is_some()))
        .bind(parent.map(columns::run))
        .bind(record.submitter.clone())
        .bind(columns::time(record.created_at))
        .bind(record.finished_at.map(columns::time))
        .bind(blob::encode(record)?))
}

fn bind_label<'q>(query: Insert<'q>, change: &Change, name: &str, value: &str) -> Insert<'q> {
    let record = &change.held.record;
    query
        .bind(change.held.id)
        .bind(name.to_owned())
        .bind(value.to_owned())
        .bind(record.project.as_str().to_owned())
        .bind(i64::from(columns::parent(record).is_some()))
        .bind(columns::run(record.run))
}

/// The statement in each size.
fn statements((head, columns, tail): Form) -> [String; 2] {
    SIZES.map(|rows| {
        let row = format!("({})", vec!["?"; columns].join(", "));
        format!("{head} VALUES {} {tail}", vec![row; rows].join(", "))
    })
}
