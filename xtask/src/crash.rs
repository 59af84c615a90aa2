//! `cargo xtask crash`: the real binary is killed and its power is cut, again and again.

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::{functions, prerequisites, process, report};

/// Crashes of each kind.
const ROUNDS: u64 = 200;

/// Kills a server under load, cuts its power and takes up many open runs, in release mode; fails where anything acknowledged was
/// lost, done twice or changed.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let rounds = arguments.number("--rounds")?.unwrap_or(ROUNDS);
    let seed = match arguments.number("--seed")? {
        Some(seed) => seed,
        None => drawn()?,
    };
    arguments.end()?;
    report::step("prerequisites", prerequisites::ensure)?;
    report::step("guests", functions::build)?;
    report::step("build", || {
        process::run(&mut process::cargo(&["build", "--release", "--package=weft"]))
    })?;
    report::note(&format!(
        "{rounds} crashes of each kind; `--seed {seed}` repeats them"
    ));
    report::step("crashes", || {
        let mut tests = process::cargo(&["test", "--release", "--package=weft-tests", "--test=crash_runs"]);
        tests
            .args(["--", "--nocapture", "--test-threads=1"])
            .env("WEFT_CRASH_ROUNDS", rounds.to_string())
            .env("WEFT_CRASH_SEED", seed.to_string());
        process::run(&mut tests)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Any number.
fn drawn() -> Result<u64> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
