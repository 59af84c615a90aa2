//! Measures Weft beside its limits and its peers, and holds each figure against a bound.
//!
//! `weft-benches functions` (or `workflows`, `pools`, `overload`, `soak`) prints a row per bar and exits 1 where one falls short; `peers` and
//! `scaling` write what they measure to `docs/performance.md`. It is started by `cargo xtask bench functions` (or the others), which builds
//! what it measures in release mode first.

mod comparison;
mod connection;
mod functions;
mod in_process;
mod open_loop;
mod overload;
mod page;
mod peers;
mod plain;
mod pools;
mod process;
mod report;
mod scaling;
mod sink;
mod soak;
mod weft;
mod workflows;
mod wrk;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What to measure and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Counted rounds; every figure is their median.
    pub(crate) rounds: usize,
    /// Seconds a load lasts.
    pub(crate) seconds: u64,
    /// Bars to measure; empty means all.
    pub(crate) bars: Vec<u32>,
    /// Minutes that a soak lasts.
    pub(crate) minutes: u64,
}

impl Options {
    fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            rounds: report::ROUNDS,
            seconds: 3,
            bars: Vec::new(),
            minutes: soak::MINUTES,
        };
        while let Some(flag) = args.next() {
            let value = args.next().with_context(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--rounds" => options.rounds = value.parse::<usize>()?.max(1),
                "--seconds" => options.seconds = value.parse::<u64>()?.max(1),
                "--bars" => options.bars = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
                "--minutes" => options.minutes = value.parse::<u64>()?.max(1),
                _ => bail!(
                    "unknown flag {flag}: --rounds N, --seconds N, --minutes N and --bars 2,3,… are known"
                ),
            }
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, bar: u32) -> bool {
        self.bars.is_empty() || self.bars.contains(&bar)
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool> {
    // The client is built without a default provider; nothing here speaks TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some(suite @ ("functions" | "workflows" | "pools" | "overload" | "soak" | "peers" | "scaling")) => {
            let options = Options::from_args(args)?;
            // What the servers of another time wrote is of no use, and grows to gigabytes.
            std::fs::File::create(process::LOG)?;
            match suite {
                "functions" => functions::run(&options),
                "pools" => pools::run(&options),
                "overload" => overload::run(&options),
                "soak" => soak::run(&options),
                "peers" => comparison::run(&options),
                "scaling" => scaling::run(&options),
                _ => workflows::run(&options),
            }
        }
        Some("plain-server") => {
            let port = args.next().context("plain-server needs a port")?.parse()?;
            plain::serve(port)?;
            Ok(true)
        }
        Some("sink") => {
            let port = args.next().context("sink needs a port")?.parse()?;
            sink::serve(port)?;
            Ok(true)
        }
        _ => bail!(
            "usage: weft-benches functions|workflows|pools|overload|soak|peers|scaling [--rounds N] [--seconds N] [--minutes N] [--bars 2,3,…]"
        ),
    }
}
