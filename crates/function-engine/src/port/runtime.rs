//! Where code runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;
use weft_pool::{Level, Party, Profile, Wanted};
use weft_types::image::{Attached, Image};
use weft_types::version::{ImportedFunction, Inspection};
use weft_types::{FunctionName, Limits, NodeKey, ProjectName, VersionRecord};

use super::{Attempt, Boxed, Compiled, Failure, Kept, Outbound, StorageError};

/// What fails in a streamed body.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;
/// A streamed body, either way.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Compiles code and loads what was compiled.
pub trait Runtime: Send + Sync + 'static {
    /// Validates, inspects and compiles the file `code` into the file `out`, in a process of its own that can neither reach
    /// anything else nor outlive its bounds. The number of such processes at once is bounded; others wait.
    fn prepare<'a>(
        &'a self,
        code: &'a Path,
        out: &'a Path,
        tier: Tier,
    ) -> Boxed<'a, Result<Inspection, PrepareError>>;

    /// Names the form that `prepare` writes for a tier: it changes with the engine's version and settings.
    fn compiled_key(&self, tier: Tier) -> String;

    /// Which tier code of this size is compiled with first.
    fn first_tier(&self, size: u64) -> Tier;

    /// How far instances can be had at a level here. Blocks where that has to be tried first, for a fraction of a second.
    fn standing(&self, level: Level) -> Standing;

    /// Maps compiled code and makes it ready to be instantiated. Blocks, for 0.05 to 3 ms.
    ///
    /// # Errors
    /// Where the file is not what it was when written (the caller compiles anew), or imports cannot be satisfied.
    fn load(&self, load: Load<'_>) -> Result<Arc<dyn Code>, LoadError>;
}

/// How far a level can be had on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it is enforced.
    Works,
    /// It works, but for what is said.
    Degraded(Vec<String>),
    /// It cannot be had: why, and what to do about it.
    Unavailable(String),
}

/// How code is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Fast to compile, slower to run: the first minutes of huge code.
    Baseline,
    /// The usual one.
    Optimized,
    /// Optimized with explicit bounds checks, for guests that grow memory on every call.
    ExplicitBounds,
}

/// What to load.
pub struct Load<'a> {
    /// The version.
    pub version: &'a VersionRecord,
    /// The profile of its pool.
    pub profile: &'a Profile,
    /// Its compiled form.
    pub compiled: &'a Compiled,
    /// How it was compiled.
    pub tier: Tier,
    /// Whether `compiled.digest` was already checked in this process.
    pub verified: bool,
    /// Imported interfaces that other functions satisfy.
    pub bindings: Vec<ImportBinding>,
    /// How many calls an instance serves.
    pub reuse: u32,
    /// The most that its calls may ask for.
    pub most: Most,
    /// What calls of this version reach outside themselves through.
    pub host: Arc<dyn Host>,
}

/// The most that calls of a version may ask for, in bytes: what a process that serves them is sized by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Most {
    /// Memory of an instance.
    pub memory: u64,
    /// Arguments.
    pub input: u64,
    /// The result.
    pub output: u64,
}

/// An imported interface and the function that satisfies it.
#[derive(Clone, Debug)]
pub struct ImportBinding {
    /// The interface, such as `weft:pricing/api@0.1.0`.
    pub interface: String,
    /// Its functions as the importer sees them.
    pub functions: Vec<ImportedFunction>,
    /// The function of the project that exports it.
    pub callee: FunctionName,
}

/// Loaded code of one version.
pub trait Code: Send + Sync + 'static {
    /// An instance to execute in: cheap, as nothing of the guest runs before the first call or [`Instance::warm`].
    fn instance(&self) -> Box<dyn Instance>;

    /// Whether most of the recent fresh instances grew their memory, so that [`Tier::ExplicitBounds`] suits it better.
    fn grows(&self) -> bool;

    /// The instances that its level keeps by itself; none where each instance is leased from the engine's own pool. What
    /// each uses is looked at where `usage` says so, which reads a few files each.
    fn kept(&self, usage: bool) -> Option<Kept> {
        let _ = usage;
        None
    }

    /// Has so many instances there that could serve a call more, started as far as they are missing and may be, and waits until they
    /// can be called. `permit` goes with one that is started, until it is first called or ends; where none is, it is given back at
    /// once. Instances that are not called go as idle ones do. Nothing is done where each instance is leased from the engine's own
    /// pool.
    fn ahead<'a>(
        &'a self,
        instances: u32,
        permit: Option<OwnedSemaphorePermit>,
        deadline: Instant,
    ) -> Boxed<'a, Result<(), Failure>> {
        let _ = (instances, permit, deadline);
        Box::pin(async { Ok(()) })
    }

    /// Other code serves from now on: instances that nobody needs end, the others with their last call. Whoever holds an
    /// instance is served as before, and so is whoever gets one later, for whom an instance stays as long as one is `wanted`.
    fn retire(&self, wanted: Wanted) {
        drop(wanted);
    }
}

