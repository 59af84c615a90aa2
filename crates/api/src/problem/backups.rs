//! What the errors of backups are called here: the one place that decides.

use super::{Kind, Problem};
use crate::backups::BackupError;

impl From<BackupError> for Problem {
    // One arm a variant and no catch-all, so that a new error asks for its place.
    fn from(error: BackupError) -> Self {
        let detail = error.to_string();
        match error {
            BackupError::UnderWay => Problem::new(Kind::BackupUnderWay, detail),
            BackupError::Elsewhere(_) => Problem::new(Kind::RunsElsewhere, detail),
            BackupError::NoRoom(_) => Problem::new(Kind::StorageFull, detail),
            // Whoever may ask for everything may know what failed.
            BackupError::Failed(_) => Problem::new(Kind::StorageFailed, detail),
        }
    }
}
