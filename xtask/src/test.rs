//! `cargo xtask test`

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::{container, functions, postgres, prerequisites, process, report, worker};

/// Sets up what the tests need and runs all of them.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    report::step("prerequisites", || {
        prerequisites::ensure()?;
        prerequisites::containers()
    })?;
    report::step("guests", || {
        functions::build().and_then(|()| functions::toolchains())
    })?;
    report::step("worker", || worker::build(false).and_then(|()| worker::hostile()))?;
    report::step("containers", || container::build(false))?;
    report::step("tests", || all(&arguments.rest()))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs all tests of the platform and tells how many passed.
pub fn all(arguments: &[String]) -> Result<()> {
    let mut passed = workspace(arguments)?;
    container::test(arguments, |line| passed += count(line))?;
    report::note(&format!("{passed} tests passed"));
    Ok(())
}

/// Runs the tests of the workspace, those in documentation too, beside a database, and answers how many passed.
///
/// The server's binary, which the tests of the whole start, is built on the way: its own package has a test of it.
fn workspace(arguments: &[String]) -> Result<u32> {
    let server = postgres::Server::start()?;
    let mut tests = process::cargo(&["test", "--workspace"]);
    let mut passed = 0;
    process::read(server.tell(tests.args(arguments)), |line| passed += count(line))?;
    server.stop()?;
    Ok(passed)
}

/// The number in `test result: ok. 12 passed; …`, by which each test program ends.
fn count(line: &str) -> u32 {
    let result = line.strip_prefix("test result: ok. ");
    result
        .and_then(|result| result.split(' ').next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted() {
        assert_eq!(count("test result: ok. 12 passed; 0 failed; 0 ignored"), 12);
        assert_eq!(count("test a::b ... ok"), 0);
    }
}
