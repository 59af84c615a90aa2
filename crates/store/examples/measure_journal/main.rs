//! Measures the journal and the records beside what the disk does by itself.
//!
//! `cargo run --release -p weft-store --example measure_journal -- [directory [part…]]`; the directory, by default the current
//! one, should lie on the disk of interest. The parts are `append`, `commit`, `project`, `many`, `retain` and `recover`, by
//! default all of them. Times are in microseconds. Where `WEFT_MEASURE_POSTGRES` names a database, runs are in a new schema of it, and CPU
//! times leave out PostgreSQL's own.
#![allow(clippy::print_stdout, reason = "its output is the point")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use weft_store::{Options, PostgresOptions, RunJournal, RunRecords, Store};
use weft_types::{RunId, RunStatus};
use weft_workflow_engine::port::journal::{Journal, Position, Urgency};
use weft_workflow_engine::port::records::{Records, RunFilter};

use crate::runs::{entry, events, short_run};

mod retention;
mod runs;

/// How long each row is measured.
const TIME: Duration = Duration::from_secs(3);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = tempfile::tempdir_in(arguments.next().unwrap_or_else(|| ".".to_owned()))?;
    let parts: Vec<String> = arguments.collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    runtime.block_on(measure(directory.path(), wanted))
}

/// Where what is measured keeps its data.
struct Ground {
    directory: PathBuf,
    postgres: Option<PostgresOptions>,
}

impl Ground {
    fn new(directory: &Path) -> Self {
        let url = std::env::var("WEFT_MEASURE_POSTGRES").ok();
        let postgres = url.map(|url| PostgresOptions {
            schema: format!("measured_{}", uuid::Uuid::now_v7().simple()),
            ..PostgresOptions::new(url)
        });
        Self {
            directory: directory.join("data"),
            postgres,
        }
    }

    async fn open(&self) -> Result<Store> {
        self.open_with(Options::default()).await
    }

    async fn open_with(&self, options: Options) -> Result<Store> {
        Ok(match &self.postgres {
            Some(postgres) => Store::open_with_postgres(&self.directory, postgres, options).await?,
            None => Store::open(&self.directory, options).await?,
        })
    }
}

async fn measure(directory: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let ground = Ground::new(directory);
    let store = ground.open().await?;
    store.journal().recover().await?;
    if wanted("append") {
        appending(&store.journal()).await?;
    }
    if wanted("commit") {
        fdatasync(directory, "before")?;
        for appenders in [1, 16, 64, 256] {
            commits(&store, appenders).await?;
        }
        fdatasync(directory, "after")?;
    }
    if wanted("project") {
        projector(&store).await?;
    }
    if wanted("many") {
        many(&store).await?;
    }
    store.close().await;
    if wanted("retain") {
        retention::measure(&ground).await?;
    }
    if wanted("recover") {
        recovery(&ground).await?;
    }
    Ok(())
}

