//! `cargo xtask fuzz`: hostile bytes for minutes, led by what they covered.
//!
//! The platform's crates are built with counters at every branch and comparison, which a stable compiler can do; Debian's build of libFuzzer
//! reads them and makes inputs that reach further. Crates of others are built as ever.

mod library;
mod outcome;
mod rustc;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::{prerequisites, process, report, repository};

use outcome::Outcome;
pub use rustc::{is_wanted as wraps_rustc, run as wrap_rustc};

/// Where targets and what is kept for them are.
const CORPUS: &str = "tests/fuzz/corpus";
/// Minutes for each target.
const MINUTES: u64 = 5;
/// Seconds that one input may take.
const SLOW: u64 = 20;
/// Memory that a target may take, in MiB.
const MEMORY: u64 = 2048;

/// Runs the targets named, or all, one after the other; fails where one was broken.
///
/// `--minutes N` for each; `--keep` adds what covered something new to the corpus.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let minutes = arguments.number("--minutes")?.unwrap_or(MINUTES);
    let keep = arguments.flag("--keep");
    let targets = chosen(&arguments.rest())?;
    report::step("prerequisites", prerequisites::ensure)?;
    let library = report::step("fuzzer", library::find)?;
    let program = report::step("build", || build(&library))?;
    let mut broken = Vec::new();
    for target in &targets {
        let fuzzing = Fuzzing::prepare(&program, target)?;
        let outcome = report::step(target, || fuzzing.run(minutes))?;
        report::note(&outcome.to_string());
        if keep && !outcome.broken {
            report::step("keep", || fuzzing.keep())?;
        }
        if outcome.broken {
            broken.push(target.as_str());
        }
    }
    if !broken.is_empty() {
        bail!(
            "broken: {}; what broke them is in {}",
            broken.join(", "),
            place().display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Where inputs that are found are put, with a log for each target.
fn place() -> PathBuf {
    repository::target().join("fuzz")
}

/// The targets named; all where none is.
fn chosen(names: &[String]) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(repository::root().join(CORPUS))
        .with_context(|| format!("cannot read {CORPUS}"))?;
    let mut known: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    known.sort();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("there is no target `{unknown}`; there are {}", known.join(", "));
    }
    Ok(if names.is_empty() { known } else { names.to_vec() })
}

/// Builds the program that all targets are in, and answers where it is.
fn build(library: &Path) -> Result<PathBuf> {
    let mut cargo = process::cargo(&[
        "test",
        "--workspace",
        "--test=guided",
        "--features=weft-fuzz/guided",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    // As without that variable: faster than tests may be built, and checking itself as they do.
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    let messages = process::output(rustc::instrument(&mut cargo, library)?)?;
    let program = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let guided = message["target"]["name"] == "guided";
        message["executable"]
            .as_str()
            .filter(|_| guided)
            .map(PathBuf::from)
    });
    program.context("Cargo does not tell where the program is")
}

/// One target.
struct Fuzzing<'f> {
    program: &'f Path,
    target: &'f str,
    /// What was found, in this run and in earlier ones.
    found: PathBuf,
    kept: PathBuf,
}

impl<'f> Fuzzing<'f> {
    /// Makes its places and writes its seeds and words.
    fn prepare(program: &'f Path, target: &'f str) -> Result<Self> {
        let found = place().join(target);
        std::fs::create_dir_all(&found)?;
        let fuzzing = Self {
            program,
            target,
            kept: repository::root().join(CORPUS).join(target),
            found,
        };
        let mut writing = fuzzing.command();
        process::run(
            writing
                .args(["-runs=0", "-verbosity=0"])
                .env("WEFT_FUZZ_SEEDS", &fuzzing.found),
        )?;
        Ok(fuzzing)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command
            .env("WEFT_FUZZ_TARGET", self.target)
            .env("RUST_BACKTRACE", "1")
            .current_dir(repository::root());
        command
    }

    fn run(&self, minutes: u64) -> Result<Outcome> {
        let log = self.found.with_extension("log");
        let findings = self.found.with_extension("broke-");
        let mut command = self.command();
        command
            .args([&self.found, &self.kept])
            .arg(format!("-max_total_time={}", minutes * 60))
            .arg(format!("-timeout={SLOW}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .arg(format!("-dict={}", self.found.with_extension("words").display()))
            .arg(format!("-artifact_prefix={}", findings.display()))
            .args(["-print_final_stats=1", "-reload=0"])
            .stderr(std::fs::File::create(&log)?);
        let status = command.status().context("the fuzzer cannot be started")?;
        let text = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
        Ok(Outcome::read(&text, status.success()))
    }

    /// Adds to what is kept those of the found inputs that cover what the kept ones do not.
    fn keep(&self) -> Result<()> {
        let mut command = self.command();
        command
            .args(["-set_cover_merge=1", "-verbosity=0"])
            .args([&self.kept, &self.found])
            .stderr(std::fs::File::create(self.found.with_extension("merge.log"))?);
        process::run(&mut command)
    }
}
