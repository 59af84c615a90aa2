//! Reading the records.

use std::sync::Arc;

use bytes::Bytes;
use weft_types::{Digest, ProjectName, RunId};
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::records::Referred;

use super::backend::{BlobRow, RecordsReader};
use super::held::Held;
use super::list::Page;
use super::{batch, blob, fold};
use crate::error::Error;

/// One run of a project.
pub(super) async fn run(
    reader: &dyn RecordsReader,
    project: &ProjectName,
    run: RunId,
) -> Result<Option<RunRecord>, Error> {
    let record = reader.record(project, run).await?;
    record.map(|record| blob::decode(&record)).transpose()
}

/// A page of a project's runs.
pub(super) async fn list(reader: &dyn RecordsReader, page: &Page<'_>) -> Result<Vec<RunRecord>, Error> {
    let records = reader.page(page).await?;
    records.iter().map(|record| blob::decode(record)).collect()
}

/// Pieces of a run's history behind piece `after`, up to about `bytes` bytes, but at least one where there is one.
pub(super) async fn history(
    reader: &dyn RecordsReader,
    run: RunId,
    after: Option<u64>,
    bytes: usize,
) -> Result<Vec<(u64, Bytes)>, Error> {
    let Some((id, _)) = reader.row(run).await? else {
        return Ok(Vec::new());
    };
    let next = after.map_or(Some(0), |after| i64::try_from(after).ok()?.checked_add(1));
    let Some(first) = next.and_then(|next| batch::piece(id, next)) else {
        return Ok(Vec::new());
    };
    let (_, last) = batch::pieces(id, id);
    let found = reader.pieces(first, last, bytes).await?;
    let whole = found.into_iter().map(|(piece, frames)| {
        let frames = Bytes::from(frames);
        fold::verify(&frames)?;
        Ok((batch::index(piece).unsigned_abs(), frames))
    });
    whole.collect()
}

/// Blobs that runs refer to, of those behind `after`.
pub(super) async fn blobs(
    reader: &dyn RecordsReader,
    after: Option<(i64, Digest)>,
    limit: usize,
) -> Result<Vec<Referred>, Error> {
    // Nothing is before a row of which nothing is taken yet.
    let (row, digest) = after.map_or((i64::MIN, Vec::new()), |(row, digest)| {
        (row, digest.as_bytes().to_vec())
    });
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = reader.blobs(row, digest, limit).await?;
    found.into_iter().map(referred).collect()
}

fn referred((row, project, digest): BlobRow) -> Result<Referred, Error> {
    let damaged = || Error::Corrupt(format!("the blobs that run {row} refers to cannot be read"));
    let digest: [u8; 32] = digest.try_into().map_err(|_| damaged())?;
    Ok(Referred {
        row,
        project: project.parse().map_err(|_| damaged())?,
        digest: Digest::from_bytes(digest),
    })
}

/// A run that is in the records, its record not looked into yet.
pub(super) struct Found {
    /// Its row.
    pub(super) id: i64,
    /// How many pieces of its history there are.
    pub(super) pieces: i64,
    record: Vec<u8>,
}

impl Found {
    /// What the projector must know of it.
    ///
    /// # Errors
    /// Where its record is damaged: that of this run alone, whatever the state of the others.
    pub(super) fn held(&self) -> Result<Held, Error> {
        Ok(Held {
            id: self.id,
            pieces: self.pieces,
            record: Arc::new(blob::decode(&self.record)?),
        })
    }
}

/// Where a run is in the records, if it is.
pub(super) async fn find(reader: &dyn RecordsReader, run: RunId) -> Result<Option<Found>, Error> {
    let Some((id, record)) = reader.row(run).await? else {
        return Ok(None);
    };
    let (first, last) = batch::pieces(id, id);
    let last = reader.last_piece(first, last).await?;
    let pieces = last.map_or(0, |last| batch::index(last) + 1);
    Ok(Some(Found { id, pieces, record }))
}