/// What the disk does by itself: 4 KiB in place, synced.
fn fdatasync(directory: &Path, when: &str) -> Result<()> {
    let file = File::create(directory.join("probe"))?;
    let page = [7; 4096];
    (0..1024).try_for_each(|page_number| file.write_all_at(&page, page_number * 4096))?;
    file.sync_all()?;
    let (mut times, start) = (Vec::new(), Instant::now());
    while start.elapsed() < TIME {
        let started = Instant::now();
        file.write_all_at(&page, (times.len() as u64 % 1024) * 4096)?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    told(&format!("fdatasync {when}"), times, TIME);
    Ok(())
}

/// What an append costs that wakes nobody.
async fn appending(journal: &RunJournal) -> Result<()> {
    const APPENDS: u32 = 20_000;
    let entries: Vec<_> = (0..APPENDS).map(|_| short_run()).collect();
    let mut last = Position::default();
    let mut spent = Duration::ZERO;
    for chunk in entries.chunks(2_000) {
        let chunk = chunk.to_vec();
        let started = Instant::now();
        for entry in chunk {
            last = journal.append(entry, Urgency::Lazy)?;
        }
        spent += started.elapsed();
        journal.commit(last).await?;
    }
    println!("append, nobody woken: {} ns", (spent / APPENDS).as_nanos());
    Ok(())
}

/// Runs one after the other in each of so many tasks, each committed at its end.
async fn commits(store: &Store, appenders: usize) -> Result<()> {
    let journal = store.journal();
    caught_up(store).await;
    let before = journal.gauges().commits;
    let cpu = cpu_time()?;
    let (start, mut tasks) = (Instant::now(), Vec::new());
    for _ in 0..appenders {
        let journal = journal.clone();
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while start.elapsed() < TIME {
                let entry = short_run();
                let started = Instant::now();
                let position = journal.append(entry, Urgency::Prompt)?;
                journal.commit(position).await?;
                times.push(started.elapsed());
            }
            anyhow::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let (runs, elapsed) = (times.len() as u64, start.elapsed());
    let behind = store.records().gauges().behind;
    caught_up(store).await;
    let commits = journal.gauges().commits - before;
    told(&format!("commit, {appenders} appenders"), times, elapsed);
    println!(
        "    {:.2} runs a commit; {behind} runs behind at the end; {:.1} us of CPU a run until the records had all",
        runs as f64 / commits as f64,
        (cpu_time()? - cpu).as_secs_f64() * 1e6 / runs as f64
    );
    Ok(())
}

/// Waits until the records have all that is committed.
async fn caught_up(store: &Store) {
    let (journal, records) = (store.journal(), store.records());
    records.settled(journal.committed()).await;
    while records.gauges().behind > 0 {
        records.settled(journal.committed()).await;
    }
}

/// The records' own CPU time, when they have nothing else to do and are never late.
async fn projector(store: &Store) -> Result<()> {
    const RUNS: u32 = 50_000;
    let journal = store.journal();
    caught_up(store).await;
    let entries: Vec<_> = (0..RUNS).map(|_| short_run()).collect();
    let threads = thread_times()?;
    let mut last = Position::default();
    for chunk in entries.chunks(1_000) {
        for entry in chunk.iter().cloned() {
            last = journal.append(entry, Urgency::Lazy)?;
        }
        journal.commit(last).await?;
    }
    caught_up(store).await;
    println!("{RUNS} short runs in large batches, us of CPU a run, by thread:");
    for (name, after) in thread_times()? {
        let before = threads.iter().find(|(other, _)| *other == name);
        let spent = after - before.map_or(Duration::ZERO, |(_, before)| *before);
        if spent > Duration::from_millis(1) {
            println!("    {name}: {:.1}", spent.as_secs_f64() * 1e6 / f64::from(RUNS));
        }
    }
    Ok(())
}

/// Lists and details among many runs.
async fn many(store: &Store) -> Result<()> {
    const RUNS: usize = 1_000_000;
    let (journal, records) = (store.journal(), store.records());
    let (mut ids, mut last) = (Vec::new(), Position::default());
    let filled = Instant::now();
    while ids.len() < RUNS {
        for _ in 0..1_000 {
            let entry = short_run();
            ids.push(entry.run);
            last = journal.append(entry, Urgency::Lazy)?;
        }
        journal.commit(last).await?;
        records.settled(last).await;
    }
    println!("{RUNS} runs recorded in {:.1} s", filled.elapsed().as_secs_f64());
    details(&records, &ids).await?;
    lists(&records, &ids).await
}

async fn details(records: &RunRecords, ids: &[RunId]) -> Result<()> {
    let project = "default".parse()?;
    let mut times = Vec::new();
    for index in 0..2_000 {
        let run = ids[(index * 7919) % ids.len()];
        let started = Instant::now();
        records.run(&project, run).await?;
        records.history(run, None, 1 << 20).await?;
        times.push(started.elapsed());
    }
    told("detail with its history", times, Duration::ZERO);
    Ok(())
}

async fn lists(records: &RunRecords, ids: &[RunId]) -> Result<()> {
    let project = "default".parse()?;
    let none = RunFilter::default();
    let filters = [
        ("all", none.clone()),
        (
            "workflow",
            RunFilter {
                workflow: Some("flow-3".parse()?),
                ..none.clone()
            },
        ),
        (
            "failed",
            RunFilter {
                status: vec![RunStatus::Failed],
                ..none.clone()
            },
        ),
        (
            "submitter",
            RunFilter {
                submitter: Some("user-7".to_owned()),
                ..none.clone()
            },
        ),
        (
            "running, of which there are none",
            RunFilter {
                status: vec![RunStatus::Running],
                ..none
            },
        ),
    ];
    for (name, filter) in filters {
        let mut times = Vec::new();
        for index in 0..500 {
            let before = ids[(index * 104_729) % ids.len()];
            let started = Instant::now();
            records.list(&project, &filter, Some(before), 50).await?;
            times.push(started.elapsed());
        }
        told(&format!("page of 50, {name}"), times, Duration::ZERO);
    }
    Ok(())
}

/// How long it takes until ten thousand open runs are there again.
async fn recovery(ground: &Ground) -> Result<()> {
    const RUNS: usize = 10_000;
    let store = ground.open().await?;
    let journal = store.journal();
    let found = journal.recover().await?.runs.len();
    let mut last = Position::default();
    for _ in 0..RUNS - found {
        let (run, events) = events();
        let open = entry(run, &events[..events.len() - 1], false);
        last = journal.append(open, Urgency::Lazy)?;
    }
    journal.commit(last).await?;
    drop((journal, store));

    let started = Instant::now();
    let store = ground.open().await?;
    let opened = started.elapsed();
    let found = store.journal().recover().await?;
    println!(
        "{} open runs: opened in {} ms, recovered in {} ms",
        found.runs.len(),
        opened.as_millis(),
        (started.elapsed() - opened).as_millis()
    );
    store.close().await;
    Ok(())
}

fn told(what: &str, mut times: Vec<Duration>, elapsed: Duration) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_micros();
    let rate = match elapsed.is_zero() {
        true => String::new(),
        false => format!(", {:.0}/s", times.len() as f64 / elapsed.as_secs_f64()),
    };
    println!("{what}: p50 {} p99 {} max {}{rate}", at(0.5), at(0.99), at(1.0));
}

/// CPU time of this process so far.
fn cpu_time() -> Result<Duration> {
    Ok(spent(&std::fs::read_to_string("/proc/self/stat")?))
}

/// CPU time of each thread so far, those of one name summed.
fn thread_times() -> Result<Vec<(String, Duration)>> {
    let mut times: Vec<(String, Duration)> = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task")? {
        let directory = thread?.path();
        let name = std::fs::read_to_string(directory.join("comm"))?.trim().to_owned();
        let nanos = std::fs::read_to_string(directory.join("schedstat"))?;
        let nanos = nanos
            .split(' ')
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let time = Duration::from_nanos(nanos);
        match times.iter_mut().find(|(other, _)| *other == name) {
            Some((_, sum)) => *sum += time,
            None => times.push((name, time)),
        }
    }
    Ok(times)
}

/// The user and system time in a line of `/proc/…/stat`, which counts hundredths of a second.
fn spent(stat: &str) -> Duration {
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = behind_name
        .split(' ')
        .skip(12)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}
