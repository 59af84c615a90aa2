//! Removing old runs while others are committed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use weft_store::{Options, Store};
use weft_types::{ProjectName, RunId};
use weft_workflow_engine::port::journal::{Journal as _, Urgency};
use weft_workflow_engine::port::records::Records as _;

use super::copies::Copies;
use crate::report::{Bound, Report, percentile};
use crate::workflows::disk::Sync;

/// Commits between two looks at what is left.
const LOOK: usize = 64;

/// What one round saw, which removes an equal share of all.
pub(super) struct Round {
    sync: Sync,
    /// Milliseconds of a commit.
    commit_p99: f64,
    /// Runs per second.
    removed: f64,
}

/// Removes the runs by their age, round by round, and commits others one after another meanwhile.
pub(super) async fn measure(data: &Path, copies: &Copies, rounds: usize) -> Result<Vec<Round>> {
    let share = copies.ids.len() / rounds;
    let mut found = Vec::with_capacity(rounds);
    let mut written = copies.ids.len();
    for round in 0..rounds {
        let sync = Sync::measure()?;
        let (first, last) = (round * share, (round + 1) * share - 1);
        let options = Options {
            retention_age: Some(age(copies.at(last + 1))?),
            retention_runs: None,
            retention_bytes: None,
            retention_interval: Duration::from_millis(100),
            ..Options::default()
        };
        let store = Store::open(data, options).await?;
        store.journal().recover().await?;
        let mut work = Commits {
            store: &store,
            copies,
            written,
        };
        work.until_gone(copies.ids[first]).await?;
        let started = Instant::now();
        let commits = work.until_gone(copies.ids[last]).await?;
        written = work.written;
        found.push(Round {
            sync,
            commit_p99: percentile(&commits, 0.99),
            removed: share as f64 / started.elapsed().as_secs_f64(),
        });
        store.close().await;
    }
    Ok(found)
}

pub(super) fn show(rounds: &[Round], report: &mut Report) {
    let over = |f: fn(&Round) -> f64| rounds.iter().map(f).collect::<Vec<f64>>();
    report.row(
        9,
        "runs removed by retention",
        "/s",
        &over(|r| r.removed),
        Bound::None,
    );
    report.row(
        9,
        "fdatasync of 4 KiB, p99",
        "ms",
        &over(|r| r.sync.p99),
        Bound::None,
    );
    report.row(
        9,
        "a commit meanwhile, p99",
        "ms",
        &over(|r| r.commit_p99),
        Bound::None,
    );
    let ratios = over(|r| r.commit_p99 / r.sync.p99);
    report.row(
        9,
        "p99 of a commit : of fdatasync",
        "×",
        &ratios,
        Bound::AtMost(3.0),
    );
}

fn age(at: Timestamp) -> Result<Duration> {
    Duration::try_from(Timestamp::now().duration_since(at)).context("it lies in the future")
}

/// Runs that are committed one after another.
struct Commits<'a> {
    store: &'a Store,
    copies: &'a Copies,
    /// The number of the next.
    written: usize,
}

impl Commits<'_> {
    /// Commits while a run is there, and answers how many milliseconds each commit took.
    async fn until_gone(&mut self, run: RunId) -> Result<Vec<f64>> {
        let project: ProjectName = "default".parse()?;
        let (journal, records) = (self.store.journal(), self.store.records());
        let mut elapsed = Vec::new();
        while records.run(&project, run).await?.is_some() {
            for _ in 0..LOOK {
                let entry = self.copies.entry(self.written)?;
                self.written += 1;
                let started = Instant::now();
                let position = journal.append(entry, Urgency::Prompt)?;
                journal.commit(position).await?;
                elapsed.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
        Ok(elapsed)
    }
}
