use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use weft_pool::Profile;
use weft_pool::simulate::{Report, Simulation, Trace, plot};

use super::Session;
use crate::failure::{Exit, Failure};
use crate::output::Table;
use crate::serve::profiles;

/// Moments of a report that people are shown: enough to see how it goes, few enough to read.
const SHOWN: usize = 20;

#[derive(Debug, ClapArgs)]
#[command(after_help = TRACE)]
pub(crate) struct Args {
    /// Pool profile: a built-in one, or a file such as `runtime-pools/mine.toml`.
    #[arg(long, value_name = "NAME|FILE", default_value = "sandbox-warm")]
    profile: String,
    /// Who calls when, and how long calls take.
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,
    /// Draw instances, queue and latency over time into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Another seed draws other moments and service times.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Microseconds an instance takes to start; what the profile's level takes where not given.
    #[arg(long, value_name = "MICROSECONDS", value_parser = clap::value_parser!(u64).range(0..=3_600_000_000))]
    start_us: Option<u64>,
}

const TRACE: &str = "A trace has one row a line, from when on how much is called: `SECOND, LOAD, SERVICE[, PROJECT]`.\n\
    LOAD: `20/s` or `200 clients`, each of which calls again when it is answered\n\
    SERVICE: `5ms`, `exponential 5ms`, `uniform 1ms 9ms`, or `skewed 5ms 500ms 1%`\n\
    The last row has the load `0/s`. What follows `#` is a comment.";

/// Replays a trace against a profile, without any server.
pub(crate) fn run(args: &Args, session: &Session) -> Result<()> {
    let mut simulation = Simulation::of(profile(&args.profile)?);
    simulation.seed = args.seed;
    if let Some(start) = args.start_us {
        simulation.start = Duration::from_micros(start);
    }
    let text = std::fs::read_to_string(&args.trace)
        .with_context(|| format!("{} cannot be read", args.trace.display()))?;
    let trace: Trace = text
        .parse()
        .with_context(|| format!("{} is no trace", args.trace.display()))?;
    let report = simulation.run(&trace)?;
    if let Some(path) = &args.svg {
        std::fs::write(path, plot(&report))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    session.output.result(&report, text_of(&report))?;
    Ok(())
}

/// A built-in profile, or that of a file.
fn profile(name: &str) -> Result<Profile> {
    let path = PathBuf::from(name);
    if path.extension().is_some() {
        let text = std::fs::read_to_string(&path).with_context(|| format!("{name} cannot be read"))?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        return Ok(Profile::parse(&stem.unwrap_or_default(), &text)?);
    }
    let mut known = profiles::built_in()?;
    known.remove(name).ok_or_else(|| {
        let names: Vec<_> = known.keys().map(String::as_str).collect();
        Failure::new(Exit::NotFound, format!("no profile `{name}` is built in"))
            .hint(format!(
                "built in: {}; a file is named with its ending, `.toml`",
                names.join(", ")
            ))
            .into()
    })
}

fn text_of(report: &Report) -> String {
    let calls = &report.calls;
    let mut table = Table::new([
        "second",
        "instances",
        "busy",
        "queue",
        "answered",
        "failed",
        "p50 ms",
        "p99 ms",
    ]);
    for moments in report.moments.chunks(report.moments.len().div_ceil(SHOWN).max(1)) {
        let Some(last) = moments.last() else { continue };
        let worst = |of: fn(&weft_pool::simulate::Moment) -> f64| moments.iter().map(of).fold(0.0, f64::max);
        table.row([
            format!("{:.1}", last.second),
            last.instances.to_string(),
            last.busy.to_string(),
            format!("{:.0}", worst(|moment| f64::from(moment.queue))),
            moments
                .iter()
                .map(|moment| moment.answered)
                .sum::<u64>()
                .to_string(),
            moments
                .iter()
                .map(|moment| moment.failed)
                .sum::<u64>()
                .to_string(),
            format!("{:.1}", worst(|moment| moment.p50_ms)),
            format!("{:.1}", worst(|moment| moment.p99_ms)),
        ]);
    }
    let changes: Vec<_> = report
        .changes
        .iter()
        .take(SHOWN)
        .map(|change| {
            format!(
                "{:>8.1} s  {:>5}  {}",
                change.second, change.desired, change.reason
            )
        })
        .collect();
    let more = match report.changes.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\n… and {more} more: `--output json` tells all"),
    };
    format!(
        "{table}\n\nwanted instances:\n{}{more}\n\n{} calls: {} answered, {} refused, {} waited too long\n\
         latency p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms\n\
         {} instances started, at most {} at a time, {:.0} instance-seconds",
        changes.join("\n"),
        calls.made,
        calls.answered,
        calls.refused,
        calls.timed_out,
        calls.p50_ms,
        calls.p99_ms,
        calls.max_ms,
        report.started,
        report.peak,
        report.instance_seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_built_in_or_files() {
        assert!(profile("sandbox-warm").unwrap().reuse > 1);
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtime-pools/sandbox.toml");
        assert_eq!(profile(file).unwrap(), Profile::default());
        let error = profile("none").unwrap_err();
        let failure = error.downcast_ref::<Failure>().unwrap();
        assert_eq!(failure.exit(), Exit::NotFound);
        assert!(failure.as_hint().unwrap().contains("sandbox, sandbox-warm"));
    }

    #[test]
    fn people_are_shown_a_few_rows_and_what_became_of_all_calls() {
        let trace: Trace = "0, 100/s, 20ms\n100, 0/s".parse().unwrap();
        let report = Simulation::of(profile("sandbox-warm").unwrap())
            .run(&trace)
            .unwrap();
        let text = text_of(&report);
        let rows = text.lines().take_while(|line| !line.is_empty()).count();
        assert!((10..=SHOWN + 1).contains(&rows), "{text}");
        let total = format!("{} calls: {0} answered, 0 refused", report.calls.made);
        assert!(text.contains(&total), "{text}");
    }
}
