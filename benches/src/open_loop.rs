//! A load of a fixed rate: requests are due at fixed times whatever the server does, and a latency counts from when its
//! request was due, so that a stall is not hidden by a client that politely waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::connection::Connection;

/// What a load saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Latencies in milliseconds.
    pub(crate) latencies: Vec<f64>,
    /// When each of those requests was due, in seconds from the first.
    pub(crate) due: Vec<f64>,
    /// Answers that were no success, and broken connections.
    pub(crate) errors: usize,
    /// Those of them that said when to come again, with status 503.
    pub(crate) shed: usize,
    /// The first of those, at most [`MOST_KEPT`] a connection.
    pub(crate) failed: Vec<Failed>,
}

/// An answer that was no success, or none.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// Its status; 0 where the connection broke.
    pub(crate) status: u16,
    /// What it said.
    pub(crate) text: String,
}

/// Most failures that are kept of a connection.
const MOST_KEPT: usize = 1_000;

impl Outcome {
    /// The latency below which `share` of the requests lie, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        crate::report::percentile(&self.latencies, share)
    }
}

/// Sends `request` at `rate` per second over `connections` connections, which are open before, for `duration`.
pub(crate) async fn load(
    port: u16,
    request: Vec<u8>,
    connections: u32,
    rate: f64,
    duration: Duration,
) -> Result<Outcome> {
    let time = async {
        tokio::time::sleep(duration).await;
        Ok(())
    };
    load_beside(port, request, connections, rate, time).await
}

/// The same for as long as something else takes.
pub(crate) async fn load_beside(
    port: u16,
    request: Vec<u8>,
    connections: u32,
    rate: f64,
    work: impl Future<Output = Result<()>>,
) -> Result<Outcome> {
    let request = Arc::new(request);
    let gap = Duration::from_secs_f64(f64::from(connections) / rate);
    let opening = (0..connections).map(|_| Connection::open(port));
    let open = futures_util::future::try_join_all(opening).await?;
    let start = Instant::now() + Duration::from_millis(50);
    let ended = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for (i, connection) in (0..connections).zip(open) {
        let first = start + gap.mul_f64(f64::from(i) / f64::from(connections));
        let (request, ended) = (request.clone(), ended.clone());
        let pace = Pace { start, first, gap };
        let calls = one_connection(connection, port, request, pace, ended);
        tasks.push(tokio::spawn(calls));
    }
    tokio::time::sleep_until(start).await;
    work.await?;
    ended.store(true, Ordering::Relaxed);
    let mut all = Outcome::default();
    for task in tasks {
        let one = task.await??;
        all.latencies.extend(one.latencies);
        all.due.extend(one.due);
        all.errors += one.errors;
        all.shed += one.shed;
        all.failed.extend(one.failed);
    }
    Ok(all)
}

/// When the requests of a connection are due.
#[derive(Clone, Copy)]
struct Pace {
    /// When the first request of all is.
    start: Instant,
    first: Instant,
    gap: Duration,
}

async fn one_connection(
    mut connection: Connection,
    port: u16,
    request: Arc<Vec<u8>>,
    pace: Pace,
    ended: Arc<AtomicBool>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut due = pace.first;
    while !ended.load(Ordering::Relaxed) {
        tokio::time::sleep_until(due).await;
        match connection.send(&request).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                outcome.latencies.push(due.elapsed().as_secs_f64() * 1e3);
                outcome.due.push((due - pace.start).as_secs_f64());
            }
            Ok(answer) => {
                let told = answer
                    .header("retry-after")
                    .is_some_and(|after| after.parse::<u32>().is_ok());
                outcome.shed += usize::from(answer.status == 503 && told);
                outcome.fail(answer.status, &answer.body);
            }
            Err(error) => {
                outcome.fail(0, error.to_string().as_bytes());
                connection = Connection::open(port).await?;
            }
        }
        due += pace.gap;
    }
    Ok(outcome)
}

impl Outcome {
    fn fail(&mut self, status: u16, text: &[u8]) {
        self.errors += 1;
        if self.failed.len() < MOST_KEPT {
            let text = String::from_utf8_lossy(text).into_owned();
            self.failed.push(Failed { status, text });
        }
    }
}
