//! Writing a batch: one statement for each table, of as many rows as there are. Columns go over as arrays.

use sqlx::Connection;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::query::Query;

use super::super::batch::{Batch, Change};
use super::super::{blob, columns};
use crate::error::Error;

/// What a run is taken to use beside its history: its row and its entries in the indexes.
pub(super) const RUN_BYTES: i64 = 1024;

/// Whose batch it is, and which of the journal's rows it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taking {
    pub(super) epoch: i64,
    pub(super) before: i64,
    pub(super) after: i64,
}

const TAKE: &str = "UPDATE applied SET lsn = $1, bytes = bytes + $2 WHERE lsn = $3 AND epoch = $4";

const NEW_RUNS: &str = concat!(
    "INSERT INTO run (id, run, project, workflow, version, status, nested, parent, submitter, created_at, finished_at, record) ",
    "SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], ",
    "$8::bytea[], $9::bytea[], $10::bigint[], $11::bigint[], $12::bytea[])"
);
const KNOWN_RUNS: &str = "UPDATE run SET status = now.status, finished_at = now.finished_at, record = now.record
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[]) AS now (id, status, finished_at, record)
    WHERE run.id = now.id";
const HISTORY: &str = "INSERT INTO history (piece, frames) SELECT * FROM unnest($1::bigint[], $2::bytea[])";
const LABELS: &str = "INSERT INTO run_label (id, name, value, project, nested, run)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[], $5::bigint[], $6::bytea[])";

const BLOBS: &str = "INSERT INTO run_blob (id, digest)
    SELECT * FROM unnest($1::bigint[], $2::bytea[]) ON CONFLICT DO NOTHING";

type Statement<'q> = Query<'q, Postgres, sqlx::postgres::PgArguments>;

/// Writes a batch in one transaction.
pub(super) async fn write(connection: &mut PgConnection, batch: &Batch, taking: Taking) -> Result<(), Error> {
    let (new, known): (Vec<&Change>, Vec<&Change>) = batch.changes().iter().partition(|change| change.is_new);
    let mut writing = connection.begin().await?;
    take(&mut writing, taking, added(batch, new.len())).await?;
    if !new.is_empty() {
        new_runs(&new)?.execute(&mut *writing).await?;
        labels(&new).execute(&mut *writing).await?;
    }
    if !known.is_empty() {
        known_runs(&known)?.execute(&mut *writing).await?;
    }
    history(batch).execute(&mut *writing).await?;
    blobs(batch).execute(&mut *writing).await?;
    Ok(writing.commit().await?)
}

async fn take(connection: &mut PgConnection, taking: Taking, bytes: i64) -> Result<(), Error> {
    let taken = sqlx::query(TAKE)
        .bind(taking.after)
        .bind(bytes)
        .bind(taking.before)
        .bind(taking.epoch)
        .execute(connection)
        .await?;
    match taken.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::Superseded),
    }
}

/// The bytes by which the records grow.
fn added(batch: &Batch, new: usize) -> i64 {
    let pieces = pieces(batch).map(|(_, frames)| frames.len() as i64);
    new as i64 * RUN_BYTES + pieces.sum::<i64>()
}

fn pieces(batch: &Batch) -> impl Iterator<Item = (i64, &[u8])> {
    let changes = batch.changes().iter();
    changes.filter_map(|change| Some((change.piece()?, change.frames.as_slice())))
}

fn new_runs<'q>(new: &[&'q Change]) -> Result<Statement<'q>, Error> {
    Ok(sqlx::query(NEW_RUNS)
        .bind(column(new, |change| change.held.id))
        .bind(column(new, |change| columns::run(change.held.record.run)))
        .bind(column(new, |change| change.held.record.project.as_str()))
        .bind(column(new, |change| change.held.record.workflow.as_str()))
        .bind(column(new, |change| i64::from(change.held.record.version.0)))
        .bind(column(new, |change| columns::status(change.held.record.status)))
        .bind(column(new, nested))
        .bind(column(new, |change| {
            columns::parent(&change.held.record).map(columns::run)
        }))
        .bind(column(new, |change| change.held.record.submitter.as_bytes()))
        .bind(column(new, |change| columns::time(change.held.record.created_at)))
        .bind(column(new, |change| {
            change.held.record.finished_at.map(columns::time)
        }))
        .bind(records(new)?))
}

fn known_runs<'q>(known: &[&'q Change]) -> Result<Statement<'q>, Error> {
    Ok(sqlx::query(KNOWN_RUNS)
        .bind(column(known, |change| change.held.id))
        .bind(column(known, |change| columns::status(change.held.record.status)))
        .bind(column(known, |change| {
            change.held.record.finished_at.map(columns::time)
        }))
        .bind(records(known)?))
}

fn history(batch: &Batch) -> Statement<'_> {
    let (numbers, frames): (Vec<_>, Vec<_>) = pieces(batch).unzip();
    sqlx::query(HISTORY).bind(numbers).bind(frames)
}

fn blobs(batch: &Batch) -> Statement<'static> {
    let (ids, digests): (Vec<i64>, Vec<Vec<u8>>) = batch
        .blobs()
        .map(|(id, digest)| (id, digest.as_bytes().to_vec()))
        .unzip();
    sqlx::query(BLOBS).bind(ids).bind(digests)
}

fn labels<'q>(new: &[&'q Change]) -> Statement<'q> {
    let labels = new.iter().flat_map(|change| {
        let labels = change.held.record.labels.iter();
        labels.map(|(name, value)| (*change, name.as_bytes(), value.as_bytes()))
    });
    let labels: Vec<(&Change, &[u8], &[u8])> = labels.collect();
    let owners: Vec<&Change> = labels.iter().map(|(change, ..)| *change).collect();
    sqlx::query(LABELS)
        .bind(column(&owners, |change| change.held.id))
        .bind(labels.iter().map(|(_, name, _)| *name).collect::<Vec<_>>())
        .bind(labels.iter().map(|(.., value)| *value).collect::<Vec<_>>())
        .bind(column(&owners, |change| change.held.record.project.as_str()))
        .bind(column(&owners, nested))
        .bind(column(&owners, |change| columns::run(change.held.record.run)))
}

fn nested(change: &Change) -> i64 {
    i64::from(columns::parent(&change.held.record).is_some())
}

fn records(changes: &[&Change]) -> Result<Vec<Vec<u8>>, Error> {
    let records = changes.iter().map(|change| blob::encode(&change.held.record));
    records.collect()
}

/// One column of the runs.
fn column<'a, T>(changes: &[&'a Change], value: impl Fn(&'a Change) -> T) -> Vec<T> {
    changes.iter().map(|change| value(change)).collect()
}
