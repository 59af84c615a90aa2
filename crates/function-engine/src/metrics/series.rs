//! What is counted per function, kept apart per core and summed when read.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use weft_types::{FunctionName, ProjectName};

use super::histogram::{Histogram, Sum};
use crate::port::{Failure, Loss};

/// More cores than this share counters: what a function's counters weigh stays under 8 KiB.
const MOST_SHARDS: usize = 8;

/// The counters of one function, or of all those beyond the bound on series.
pub(crate) struct Series {
    shards: Box<[Counts]>,
}

/// What one core counts, on cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
struct Counts {
    calls: AtomicU64,
    cold_starts: AtomicU64,
    errors: [AtomicU64; ErrorKind::ALL.len()],
    duration: Histogram,
    start: Histogram,
    queue: Histogram,
}

/// The sum over all cores.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) cold_starts: u64,
    pub(super) errors: [u64; ErrorKind::ALL.len()],
    pub(super) duration: Sum,
    pub(super) start: Sum,
    pub(super) queue: Sum,
}

/// All series, one per function up to a bound.
pub(crate) struct SeriesList {
    shards: usize,
    most: usize,
    by_function: Mutex<BTreeMap<(ProjectName, FunctionName), Arc<Series>>>,
    others: Arc<Series>,
}

/// How a call ended badly, the `kind` label of `faas_errors_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Function,
    Trapped,
    Exited,
    Timeout,
    CpuLimit,
    Memory,
    SandboxMemory,
    StackOverflow,
    Result,
    NoResponse,
    CallLimit,
    Cancelled,
    Overloaded,
    QueueTimeout,
    Unavailable,
    WorkerMemory,
    WorkerCrash,
    WorkerHang,
    WorkerProtocol,
    WorkerStart,
    Platform,
}

impl Series {
    fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| Counts::default()).collect(),
        }
    }

    pub(crate) fn started(&self, queue: Duration, cold: bool) {
        let counts = self.own();
        counts.queue.observe(queue);
        counts.cold_starts.fetch_add(cold.into(), Relaxed);
    }

    pub(crate) fn executed(&self, start: Duration) {
        self.own().start.observe(start);
    }

    pub(crate) fn ended(&self, duration: Duration, error: Option<ErrorKind>) {
        let counts = self.own();
        counts.calls.fetch_add(1, Relaxed);
        counts.duration.observe(duration);
        if let Some(kind) = error {
            counts.errors[kind as usize].fetch_add(1, Relaxed);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for counts in &self.shards {
            totals.calls += counts.calls.load(Relaxed);
            totals.cold_starts += counts.cold_starts.load(Relaxed);
            for (sum, count) in totals.errors.iter_mut().zip(&counts.errors) {
                *sum += count.load(Relaxed);
            }
            totals.duration.add(&counts.duration);
            totals.start.add(&counts.start);
            totals.queue.add(&counts.queue);
        }
        totals
    }

    fn own(&self) -> &Counts {
        &self.shards[weft_pool::shard() % self.shards.len()]
    }
}

impl SeriesList {
    pub(super) fn new(shards: usize, most: usize) -> Self {
        let shards = shards.clamp(1, MOST_SHARDS);
        Self {
            shards,
            most,
            by_function: Mutex::default(),
            others: Arc::new(Series::new(shards)),
        }
    }

    /// The series of a function, the common one where there are too many.
    pub(crate) fn of(&self, project: &ProjectName, function: &FunctionName) -> Arc<Series> {
        let mut list = self.lock();
        let key = (project.clone(), function.clone());
        if let Some(series) = list.get(&key) {
            return Arc::clone(series);
        }
        if list.len() >= self.most {
            return Arc::clone(&self.others);
        }
        let series = Arc::new(Series::new(self.shards));
        list.insert(key, Arc::clone(&series));
        series
    }

    /// Forgets the series of a function that was deleted.
    pub(crate) fn remove(&self, project: &ProjectName, function: &FunctionName) {
        self.lock().remove(&(project.clone(), function.clone()));
    }