/// A place to execute calls of one version, one at a time.
pub trait Instance: Send + 'static {
    /// Instantiates ahead of the first call.
    fn warm<'a>(&'a mut self, context: CallContext) -> Boxed<'a, Result<(), Failure>>;

    /// Executes a call of a typed export or command. Dropping the future stops the guest within 10 ms.
    fn call<'a>(&'a mut self, call: Call) -> Boxed<'a, Result<Reply, Failure>>;

    /// How long the guest executed in the call that ended last, whether it answered or failed; 0 where that is not known.
    fn cpu_time(&self) -> Duration {
        Duration::ZERO
    }

    /// How the call that ended last, or that answered its head last, came to an instance that its level keeps by itself; asked once for
    /// each call. None where it came to none, or the engine leases them.
    fn admitted(&mut self) -> Option<Admitted> {
        None
    }

    /// Executes a call of an HTTP function, answering at the response's head. Dropping the response's body stops the guest.
    fn http<'a>(
        &'a mut self,
        request: http::Request<Body>,
        context: CallContext,
    ) -> Boxed<'a, Result<http::Response<Body>, Failure>>;

    /// Whether it can serve another call: it has neither trapped, been cancelled nor served its share.
    fn reusable(&self) -> bool;

    /// Whether nothing is left in it of the calls that it served, so that the next call finds what it would in a new one.
    fn as_new(&self) -> bool {
        false
    }
}

/// How a call came to an instance that its level keeps by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admitted {
    /// How long it waited for a place.
    pub queue: Duration,
    /// Whether it was the first call of an instance that had yet to start.
    pub cold: bool,
}

/// A call of a typed export.
#[derive(Clone)]
pub struct Call {
    /// Index into [`Inspection::exports`].
    pub export: usize,
    /// The arguments, an image of the signature's parameter record.
    pub arguments: Image,
    /// Those that are not in the image. A parameter that is a handle gets them as they are, any other one by a copy.
    pub attached: Attached,
    /// Everything else.
    pub context: CallContext,
}

/// The calls of other functions in a tree of calls.
#[derive(Debug)]
pub struct FanOut {
    left: AtomicU32,
    made: AtomicU32,
}

/// What a call carries along.
#[derive(Clone)]
pub struct CallContext {
    /// Identifies it in logs, traces and answers.
    pub invocation: Uuid,
    /// When it must have ended, waiting included.
    pub deadline: Instant,
    /// How much of that it may execute.
    pub cpu_time: Duration,
    /// Memory summed over the instance's memories and tables, in bytes.
    pub memory: u64,
    /// Largest result, in bytes.
    pub output: u64,
    /// How many calls of functions by functions led here.
    pub depth: u32,
    /// Calls to other functions left to the whole tree of calls.
    pub fan_out: Arc<FanOut>,
    /// How many this call has made itself; none for the first of its tree, whose calls are counted with those that are left.
    pub made: Option<Arc<AtomicU32>>,
    /// Seeds the randomness of a version that was granted nothing.
    pub seed: [u8; 32],
    /// What the clock of such a version starts at.
    pub time: Timestamp,
    /// Identifies the step of a workflow that this call is, or what it does on behalf of one, the same over all its attempts: the
    /// guest can read it, and outbound HTTP carries it.
    pub key: Option<NodeKey>,
    /// Whose turn it takes where calls wait for instances.
    pub party: Party,
    /// Where it comes from.
    pub trace: TraceContext,
    /// Where its output lines go.
    pub logs: Arc<dyn LogSink>,
    /// What this call alone reaches outside itself through, where that is not what its version does.
    pub host: Option<Arc<dyn Host>>,
}

