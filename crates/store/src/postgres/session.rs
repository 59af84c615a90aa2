//! A connection that writes.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::{Role, Server, claim};
use crate::database::DatabaseError;
use crate::error::Error;
use crate::health::Health;

/// The one connection that writes something.
///
/// Whether the last transaction of one that was lost happened is not known, and nothing may be built on a guess: whoever has it made
/// anew finds that out first, and sees to it that nothing comes of the old one any more.
#[derive(Debug)]
pub(crate) struct Session {
    connection: PgConnection,
    server: Server,
    role: Role,
    health: Arc<Health>,
}

/// How long a new connection in place of a lost one may take: the next try may fare better.
pub(super) const CONNECTING: Duration = Duration::from_secs(5);

impl Session {
    /// Opens the connection. It belongs to the current tokio runtime.
    pub(crate) async fn open(
        server: &Server,
        role: Role,
        health: Arc<Health>,
    ) -> Result<Self, DatabaseError> {
        Ok(Self {
            connection: server.connect(role).await?,
            server: server.clone(),
            role,
            health,
        })
    }

    /// Connects anew in place of a connection that was lost.
    ///
    /// # Errors
    /// [`Error::Lost`] while that cannot be done, for whatever reason: a database that starts refuses for several.
    pub(crate) async fn connect_anew(&mut self) -> Result<(), Error> {
        let server = self.server.within(CONNECTING);
        let connected = server.connect(self.role).await;
        self.connection = connected.map_err(|error| Error::Lost(error.to_string()))?;
        Ok(())
    }

    /// Takes the schema again, where nobody else has it: what held it may have been lost as well.
    pub(crate) async fn claim_again(&mut self) -> Result<(), Error> {
        let limit = self.server.answer;
        within(limit, claim::take_again(&mut self.connection, &self.server)).await
    }

    /// The connection to write with, unless the store has stopped taking writes, and how long that may take: see [`within`].
    pub(crate) fn writing(&mut self) -> Result<(&mut PgConnection, Duration), Error> {
        self.health.check()?;
        Ok((&mut self.connection, self.server.answer))
    }

    /// Closes the connection.
    pub(crate) async fn close(self) {
        let limit = self.server.within(CONNECTING).answer;
        if let Err(error) = within(limit, async { Ok(self.connection.close().await?) }).await {
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
