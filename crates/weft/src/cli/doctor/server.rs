//! Whether a server answers.

use anyhow::Result;

use super::super::Session;
use super::{Check, State};

pub(crate) async fn check(session: &Session) -> Result<Check> {
    let client = session.client()?;
    let server = &session.config.server;
    Ok(match client.send(client.root("/readyz")).await {
        Ok(_) => Check::new("server", State::Works, format!("{server} answers")),
        Err(error) => Check::new("server", State::Unavailable, format!("{error}")),
    })
}