impl FanOut {
    /// So many may be made.
    #[must_use]
    pub fn of(left: u32) -> Arc<Self> {
        Arc::new(Self {
            left: left.into(),
            made: 0.into(),
        })
    }
}

impl CallContext {
    /// Takes one of the calls that are left. Answers how many were, and how many this call has made before; none where none are left.
    pub fn take_call(&self) -> Option<(u32, u32)> {
        let left = &self.fan_out.left;
        let left = left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .ok()?;
        let made = self.made.as_deref().unwrap_or(&self.fan_out.made);
        Some((left, made.fetch_add(1, Relaxed)))
    }

    /// Applies bounds where they are tighter than those that hold already.
    pub fn tighten(&mut self, limits: &Limits) {
        let Limits {
            timeout_ms,
            cpu_time_ms,
            memory_bytes,
            input_bytes: _,
            output_bytes,
            concurrency: _,
            reuse: _,
        } = limits;
        if let Some(timeout) = timeout_ms.map(Duration::from_millis) {
            let deadline = tokio::time::Instant::now().into_std() + timeout;
            self.deadline = self.deadline.min(deadline);
        }
        if let Some(cpu_time) = cpu_time_ms.map(Duration::from_millis) {
            self.cpu_time = self.cpu_time.min(cpu_time);
        }
        self.memory = memory_bytes.map_or(self.memory, |most| self.memory.min(most));
        self.output = output_bytes.map_or(self.output, |most| self.output.min(most));
    }
}

/// W3C trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// 16 bytes, not all zero.
    pub trace_id: [u8; 16],
    /// The span of this call, 8 bytes, not all zero.
    pub span_id: [u8; 8],
    /// Whether the caller records the trace.
    pub sampled: bool,
}

/// What a call answered.
#[derive(Debug)]
pub struct Reply {
    /// The result, where the signature has one.
    pub result: Option<Image>,
    /// Time the guest executed.
    pub cpu_time: Duration,
    /// Time from the lease of the instance that executed it to the first instruction of the export.
    pub start_time: Duration,
}

/// Where a guest's output lines go.
pub trait LogSink: Send + Sync + 'static {
    /// Takes one line without its end; bounded by the sink, never blocking.
    fn line(&self, invocation: Uuid, stream: Stream, line: &str);

    /// How many more lines are kept: who brings them from afar need not bring any beyond.
    fn room(&self) -> u32 {
        u32::MAX
    }

    /// Counts lines that were not brought.
    fn dropped(&self, lines: u32) {
        let _ = lines;
    }

    /// The attempt at a node on whose behalf lines are written, if it is on one's: so are those of what the guest calls.
    fn attempt(&self) -> Option<&Arc<Attempt>> {
        None
    }
}

/// Which output a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a guest reaches outside itself, when granted.
pub trait Host: Send + Sync + 'static {
    /// Calls an export of another function of `project`.
    fn call<'a>(
        &'a self,
        project: &'a ProjectName,
        callee: &'a FunctionName,
        interface: &'a str,
        function: &'a ImportedFunction,
        arguments: Image,
        caller: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>>;

    /// The key-value stores.
    fn keyvalue(&self) -> &dyn super::KeyValue;

    /// What sends requests to other hosts, where the runtime does not do so itself.
    fn outbound(&self) -> Option<&dyn Outbound> {
        None
    }
}

/// Why code could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It is not code that can run here: what was found, and what would work.
    #[error("{0}")]
    Refused(String),
    /// Compiling took longer than allowed.
    #[error("compiling took longer than the limit of {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// As many compiles wait as may.
    #[error("{0} compiles already wait for a compiler")]
    Busy(usize),
    /// Compiling needed more memory than allowed.
    #[error("compiling needed more than the limit of {} MiB of memory", .0 >> 20)]
    OutOfMemory(u64),
    /// The compiler's process died.
    #[error("the compiler's process ended unexpectedly: {0}")]
    Died(String),
    /// The files could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why compiled code could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file differs from what was written, or was written by another engine.
    #[error("the compiled code is not intact: {0}")]
    NotIntact(String),
    /// An import that nothing satisfies.
    #[error("{0}")]
    Unsatisfied(String),
}
