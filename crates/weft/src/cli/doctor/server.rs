//! What a running server says of itself.

use anyhow::Result;
use reqwest::Method;
use weft_api::wire::{Health, Host, LevelStanding, LevelState};

use super::super::Session;
use super::{Check, State};
use crate::client::Client;
use crate::failure::Exit;
use crate::output::exit_code;

const NAME: &str = "server";
const OWN: &str = env!("CARGO_PKG_VERSION");

/// Whether it takes requests; and how far each level can be had where it runs, which may be another machine, or other rights on this one.
pub(crate) async fn checks(session: &Session) -> Result<Vec<Check>> {
    let client = session.client()?;
    let server = &session.config.server;
    let health = client.json::<Health>(client.root("/readyz")).await;
    let answers = health.is_ok();
    let mut checks = vec![match health {
        Ok(health) => of_version(server, &health.version),
        Err(error) => Check::new(NAME, State::Unavailable, format!("{error}")),
    }];
    if answers {
        checks.extend(levels(&client).await);
    }
    Ok(checks)
}

fn of_version(server: &str, version: &str) -> Check {
    let detail = format!("{server} answers and takes requests: weft {version}");
    match version == OWN {
        true => Check::new(NAME, State::Works, detail),
        false => Check::new(
            NAME,
            State::Degraded,
            format!("{detail}, and this command is of weft {OWN}"),
        ),
    }
}

async fn levels(client: &Client) -> Vec<Check> {
    let host = client
        .json::<Host>(client.of_server(Method::GET, &["host"]))
        .await;
    match host {
        Ok(host) => vec![
            level("server processes", host.levels.process),
            level("server containers", host.levels.container),
        ],
        // Only who may manage the server is told.
        Err(error) if exit_code(&error) == Exit::Refused => Vec::new(),
        Err(error) => vec![Check::new(
            "server levels",
            State::Unavailable,
            format!("{error}"),
        )],
    }
}

fn level(name: &'static str, standing: LevelStanding) -> Check {
    let state = match standing.state {
        LevelState::Works => State::Works,
        LevelState::Degraded => State::Degraded,
        LevelState::Unavailable => State::Unavailable,
    };
    let detail = match &*standing.reasons {
        [] => "the server tried a worker: every layer confines it".to_owned(),
        reasons => reasons.join("; "),
    };
    Check::new(name, state, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_another_version_is_told() {
        let same = of_version("http://here", OWN);
        assert_eq!(same.state, State::Works, "{}", same.detail);
        let other = of_version("http://here", "99.0.0");
        assert_eq!(other.state, State::Degraded);
        assert!(
            other.detail.contains("weft 99.0.0, and this command is of weft"),
            "{}",
            other.detail
        );
    }

    #[test]
    fn levels_are_told_as_the_server_tells_them() {
        let standing = |state, reasons: &[&str]| LevelStanding {
            state,
            reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
        };
        let works = level("server processes", standing(LevelState::Works, &[]));
        assert!(
            works.state == State::Works && works.detail.contains("every layer"),
            "{}",
            works.detail
        );
        let lacking = level("server containers", standing(LevelState::Degraded, &["a", "b"]));
        assert_eq!((lacking.state, &*lacking.detail), (State::Degraded, "a; b"));
    }
}
