//! Compiling in a process of its own.
//!
//! Uploaded code is hostile until proven otherwise, and validating, inspecting and compiling it is a lot of program to
//! trust with that. So all three happen in a child process: this very executable, started again with a hidden first
//! argument, which confines itself (see `prepare/sandbox.rs`) before it looks at the first byte. It cannot reach the network or
//! any file but its two, it ends when this process ends, and it is killed when it overruns its bounds or nobody waits
//! for it any longer. How many run at once is bounded, so that uploads never starve calls.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use weft_function_engine::port::{PrepareError, Tier};
use weft_types::version::Inspection;

mod answer;
mod child;
mod compile;
mod ending;
mod probe;
mod sandbox;

pub use child::child_main;
pub use compile::{CompileError, Compiled, compile, examine};
pub use probe::{Probe, probe};

use answer::{Answer, Outcome};
use sandbox::Priority;

/// Bounds on compiling, and how its processes are started.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The executable whose `main` begins with [`child_main`]; `/proc/self/exe` by default.
    pub executable: PathBuf,
    /// Processes at once; further calls wait. 2 by default.
    pub at_once: usize,
    /// Calls that wait for one; further ones are refused. 256 by default.
    pub waiting: usize,
    /// Wall time of one compile, from the start of its process; 120 s by default. For a quarter of it a compile is content with what
    /// others leave of the cores; one that has not ended by then is begun again among them.
    pub wall: Duration,
    /// Address space of one process in bytes; 4 GiB by default.
    pub memory: u64,
    /// Largest compiled file in bytes; 1 GiB by default.
    pub output: u64,
    /// Threads of one process; the number of cores by default.
    pub threads: usize,
    /// Code larger than this many bytes is compiled with [`Tier::Baseline`] first; 4 MiB by default.
    pub baseline_above: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            executable: PathBuf::from("/proc/self/exe"),
            at_once: 2,
            waiting: 256,
            wall: Duration::from_secs(120),
            memory: 4 << 30,
            output: 1 << 30,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            baseline_above: 4 << 20,
        }
    }
}

/// Longest answer of a child in bytes. An inspection is bounded well below it.
const MAX_ANSWER: u64 = 16 << 20;
/// The part of its time for which a compile is content with what others leave: one in so many.
const PATIENT: u32 = 4;
/// How much of what a dying child wrote to its standard error is kept, in bytes.
const MAX_LAST_WORDS: u64 = 8 << 10;

/// Starts compiling processes, a bounded number at once.
#[derive(Debug)]
pub struct Preparer {
    settings: Settings,
    permits: Semaphore,
    /// For those with a permit and those who wait for one.
    places: Semaphore,
}

impl Preparer {
    /// A preparer with these bounds.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let at_once = settings.at_once.clamp(1, Semaphore::MAX_PERMITS);
        let places = at_once
            .saturating_add(settings.waiting)
            .min(Semaphore::MAX_PERMITS);
        Self {
            permits: Semaphore::new(at_once),
            places: Semaphore::new(places),
            settings,
        }
    }

    /// Which tier code of `size` bytes is compiled with first.
    #[must_use]
    pub fn first_tier(&self, size: u64) -> Tier {
        match size > self.settings.baseline_above {
            true => Tier::Baseline,
            false => Tier::Optimized,
        }
    }

    /// Validates, inspects and compiles the file `code` into the new file `out`. Dropping the future kills the process.
    /// `out` is not synced; on failure it may be left behind incomplete.
    ///
    /// # Errors
    /// As [`PrepareError`] lists them.
    pub async fn prepare(&self, code: &Path, out: &Path, tier: Tier) -> Result<Inspection, PrepareError> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(PrepareError::Busy(self.settings.waiting));
        };
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(PrepareError::Died("no further processes are started".to_owned()));
        };
        let job = child::Job::Compile {
            tier,
            code: code.to_owned(),
            out: out.to_owned(),
        };
        let answer = self.settings.run(&job).await?;
        warn_of_missing(&answer);
        match answer.outcome {
            Outcome::Prepared(inspection) => Ok(*inspection),
            other => Err(other.into_error(&self.settings)),
        }
    }
}

impl Settings {
    /// Does a job in a child: first in what others leave of the cores. Beside calls that leave nothing it would never end, so
    /// then it is begun again among them. A process cannot do that for itself: what runs when others do not is held to it.
    async fn run(&self, job: &child::Job) -> Result<Answer, PrepareError> {
        let patience = self.wall / PATIENT;
        let tries = [
            (Priority::Idle, patience),
            (Priority::Low, self.wall.saturating_sub(patience)),
        ];
        for (priority, time) in tries {
            if let Some(answer) = self.run_for(job, priority, time).await? {
                return Ok(answer);
            }
        }
        Err(PrepareError::TimedOut(self.wall))
    }

    /// Runs one child to its end, or until it has had its time: then there is no answer.
    async fn run_for(
        &self,
        job: &child::Job,
        priority: Priority,
        time: Duration,
    ) -> Result<Option<Answer>, PrepareError> {
        let mut child = self.start(job, priority)?;
        match tokio::time::timeout(time, ended(&mut child)).await {
            Ok(Ok(end)) => end.answer(self).map(Some),
            Ok(Err(error)) => Err(PrepareError::Died(format!(
                "its answer could not be read: {error}"
            ))),
            Err(_) => {
                // Waits for the end, so that nothing of it runs when its place is given away.
                let _ = child.kill().await;
                Ok(None)
            }
        }
    }

    fn start(&self, job: &child::Job, priority: Priority) -> Result<Child, PrepareError> {
        Command::new(&self.executable)
            .args(job.arguments(self, priority))
            .env_clear()
            .env("RAYON_NUM_THREADS", self.threads.max(1).to_string())
            // Stays open as long as this process lives: the child ends itself when it reads its end.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| PrepareError::Died(format!("it could not be started: {error}")))
    }
}

/// Reads all that a child says and waits for its end. Its standard input stays open meanwhile.
async fn ended(child: &mut Child) -> std::io::Result<ending::Ending> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (answer, last_words) = tokio::join!(bounded(stdout, MAX_ANSWER), bounded(stderr, MAX_LAST_WORDS));
    // `Child::wait` closes the standard input first; by now the child has closed its outputs or been cut off.
    let status = child.wait().await?;
    Ok(ending::Ending {
        status,
        answer: answer?,
        last_words: last_words?,
    })
}

/// Reads up to `limit` bytes. Dropping the pipe ends whoever writes on.
async fn bounded(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Says once per process what confinement the host lacks.
fn warn_of_missing(answer: &Answer) {
    static WARNED: Once = Once::new();
    if !answer.missing.is_empty() {
        WARNED.call_once(|| {
            tracing::warn!(missing = ?answer.missing, "uploads are compiled with less confinement than intended");
        });
    }
}