    /// Labels and sums of every series with a call.
    pub(super) fn totals(&self) -> Vec<([(&'static str, String); 2], Totals)> {
        let list = self.lock();
        let own = list
            .iter()
            .map(|((project, function), series)| (labels(project.as_str(), function.as_str()), series));
        own.chain([(labels("", "_other"), &self.others)])
            .map(|(labels, series)| (labels, series.totals()))
            .filter(|(_, totals)| totals.calls > 0)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(ProjectName, FunctionName), Arc<Series>>> {
        self.by_function.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for SeriesList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeriesList")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl ErrorKind {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 21] = [
        Self::Function,
        Self::Trapped,
        Self::Exited,
        Self::Timeout,
        Self::CpuLimit,
        Self::Memory,
        Self::SandboxMemory,
        Self::StackOverflow,
        Self::Result,
        Self::NoResponse,
        Self::CallLimit,
        Self::Cancelled,
        Self::Overloaded,
        Self::QueueTimeout,
        Self::Unavailable,
        Self::WorkerMemory,
        Self::WorkerCrash,
        Self::WorkerHang,
        Self::WorkerProtocol,
        Self::WorkerStart,
        Self::Platform,
    ];

    /// Whether it tells of a guest that went wrong so badly that a stronger wall around it may be wanted.
    pub(crate) fn is_trap(self) -> bool {
        match self {
            Self::Trapped
            | Self::Exited
            | Self::Memory
            | Self::StackOverflow
            | Self::WorkerMemory
            | Self::WorkerCrash
            | Self::WorkerHang
            | Self::WorkerProtocol => true,
            Self::Function
            | Self::Timeout
            | Self::CpuLimit
            | Self::SandboxMemory
            | Self::Result
            | Self::NoResponse
            | Self::CallLimit
            | Self::Cancelled
            | Self::Overloaded
            | Self::QueueTimeout
            | Self::Unavailable
            | Self::WorkerStart
            | Self::Platform => false,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Trapped => "trapped",
            Self::Exited => "exited",
            Self::Timeout => "timeout",
            Self::CpuLimit => "cpu-limit",
            Self::Memory => "memory-limit",
            Self::SandboxMemory => "sandbox-memory",
            Self::StackOverflow => "stack-overflow",
            Self::Result => "result",
            Self::NoResponse => "no-response",
            Self::CallLimit => "call-limit",
            Self::Cancelled => "cancelled",
            Self::Overloaded => "overloaded",
            Self::QueueTimeout => "queue-timeout",
            Self::Unavailable => "unavailable",
            Self::WorkerMemory => "worker-memory",
            Self::WorkerCrash => "worker-crash",
            Self::WorkerHang => "worker-hang",
            Self::WorkerProtocol => "worker-protocol",
            Self::WorkerStart => "worker-start",
            Self::Platform => "platform",
        }
    }
}

impl From<&Failure> for ErrorKind {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Trap { .. } => Self::Trapped,
            Failure::Exited(_) => Self::Exited,
            Failure::TimedOut(_) => Self::Timeout,
            Failure::CpuTime(_) => Self::CpuLimit,
            Failure::OutOfMemory(_) => Self::Memory,
            Failure::SandboxMemory(_) => Self::SandboxMemory,
            Failure::StackOverflow => Self::StackOverflow,
            Failure::OutputTooLarge(_) | Failure::InvalidResult(_) => Self::Result,
            Failure::NoResponse => Self::NoResponse,
            Failure::CallLimit(_) => Self::CallLimit,
            Failure::Cancelled => Self::Cancelled,
            Failure::QueueTimeout(_) => Self::QueueTimeout,
            Failure::Unavailable(_) => Self::Unavailable,
            Failure::Lost(loss) | Failure::Unstarted(loss) => Self::from(loss),
            Failure::Platform(_) => Self::Platform,
        }
    }
}

impl From<&Loss> for ErrorKind {
    fn from(loss: &Loss) -> Self {
        match loss {
            Loss::OutOfMemory(_) => Self::WorkerMemory,
            Loss::Crashed(_) => Self::WorkerCrash,
            Loss::Hung(_) => Self::WorkerHang,
            Loss::Violated(_) => Self::WorkerProtocol,
            Loss::SlowStart(_) => Self::WorkerStart,
            Loss::HeldBack { last, .. } => Self::from(&**last),
            Loss::NoRoom(_) => Self::Unavailable,
        }
    }
}

fn labels(project: &str, function: &str) -> [(&'static str, String); 2] {
    [("project", project.to_owned()), ("function", function.to_owned())]
}
