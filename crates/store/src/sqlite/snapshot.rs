//! A copy of one database as it is at one moment.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection};

use super::{Database, PORTION, Synced};
use crate::copies::Stop;
use crate::pace::Courtesy;

impl Database {
    /// The database in a file that is there; its schema is not looked at.
    pub(crate) fn found(path: PathBuf) -> Self {
        // Nothing is written.
        let synced = Synced::AtCheckpoints;
        Self { path, synced }
    }

    /// Writes to `target`, a file that is not there, all that is committed at one moment from now. Whoever writes goes on writing.
    ///
    /// The copy is not synced: it is to be read by whoever asked for it, not to be kept.
    pub(crate) async fn snapshot(&self, target: &Path, stop: &Stop) -> Result<(), sqlx::Error> {
        let mut connection = self.options("copier").read_only(true).connect().await?;
        let (mut courtesy, stop) = (Courtesy::new(), stop.clone());
        connection
            .lock_handle()
            .await?
            .set_progress_handler(PORTION, move || {
                courtesy.extend();
                !stop.is_set()
            });
        let copied = sqlx::query("VACUUM INTO $1")
            .bind(target.to_string_lossy().into_owned())
            .execute(&mut connection)
            .await;
        let closed = connection.close().await;
        // What went wrong first says more.
        copied.and(closed)
    }
}
