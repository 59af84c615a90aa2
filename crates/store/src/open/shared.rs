//! Runs in PostgreSQL.

use std::io;
use std::sync::Arc;

use sqlx::migrate::Migrator;
use tokio::runtime::{Builder, Runtime};

use super::{OpenError, Runs};
use crate::error::Error;
use crate::health::Health;
use crate::journal::{self, Opened, PostgresLog, RunJournal};
use crate::options::Options;
use crate::postgres::{Claim, PostgresOptions, Role, Server, Session};
use crate::records::{PostgresRecords, RunRecords};

static JOURNAL_SCHEMA: Migrator = sqlx::migrate!("../../migrations/postgres/journal");
static RECORDS_SCHEMA: Migrator = sqlx::migrate!("../../migrations/postgres/records");

/// Takes the schema, brings it up to date, and starts what writes it.
pub(super) async fn open(
    postgres: &PostgresOptions,
    health: &Arc<Health>,
    options: &Options,
) -> Result<Runs, OpenError> {
    let server = Server::new(postgres)?;
    let mut claim = Claim::take(&server, postgres.patience).await?;
    server.prepare(claim.connection()).await?;
    for (part, schema) in [("journal", &JOURNAL_SCHEMA), ("records", &RECORDS_SCHEMA)] {
        server.migrate(claim.connection(), part, schema).await?;
    }
    let failed = |error| failed(&server, &error);
    let session = Session::open(&server, Role::Records, health.clone()).await?;
    let (writer, applied) = PostgresRecords::open(session, options.checkpoint_bytes)
        .await
        .map_err(failed)?;
    let (runtime, log) = open_log(&server, health, applied.lsn).await?;
    let readers = server.readers(options.readers, false);
    let (journal, source) = RunJournal::start(
        runtime,
        log,
        Arc::new(readers.clone()),
        health.clone(),
        journal::Bounds::of(options),
        options.records_feed_bytes,
    )
    .map_err(failed)?;
    let records = RunRecords::start(
        writer,
        Arc::new(readers),
        Arc::new(server.readers(1, true)),
        applied,
        source,
        options,
    );
    Ok(Runs {
        journal,
        records,
        claim: Some(claim),
    })
}

/// Opens the journal on a runtime of its own: the journal's thread waits there, and nothing stands between.
async fn open_log(
    server: &Server,
    health: &Arc<Health>,
    applied: u64,
) -> Result<(Runtime, (PostgresLog, Opened)), OpenError> {
    let opening = {
        let (server, health) = (server.clone(), health.clone());
        move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|source| server.failed(source.into()))?;
            let log = runtime.block_on(async {
                let session = Session::open(&server, Role::Journal, health).await?;
                let log = PostgresLog::open(session, applied).await;
                log.map_err(|error| failed(&server, &error))
            })?;
            Ok((runtime, log))
        }
    };
    match tokio::task::spawn_blocking(opening).await {
        Ok(outcome) => outcome,
        Err(error) => Err(server.failed(io::Error::other(error).into()).into()),
    }
}

fn failed(server: &Server, error: &Error) -> OpenError {
    OpenError::Journal {
        place: server.shown().to_owned(),
        what: error.to_string(),
    }
}
