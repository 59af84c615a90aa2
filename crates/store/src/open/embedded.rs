//! Runs in the data directory.

use std::path::Path;
use std::sync::Arc;

use sqlx::migrate::Migrator;
use tokio::runtime::Builder;

use super::{OpenError, Runs, database};
use crate::error::Error;
use crate::health::Health;
use crate::journal::{self, RunJournal, SqliteLog};
use crate::options::Options;
use crate::records::{self, RunRecords};
use crate::sqlite::{Database, Synced, Writer};

static JOURNAL_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/journal");
static RECORDS_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/records");

/// Opens both databases and starts what writes them.
pub(super) async fn open(
    directory: &Path,
    health: &Arc<Health>,
    options: &Options,
) -> Result<Runs, OpenError> {
    let open = async |name, schema, synced| {
        let (database, writer) = database(&directory.join(name), schema, synced, health, options).await?;
        if options.check_integrity {
            database.check().await?;
        }
        Ok::<_, OpenError>((database, writer))
    };
    let journal = open("journal.db", &JOURNAL_SCHEMA, Synced::AtCommits).await?;
    let records = open("records.db", &RECORDS_SCHEMA, Synced::AtCheckpoints).await?;
    let started = start(journal, records, health, options).await;
    started.map_err(|error| OpenError::Journal {
        place: format!("`{}`", directory.display()),
        what: error.to_string(),
    })
}

async fn start(
    (journal, journal_writer): (Database, Writer),
    (records, records_writer): (Database, Writer),
    health: &Arc<Health>,
    options: &Options,
) -> Result<Runs, Error> {
    let readers = records.readers(options.readers);
    let applied = records::sqlite::applied(&readers).await?;
    let helper = Writer::open(journal.clone(), health.clone(), options.checkpoint_bytes)
        .await
        .map_err(|error| Error::Sql(error.to_string()))?;
    let log = SqliteLog::open(journal_writer, helper, applied.lsn).await?;
    // Behind the last wait that can fail: a runtime must not be dropped within another.
    let runtime = Builder::new_current_thread()
        .build()
        .map_err(|error| Error::Sql(format!("its runtime could not be started: {error}")))?;
    let (journal, source) = RunJournal::start(
        runtime,
        log,
        Arc::new(journal.readers(options.readers)),
        health.clone(),
        journal::Bounds::of(options),
        options.records_feed_bytes,
    )?;
    let records = RunRecords::start(
        records_writer,
        Arc::new(readers),
        Arc::new(records.readers(1)),
        applied,
        source,
        options,
    );
    Ok(Runs {
        journal,
        records,
        claim: None,
    })
}
