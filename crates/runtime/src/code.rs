//! Loaded code of one version: everything about it that is prepared once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::InstancePre;
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi_http::p2::bindings::ProxyIndices;
use weft_function_engine::port::{Code, Instance};
use weft_pool::Party;
use weft_types::Signature;
use weft_types::version::Flavor;

use crate::abi::Callee;
use crate::epoch::Meter;
use crate::heavy::{Account, Heavy};
use crate::history::History;
use crate::host::{HostState, Version};
use crate::instance::Sandbox;
use crate::restore::Restorer;

/// Of the last sixteen fresh instances, how many must have grown for their version to count as growing.
const GROWING: u32 = 8;
/// A call that executes for this long is heavy: it would hold up all else that a thread which serves has to do, hundreds of them
/// for long. To execute it elsewhere costs a tenth of that.
const HEAVY_AFTER: Duration = Duration::from_micros(200);
/// Of the last sixteen calls, how many must have been heavy for the next to begin on the heavy threads.
const HEAVY: u32 = 8;

/// How often code was loaded so far.
static LOADED: AtomicU64 = AtomicU64::new(0);

/// Loaded code.
pub(crate) struct Loaded {
    /// Its version counts what was loaded: the guests of one version take turns together.
    pub(crate) account: Account,
    pub(crate) engine: Engine,
    pub(crate) version: Arc<Version>,
    pub(crate) entry: Entry,
    /// How many calls an instance serves.
    pub(crate) reuse: u32,
    /// What puts an instance back into the state in which it began, where each call gets a fresh one and that can be done.
    pub(crate) restorer: Option<Restorer>,
    /// Threads for calls that execute long; none where all calls have one thread.
    pub(crate) heavy: Option<Arc<Heavy>>,
    /// Whether fresh instances grew their memory.
    pub(crate) growth: History,
    /// Whether calls were heavy.
    heavy_calls: History,
}

/// How the code is called.
pub(crate) enum Entry {
    /// By typed exports, at the places of the inspection; none for those that cannot be called.
    Exports {
        pre: InstancePre<HostState>,
        callees: Vec<Option<Arc<Callee>>>,
    },
    /// By HTTP requests.
    Http {
        pre: InstancePre<HostState>,
        indices: ProxyIndices,
    },
    /// As a command, from standard input to standard output.
    Command {
        pre: CommandPre<HostState>,
        signature: Arc<Signature>,
    },
}

impl Loaded {
    pub(crate) fn new(
        engine: Engine,
        version: Version,
        entry: Entry,
        reuse: u32,
        restorer: Option<Restorer>,
        heavy: Option<Arc<Heavy>>,
    ) -> Self {
        // A command's state is that of a process that has ended.
        let flavor = version.flavor;
        let reuse = if flavor == Flavor::Command { 1 } else { reuse };
        Self {
            account: Account {
                project: Party::of(version.project.as_str()),
                version: LOADED.fetch_add(1, Ordering::Relaxed),
            },
            engine,
            version: Arc::new(version),
            entry,
            reuse,
            restorer: restorer.filter(|_| reuse == 1 && flavor != Flavor::Command),
            heavy,
            growth: History::default(),
            heavy_calls: History::default(),
        }
    }

    /// Whether the next call likely executes long.
    pub(crate) fn likely_heavy(&self) -> bool {
        self.heavy_calls.count() >= HEAVY
    }

    /// Takes note of how long a call executed.
    pub(crate) fn record(&self, meter: &Meter) {
        self.heavy_calls.record(meter.used() >= HEAVY_AFTER);
    }
}

/// Loaded code as the engine knows it.
pub(crate) struct Shared(pub(crate) Arc<Loaded>);

impl Code for Shared {
    fn instance(&self) -> Box<dyn Instance> {
        Box::new(Sandbox::new(self.0.clone()))
    }

    fn grows(&self) -> bool {
        self.0.growth.count() >= GROWING
    }
}
