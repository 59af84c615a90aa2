//! Removing old runs while others are committed.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use weft_store::{Options, Store};
use weft_types::{ProjectName, RunId};
use weft_workflow_engine::port::journal::{Journal, Position, Urgency};
use weft_workflow_engine::port::records::Records;

use crate::runs::short_run;
use crate::{Ground, TIME, told};

/// Runs that are removed.
const RUNS: usize = 200_000;
/// Commits between two looks at what is left.
const LOOK: usize = 64;
/// Syncs of the disk by itself.
const SYNCS: usize = 2000;

pub(crate) async fn measure(ground: &Ground) -> Result<()> {
    let store = ground.open().await?;
    store.journal().recover().await?;
    let last = fill(&store).await?;
    appended(&ground.directory, "before")?;
    let (start, alone) = (Instant::now(), commits(&store, |start| start < TIME).await?);
    told("commit, nothing removed", alone, start.elapsed());
    store.close().await;
    appended(&ground.directory, "between")?;

    let options = Options {
        retention_age: Some(Duration::ZERO),
        retention_interval: Duration::from_millis(100),
        ..Options::default()
    };
    let store = ground.open_with(options).await?;
    store.journal().recover().await?;
    let (start, mut times) = (Instant::now(), Vec::new());
    while is_there(&store, last).await? {
        let mut looks = 0..LOOK;
        times.extend(commits(&store, |_| looks.next().is_some()).await?);
    }
    let removed = RUNS as f64 / start.elapsed().as_secs_f64();
    told("commit, runs being removed", times, start.elapsed());
    println!("    {removed:.0} runs removed/s");
    store.close().await;
    appended(&ground.directory, "after")
}

async fn fill(store: &Store) -> Result<RunId> {
    let (journal, records) = (store.journal(), store.records());
    let (mut run, mut last) = (RunId(uuid::Uuid::nil()), Position::default());
    for _ in 0..RUNS / 1_000 {
        for _ in 0..1_000 {
            let entry = short_run();
            run = entry.run;
            last = journal.append(entry, Urgency::Lazy)?;
        }
        journal.commit(last).await?;
        records.settled(last).await;
    }
    Ok(run)
}

/// Commits one after another, for as long as `goes_on` of the time since the first.
async fn commits(store: &Store, mut goes_on: impl FnMut(Duration) -> bool) -> Result<Vec<Duration>> {
    let journal = store.journal();
    let (start, mut times) = (Instant::now(), Vec::new());
    while goes_on(start.elapsed()) {
        let entry = short_run();
        let started = Instant::now();
        let position = journal.append(entry, Urgency::Prompt)?;
        journal.commit(position).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

async fn is_there(store: &Store, run: RunId) -> Result<bool> {
    let project: ProjectName = "default".parse()?;
    Ok(store.records().run(&project, run).await?.is_some())
}

/// What the disk does by itself: 4 KiB behind what is there, synced.
fn appended(directory: &Path, when: &str) -> Result<()> {
    let mut file = tempfile::tempfile_in(directory)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[7; 4096])?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    told(&format!("fdatasync of an append {when}"), times, Duration::ZERO);
    Ok(())
}
