//! Loading guests and calling them as the function engine does.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use weft_function_engine::port::{
    Boxed, Call, CallContext, Code, Compiled, Failure, FanOut, Host, Instance, KeyValue, Load, LogSink, Most,
    Reply, Runtime as _, Stream, Tier, TraceContext,
};
use weft_pool::Profile;
use weft_runtime::{Runtime, Settings, Slots, prepare};
use weft_types::image::{Bounds, Image};
use weft_types::version::ImportedFunction;
use weft_types::{Digest, FunctionName, Kind, ProjectName, Signature, VersionNumber, VersionRecord, json};

/// Bounds on values in tests.
pub(crate) const BOUNDS: Bounds = Bounds {
    bytes: 256 << 20,
    elements: 4_000_000,
};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| runtime(128, Settings::default().memory));

/// A runtime with so many places for instances, whose guests have so much memory together.
pub(crate) fn runtime(optimized: u32, memory: u64) -> Runtime {
    let slots = Slots { optimized, other: 64 };
    Runtime::new(Settings {
        slots,
        memory,
        ..Settings::default()
    })
    .unwrap()
}

/// A loaded guest.
pub(crate) struct Guest {
    pub(crate) code: Arc<dyn Code>,
    pub(crate) record: VersionRecord,
}

/// The bytes of a guest, such as `fixtures/echo`.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/functions"))
        .join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask functions` first", path.display()))
}

impl Guest {
    /// Loads it with default settings, a fresh instance for each call.
    pub(crate) fn load(name: &str) -> Self {
        Self::load_as(name, Tier::Optimized, 1, |_| {})
    }

    /// Loads it to serve `reuse` calls with an instance.
    pub(crate) fn reused(name: &str, reuse: u32) -> Self {
        Self::load_as(name, Tier::Optimized, reuse, |_| {})
    }

    /// Loads it as `configure` says.
    pub(crate) fn load_as(
        name: &str,
        tier: Tier,
        reuse: u32,
        configure: impl FnOnce(&mut VersionRecord),
    ) -> Self {
        Self::compiled(&RUNTIME, name, &bytes(name), tier, reuse, configure)
    }

    /// Loads bytes, a fresh instance for each call.
    pub(crate) fn of(wasm: &[u8], tier: Tier) -> Self {
        Self::compiled(&RUNTIME, "guest", wasm, tier, 1, |_| {})
    }

    /// Loads it into a runtime of its own, to serve `reuse` calls with an instance.
    pub(crate) fn load_in(runtime: &Runtime, name: &str, reuse: u32) -> Self {
        Self::compiled(runtime, name, &bytes(name), Tier::Optimized, reuse, |_| {})
    }

    fn compiled(
        runtime: &Runtime,
        name: &str,
        wasm: &[u8],
        tier: Tier,
        reuse: u32,
        configure: impl FnOnce(&mut VersionRecord),
    ) -> Self {
        let compiled = prepare::compile(wasm, tier).unwrap();
        let mut record = record(name, wasm, compiled.inspection);
        configure(&mut record);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("compiled");
        std::fs::write(&path, &compiled.bytes).unwrap();
        let digest = Digest::of(&compiled.bytes);
        let load = Load {
            version: &record,
            profile: &Profile::default(),
            compiled: &Compiled { path, digest },
            tier,
            verified: false,
            bindings: Vec::new(),
            reuse,
            most: Most::default(),
            host: Arc::new(Nothing),
        };
        let code = runtime.load(load).unwrap();
        Self { code, record }
    }

    pub(crate) fn instance(&self) -> Box<dyn Instance> {
        self.code.instance()
    }

    /// Where an export stands, and its types.
    pub(crate) fn export(&self, name: &str) -> (usize, &Signature) {
        let exports = &self.record.inspection.exports;
        let found = exports.iter().position(|export| export.name == name);
        let index = found.unwrap_or_else(|| panic!("no export `{name}` in {exports:?}"));
        (index, exports[index].signature().unwrap())
    }

    /// A call of an export with JSON arguments.
    pub(crate) fn prepare(&self, export: &str, arguments: &str, context: CallContext) -> Call {
        let (export, signature) = self.export(export);
        let arguments = json::parse_arguments(signature, arguments.as_bytes(), BOUNDS).unwrap();
        Call {
            export,
            arguments,
            attached: weft_types::image::Attached::default(),
            context,
        }
    }

    /// Calls an export in an instance of its own.
    pub(crate) async fn call(&self, export: &str, arguments: &str) -> Result<String, Failure> {
        self.call_under(export, arguments, context()).await
    }

    pub(crate) async fn call_under(
        &self,
        export: &str,
        arguments: &str,
        context: CallContext,
    ) -> Result<String, Failure> {
        let call = self.prepare(export, arguments, context);
        let reply = self.instance().call(call).await?;
        Ok(self.print(export, &reply))
    }

    /// The result of a call as JSON.
    pub(crate) fn print(&self, export: &str, reply: &Reply) -> String {
        match (&self.export(export).1.result, &reply.result) {
            (Some(ty), Some(image)) => print(ty, image),
            (None, None) => String::new(),
            (ty, image) => panic!("a result of {ty:?} is {image:?}"),
        }
    }
}

pub(crate) fn print(ty: &weft_types::Type, image: &Image) -> String {
    let mut out = Vec::new();
    json::print(ty, image, &mut out);
    String::from_utf8(out).unwrap()
}

fn record(name: &str, wasm: &[u8], inspection: weft_types::version::Inspection) -> VersionRecord {
    let function = name.rsplit('/').next().unwrap_or(name);
    VersionRecord {
        project: "default".parse::<ProjectName>().unwrap(),
        function: function.parse::<FunctionName>().unwrap(),
        version: VersionNumber(1),
        kind: Kind::Component,
        digest: Digest::of(wasm),
        size: wasm.len() as u64,
        inspection,
        workflow: None,
        settings: weft_types::Settings::default(),
        effect_free: true,
        creator: "test".into(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

/// A context with wide limits and logs that go nowhere.
pub(crate) fn context() -> CallContext {
    logging(Arc::new(Collected::default()))
}

/// A context with a timeout of so many milliseconds.
pub(crate) fn timeout(ms: u64) -> CallContext {
    CallContext {
        deadline: Instant::now() + Duration::from_millis(ms),
        ..context()
    }
}

/// A context with wide limits whose logs are collected.
pub(crate) fn logging(logs: Arc<Collected>) -> CallContext {
    CallContext {
        party: weft_function_engine::Party::OWN,
        invocation: Uuid::nil(),
        deadline: Instant::now() + Duration::from_secs(30),
        cpu_time: Duration::from_secs(10),
        memory: 256 << 20,
        output: 16 << 20,
        depth: 0,
        fan_out: FanOut::of(100),
        made: None,
        seed: [7; 32],
        time: "2026-01-02T03:04:05Z".parse().unwrap(),
        key: None,
        trace: TraceContext {
            trace_id: [1; 16],
            span_id: [2; 8],
            sampled: false,
        },
        logs,
        host: None,
    }
}

/// Lines that a guest printed.
#[derive(Default)]
pub(crate) struct Collected(Mutex<Vec<(Uuid, Stream, String)>>);

impl Collected {
    pub(crate) fn lines(&self) -> Vec<(Uuid, Stream, String)> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|(_, _, text)| text).collect()
    }
}

impl LogSink for Collected {
    fn line(&self, invocation: Uuid, stream: Stream, line: &str) {
        self.0.lock().unwrap().push((invocation, stream, line.to_owned()));
    }
}

/// A host with nothing behind it.
struct Nothing;

impl Host for Nothing {
    fn call<'a>(
        &'a self,
        _: &'a ProjectName,
        callee: &'a FunctionName,
        _: &'a str,
        _: &'a ImportedFunction,
        _: Image,
        _: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>> {
        Box::pin(std::future::ready(Err(Failure::Unavailable(format!(
            "no function `{callee}`"
        )))))
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        unreachable!("no test here is granted key-values")
    }
}
