//! `cargo xtask fuzz-api`: requests made up from the API's own description, thousands of them, against the real server.
//!
//! Schemathesis makes them and holds every answer against the description. On the server is what many of them ask for, so that they reach
//! something; how many did is counted by the server itself.

mod client;
mod prepared;
mod server;
mod tally;
mod tool;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::{functions, prerequisites, process, report, repository};

use server::Server;
use tally::Tally;

/// Requests at least.
const REQUESTS: u64 = 10_000;
/// Operations that have something to vary: those made up for each are about so many that their sum is what is asked for.
const OPERATIONS: u64 = 60;
/// The least share of requests that is answered by what was asked for, in percent.
const SUCCEEDING: u64 = 20;

/// Makes up requests, at least `--requests N`, and fails where an answer is not as described. `--server FILE` was built already.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let requests = arguments.number("--requests")?.unwrap_or(REQUESTS);
    let seed = arguments.number("--seed")?;
    let built = arguments
        .value("--server")?
        .map(std::path::absolute)
        .transpose()?;
    arguments.end()?;
    report::step("prerequisites", || {
        prerequisites::ensure()?;
        prerequisites::python()
    })?;
    let tool = report::step("schemathesis", tool::install)?;
    report::step("guests", functions::build)?;
    let program = match built {
        Some(program) => program,
        None => report::step("build", build)?,
    };
    let server = report::step("server", || Server::start(&program, &place()))?;
    report::step("functions, workflows and runs", || {
        prepared::prepare(&server, &place())
    })?;
    let found = report::step("requests", || {
        let mut command = tool::command(&tool, &place(), &server);
        command.arg(format!("--max-examples={}", requests.div_ceil(OPERATIONS).max(1)));
        if let Some(seed) = seed {
            command.arg(format!("--seed={seed}"));
        }
        process::run(&mut command)
    });
    let tally = Tally::read(&server.metrics()?);
    report::note(&tally.to_string());
    server.stop()?;
    found?;
    judge(&tally, requests)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds a server that checks itself as tests do; answers where it is.
fn build() -> Result<PathBuf> {
    process::run(&mut process::cargo(&["build", "--package=weft"]))?;
    Ok(repository::target().join("debug/weft"))
}

/// Where it works: whatever was there before is gone.
fn place() -> PathBuf {
    repository::target().join("fuzz-api")
}

fn judge(tally: &Tally, requests: u64) -> Result<()> {
    if tally.failed > 0 {
        bail!("{} answers were failures of the server (5xx)", tally.failed);
    }
    if tally.all < requests {
        bail!("{} requests were made, fewer than {requests}", tally.all);
    }
    if tally.succeeded * 100 < tally.all * SUCCEEDING {
        bail!(
            "{} of {} requests were answered by what they asked for, fewer than {SUCCEEDING} %: they do not reach enough",
            tally.succeeded,
            tally.all
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_or_failing_answers_are_told() {
        let tally = |all, succeeded, failed| Tally {
            all,
            succeeded,
            failed,
            ..Tally::default()
        };
        let told = |tally: Tally| judge(&tally, 1_000).map_err(|error| error.to_string());
        assert_eq!(told(tally(1_000, 200, 0)), Ok(()));
        for (tally, expected) in [
            (tally(1_000, 900, 1), "1 answers were failures"),
            (tally(999, 900, 0), "fewer than 1000"),
            (tally(1_000, 199, 0), "fewer than 20 %"),
        ] {
            let found = told(tally).unwrap_err();
            assert!(found.contains(expected), "{found}");
        }
    }
}
