//! A PostgreSQL server that keeps what it has acknowledged: how it is reached, and the settings that make it so.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::database::DatabaseError;

mod claim;
mod failure;
mod options;
mod session;

pub(crate) use claim::Claim;
pub(crate) use failure::failure;
pub use options::PostgresOptions;
pub(crate) use session::{Session, within};

/// The oldest version that will do, as `server_version_num` tells it.
const OLDEST: i64 = 130_000;

/// One schema of one database, and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    options: PgConnectOptions,
    schema: String,
    /// How the database is named to people: without its password.
    shown: String,
    /// How long an answer may take.
    answer: Duration,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Holding the schema.
    Claim,
    /// Writing the journal.
    Journal,
    /// Writing the records. Their commits need not be on the disk: PostgreSQL's log is one sequence, and whatever trims the
    /// journal comes behind them in it, so a cut of power that takes records takes the trim as well.
    Records,
}

impl Server {
    /// The server and schema that the options name. Nothing is connected.
    pub(crate) fn new(given: &PostgresOptions) -> Result<Self, DatabaseError> {
        given.check()?;
        let options = PgConnectOptions::from_str(&given.url)
            .map_err(|error| DatabaseError::Unclear {
                what: error.to_string(),
            })?
            .disable_statement_logging()
            .options([
                ("search_path", given.schema.as_str()),
                // So that of a machine that has gone its sessions go soon, and with them what they hold.
                ("tcp_keepalives_idle", "5"),
                ("tcp_keepalives_interval", "2"),
                ("tcp_keepalives_count", "3"),
            ]);
        Ok(Self {
            shown: shown(&options, &given.schema),
            schema: given.schema.clone(),
            answer: given.answer_within,
            options,
        })
    }

    /// The same, with less patience.
    fn within(&self, answer: Duration) -> Self {
        Self {
            answer: answer.min(self.answer),
            ..self.clone()
        }
    }

    /// A connection that may write, with settings of its own whatever the database's are.
    pub(crate) async fn connect(&self, role: Role) -> Result<PgConnection, DatabaseError> {
        let options = self
            .options
            .clone()
            .application_name(&format!("{} {}", self.schema, role.name()));
        let connecting = async {
            let mut connection = options.connect().await?;
            settle(&mut connection, role).await?;
            Ok(connection)
        };
        match tokio::time::timeout(self.answer, connecting).await {
            Ok(connected) => connected.map_err(|source| self.failed(source)),
            Err(_) => {
                let told = format!("no answer within {:?}", self.answer);
                Err(self.failed(io::Error::new(io::ErrorKind::TimedOut, told).into()))
            }
        }
    }

    /// Up to `count` connections that only read. Who asks for one and can try again is told so before long.
    pub(crate) fn readers(&self, count: u32, tries_again: bool) -> PgPool {
        let options = self
            .options
            .clone()
            .application_name(&format!("{} reader", self.schema))
            .options([
                ("default_transaction_read_only", "on"),
                // A plan made without the values cannot know how few rows a page needs.
                ("plan_cache_mode", "force_custom_plan"),
                // Everything is read along an index, however little there is: what is quicker for few runs is slow for many.
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
            ]);
        PgPoolOptions::new()
            .max_connections(count.max(1))
            .acquire_timeout(if tries_again {
                self.answer.min(session::CONNECTING)
            } else {
                self.answer
            })
            .connect_lazy_with(options)
    }

    /// Brings one part of the schema up to date. Whoever calls this has claimed the schema.
    pub(crate) async fn migrate(
        &self,
        connection: &mut PgConnection,
        part: &str,
        steps: &Migrator,
    ) -> Result<(), DatabaseError> {
        let mut steps = Migrator {
            migrations: steps.migrations.clone(),
            locking: false,
            ..Migrator::DEFAULT
        };
        steps.dangerous_set_table_name(format!("{part}_schema"));
        let outcome = steps.run(&mut *connection).await;
        outcome.map_err(|error| DatabaseError::unfit(self.shown.clone(), &steps, error))
    }

    /// Makes the schema where it is missing; refuses a server that is too old, and warns of one that does not keep its promises.
    pub(crate) async fn prepare(&self, connection: &mut PgConnection) -> Result<(), DatabaseError> {
        const ASK: &str = "SELECT current_setting('server_version_num')::bigint, current_setting('fsync'),
            to_regnamespace($1) IS NOT NULL";
        let failed = |source| self.failed(source);
        let (version, fsync, exists): (i64, String, bool) = sqlx::query_as(ASK)
            .bind(&self.schema)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
        if version < OLDEST {
            let (needed, found) = (OLDEST / 10_000, version / 10_000);
            let told = format!("PostgreSQL {needed} or later is needed, this is {found}");
            return Err(failed(sqlx::Error::Configuration(told.into())));
        }
        if fsync == "off" {
            tracing::warn!(
                database = self.shown,
                "PostgreSQL runs with fsync = off: a cut of power takes what was acknowledged"
            );
        }
        // Asked first: whoever was given a schema need not be allowed to make one.
        if !exists {
            // The name is one that needs no quotes.
            let create = AssertSqlSafe(format!("CREATE SCHEMA {}", self.schema));
            sqlx::query(create).execute(connection).await.map_err(failed)?;
        }
        Ok(())
    }

    /// How the database is named to people.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    pub(crate) fn failed(&self, source: sqlx::Error) -> DatabaseError {
        DatabaseError::Failed {
            database: self.shown.clone(),
            source,
        }
    }
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Journal => "journal",
            Self::Records => "records",
        }
    }

    fn synchronous_commit(self) -> &'static str {
        match self {
            Self::Claim | Self::Journal => "on",
            Self::Records => "off",
        }
    }
}

/// Sets what a database or a role may have set otherwise. Of a synchronous commit only `off` breaks a promise: how far standbys
/// must be is the operator's choice. Settings that this version of PostgreSQL does not have are left out.
async fn settle(connection: &mut PgConnection, role: Role) -> Result<(), sqlx::Error> {
    const SETTLE: &str = "
        SELECT set_config(name, CASE name
            WHEN 'synchronous_commit' THEN $1
            WHEN 'default_transaction_isolation' THEN 'read committed'
            ELSE '0' END, false)
        FROM pg_settings
        WHERE name IN ('default_transaction_isolation', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
                       'lock_timeout', 'statement_timeout', 'transaction_timeout')
           OR (name = 'synchronous_commit' AND 'off' IN (setting, $1))";
    sqlx::query(SETTLE)
        .bind(role.synchronous_commit())
        .execute(connection)
        .await?;
    Ok(())
}

fn shown(options: &PgConnectOptions, schema: &str) -> String {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("schema `{schema}` of the PostgreSQL database `{database}` at {place}")
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
