//! A connection that writes.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::{Role, Server};
use crate::database::DatabaseError;
use crate::error::Error;
use crate::health::Health;

/// The one connection that writes something.
///
/// Once lost it is not made anew: whether its last transaction happened is not known, and nothing may be built on a guess.
#[derive(Debug)]
pub(crate) struct Session {
    connection: PgConnection,
    health: Arc<Health>,
    answer: Duration,
}

impl Session {
    /// Opens the connection. It belongs to the current tokio runtime.
    pub(crate) async fn open(
        server: &Server,
        role: Role,
        health: Arc<Health>,
    ) -> Result<Self, DatabaseError> {
        Ok(Self {
            connection: server.connect(role).await?,
            health,
            answer: server.answer,
        })
    }

    /// The connection to write with, unless the store has stopped taking writes, and how long that may take: see [`within`].
    pub(crate) fn writing(&mut self) -> Result<(&mut PgConnection, Duration), Error> {
        self.health.check()?;
        Ok((&mut self.connection, self.answer))
    }

    /// Closes the connection.
    pub(crate) async fn close(self) {
        if let Err(error) = within(self.answer, async { Ok(self.connection.close().await?) }).await {
            tracing::debug!(%error, "a connection did not close cleanly");
        }
    }
}

/// Waits for an answer, though not for ever: a network that was cut says nothing.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, answer).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::Lost(format!("no answer within {limit:?}"))),
    }
}
