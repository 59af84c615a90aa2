//! What a store carries: the executing version, the call it executes and the guest's handles.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use weft_function_engine::port::{CallContext, Host};
use weft_types::version::Flavor;
use weft_types::{Grants, ProjectName, Settings, VersionRecord};

use crate::data::Held;
use crate::epoch::Meter;
use crate::limits::Limiter;
use crate::memory::Memory;
#[cfg(feature = "server")]
use crate::outbound::{Access, Client, Exchanges};
use crate::wasi::{Pipes, VirtualClock, Wasi};

/// Most handles a guest holds at once: streams, pollables, HTTP fields.
const MAX_HANDLES: usize = 1024;
/// Largest HTTP fields of one message, in bytes as they lie in memory.
const MAX_FIELDS: usize = 64 << 10;
/// What a body of a guest takes from it at once, in bytes.
pub(crate) const BODY_CHUNK: usize = 64 << 10;
/// Most chunks that wait in a body until they are sent.
const BODY_CHUNKS: usize = 2;

// What a guest can have the host hold for it, beside the memory it is charged for, stays in the order of that.
const _: () =
    assert!(MAX_HANDLES * BODY_CHUNK * BODY_CHUNKS <= 128 << 20 && MAX_HANDLES * MAX_FIELDS <= 128 << 20);

/// What every call of one version has in common.
pub(crate) struct Version {
    pub(crate) project: ProjectName,
    pub(crate) flavor: Flavor,
    pub(crate) grants: Grants,
    /// Whether equal seed and time make its calls answer equally.
    pub(crate) repeatable: bool,
    /// The environment variables the guest sees.
    pub(crate) env: Vec<(String, String)>,
    /// What all guests may have together; none where something else bounds that.
    pub(crate) memory: Option<Arc<Memory>>,
    /// What its calls reach outside themselves through.
    pub(crate) host: Arc<dyn Host>,
    /// What its outbound requests may reach.
    #[cfg(feature = "server")]
    pub(crate) outbound: Access,
}

/// The executing version and the call it executes: who asks for a host function.
pub(crate) struct Caller {
    pub(crate) version: Arc<Version>,
    pub(crate) context: CallContext,
    /// The outbound requests under way.
    #[cfg(feature = "server")]
    pub(crate) exchanges: Exchanges,
}

impl Caller {
    /// What the call reaches outside itself through.
    pub(crate) fn host(&self) -> &dyn Host {
        self.context.host.as_deref().unwrap_or(&*self.version.host)
    }
}

/// The data of a store.
pub(crate) struct HostState {
    pub(crate) caller: Caller,
    pub(crate) table: ResourceTable,
    /// What the guest's sinks hold.
    pub(crate) held: Held,
    pub(crate) limiter: Limiter,
    pub(crate) meter: Arc<Meter>,
    http: WasiHttpCtx,
    /// Built at the first use: most guests import WASI and few of their calls need it.
    wasi: Option<Wasi>,
    /// A command's, until its context is built.
    pipes: Option<Pipes>,
    /// How often the guest asked for something that may have made a handle.
    asked: u32,
}

impl Version {
    pub(crate) fn new(
        record: &VersionRecord,
        host: Arc<dyn Host>,
        memory: Option<Arc<Memory>>,
        #[cfg(feature = "server")] client: &Arc<Client>,
    ) -> Self {
        let Settings { grants, env, .. } = &record.settings;
        let flavor = record.inspection.flavor;
        Self {
            project: record.project.clone(),
            flavor,
            grants: grants.clone(),
            // A peer that waits on a connection sees real time.
            repeatable: flavor != Flavor::Http && (grants.is_empty() || record.effect_free),
            env: env
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            memory,
            host,
            #[cfg(feature = "server")]
            outbound: Access::new(&record.project, grants, Arc::clone(client)),
        }
    }
}

impl HostState {
    pub(crate) fn new(version: Arc<Version>, context: CallContext) -> Self {
        let limiter = Limiter::new(context.memory);
        Self {
            caller: Caller {
                version,
                context,
                #[cfg(feature = "server")]
                exchanges: Exchanges::default(),
            },
            table: table(),
            held: Held::default(),
            limiter,
            meter: Arc::new(Meter::new()),
            http: http_context(),
            wasi: None,
            pipes: None,
            asked: 0,
        }
    }

    /// Makes the state that of an instance that was never called, but for the memory it has, which it is charged for.
    pub(crate) fn begin_anew(&mut self, context: CallContext) {
        self.limiter.set_limit(context.memory);
        self.meter.reset();
        self.caller.context = context;
        #[cfg(feature = "server")]
        {
            self.caller.exchanges = Exchanges::default();
        }
        self.table = table();
        self.held = Held::default();
        self.http = http_context();
        self.wasi = None;
        self.pipes = None;
        self.asked = 0;
    }

    /// The most handles that the guest can have had at once, if it has none left: what it asks for makes one at most, but for
    /// sockets, which it does not get, and two are given to it with a request.
    pub(crate) fn handles_at_once(&self) -> Option<u32> {
        self.table
            .is_empty()
            .then(|| match (self.asked, self.caller.version.flavor) {
                (0, _) => 0,
                (asked, Flavor::Http) => asked.saturating_add(2),
                (asked, _) => asked,
            })
    }

    /// Notes that the guest asks for something that may make a handle.
    pub(crate) fn note_asked(&mut self) {
        self.asked = self.asked.saturating_add(1);
    }

    /// Adapts the state to the next call of a reused instance.
    pub(crate) fn begin(&mut self, context: CallContext) {
        self.limiter.set_limit(context.memory);
        self.meter.reset();
        self.caller.context = context;
        #[cfg(feature = "server")]
        self.caller.exchanges.reset();
        if let Some(wasi) = &mut self.wasi {
            wasi.begin(&self.caller);
        }
    }

    /// Ends a call: output that waits for the end of its line is emitted.
    pub(crate) fn finish(&self) {
        if let Some(wasi) = &self.wasi {
            wasi.finish();
        }
    }

    /// Gives a command its standard input and output, before its instance is created.
    pub(crate) fn set_pipes(&mut self, pipes: Pipes) {
        self.pipes = Some(pipes);
    }

    /// The guest's clock, where it is not the real one.
    pub(crate) fn virtual_clock(&mut self) -> Option<VirtualClock> {
        self.note_asked();
        self.wasi().clock.clone()
    }

    fn wasi(&mut self) -> &mut Wasi {
        let Self {
            wasi, caller, pipes, ..
        } = self;
        wasi.get_or_insert_with(|| Wasi::new(caller, pipes.take()))
    }
}

fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_HANDLES);
    table
}

fn http_context() -> WasiHttpCtx {
    let mut context = WasiHttpCtx::new();
    context.set_field_size_limit(MAX_FIELDS);
    context
}

impl Drop for HostState {
    fn drop(&mut self) {
        // Also of a guest that was stopped.
        self.finish();
        if let Some(memory) = &self.caller.version.memory {
            memory.give_back(self.limiter.used());
        }
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.note_asked();
        let Self {
            wasi,
            caller,
            pipes,
            table,
            ..
        } = self;
        let wasi = wasi.get_or_insert_with(|| Wasi::new(caller, pipes.take()));
        WasiCtxView {
            ctx: &mut wasi.ctx,
            table,
        }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.note_asked();
        WasiHttpCtxView {
            hooks: &mut self.caller,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
