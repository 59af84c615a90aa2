//! One server per schema.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use weft_types::Digest;

use super::{Role, Server};
use crate::database::DatabaseError;
use crate::error::Error;

/// Holds a schema until it is dropped or the process ends, however it ends.
///
/// It keeps two servers from taking the schema from each other by mistake. Nothing rests on it: where its session ends though the
/// server lives, the epochs of journal and records still let only one of them write.
#[derive(Debug)]
pub(crate) struct Claim {
    connection: PgConnection,
}

/// The code of a lock that was waited for in vain.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Who holds a lock. Advisory locks are numbers within a database.
const HELD: &str =
    "SELECT coalesce('a server at ' || host(client_addr), 'a server on the database''s own machine')
        || to_char(backend_start AT TIME ZONE 'UTC', '\", since \"YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
        || ' (PostgreSQL process ' || pid || ')'
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32 | objid::bigint) = $1
    LIMIT 1";

impl Claim {
    /// Takes the schema, waiting up to `patience` for another server to let go of it, or says who has it.
    pub(crate) async fn take(server: &Server, patience: Duration) -> Result<Self, DatabaseError> {
        let failed = |source| server.failed(source);
        let mut connection = server.connect(Role::Claim).await?;
        let key = key(&server.schema);
        // Zero would mean for ever.
        let limit = patience.as_millis().clamp(1, i32::MAX as u128).to_string();
        sqlx::query("SELECT set_config('lock_timeout', $1, false)")
            .bind(limit)
            .execute(&mut connection)
            .await
            .map_err(failed)?;
        let locked = sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(key)
            .execute(&mut connection)
            .await;
        match locked {
            Ok(_) => Ok(Self { connection }),
            Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some(LOCK_NOT_AVAILABLE) => {
                Err(DatabaseError::InUse {
                    database: server.shown().to_owned(),
                    holder: holder(&mut connection, key).await.map_err(failed)?,
                })
            }
            Err(source) => Err(failed(source)),
        }
    }

    /// The connection, for what is to be done before anything else is.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Lets go of the schema.
    pub(crate) async fn release(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a connection did not close cleanly");
        }
    }
}

/// Takes the schema over a connection that writes, unless somebody has it. Who has taken it meanwhile opens it, or has, which the epochs
/// tell.
pub(super) async fn take_again(connection: &mut PgConnection, server: &Server) -> Result<(), Error> {
    sqlx::query("SELECT pg_try_advisory_lock($1)")
        .bind(key(&server.schema))
        .execute(connection)
        .await?;
    Ok(())
}

async fn holder(connection: &mut PgConnection, key: i64) -> Result<String, sqlx::Error> {
    let holder: Option<String> = sqlx::query_scalar(HELD)
        .bind(key)
        .fetch_optional(connection)
        .await?;
    Ok(holder.unwrap_or_else(|| "another server".to_owned()))
}

/// The number of a schema's lock.
fn key(schema: &str) -> i64 {
    let digest = Digest::of(format!("weft schema {schema}").as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest.as_bytes()[..8]);
    // Positive, so that it reads the same wherever PostgreSQL shows it.
    i64::from_be_bytes(bytes) & i64::MAX
}
