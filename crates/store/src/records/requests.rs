//! What is done to the records on request. Each is answered when it is on the disk.

use weft_types::{ProjectName, RunId};

use super::backend::{RecordsReader, RecordsWriter};
use crate::error::Error;

/// Removes a closed run. Answers whether it was there.
pub(super) async fn delete(
    writer: &mut impl RecordsWriter,
    reader: &dyn RecordsReader,
    project: &ProjectName,
    run: RunId,
) -> Result<bool, Error> {
    match reader.closed_row(project, run).await? {
        Some(id) => writer.delete(id).await.map(|()| true),
        None => Ok(false),
    }
}
