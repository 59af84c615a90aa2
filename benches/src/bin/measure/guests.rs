//! Loading guests for measurements.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use weft_function_engine::port::{
    Boxed, CallContext, Code, Compiled, Failure, FanOut, Host, KeyValue, Load, LogSink, Most, Runtime as _,
    Stream, Tier, TraceContext,
};
use weft_pool::Profile;
use weft_runtime::{Runtime, prepare};
use weft_types::image::Image;
use weft_types::version::ImportedFunction;
use weft_types::{Digest, FunctionName, Kind, ProjectName, VersionNumber, VersionRecord};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Compiles and loads a guest, such as `fixtures/arith`.
pub(crate) fn load(
    runtime: &Runtime,
    name: &str,
    tier: Tier,
    reuse: u32,
) -> Result<(Arc<dyn Code>, VersionRecord)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/functions"));
    let wasm = std::fs::read(folder.join(format!("{name}.wasm")))?;
    let compiled = prepare::compile(&wasm, tier)?;
    let record = VersionRecord {
        project: "default".parse::<ProjectName>()?,
        function: name.rsplit('/').next().unwrap_or(name).parse::<FunctionName>()?,
        version: VersionNumber(1),
        kind: Kind::Component,
        digest: Digest::of(&wasm),
        size: wasm.len() as u64,
        inspection: compiled.inspection,
        workflow: None,
        settings: weft_types::Settings::default(),
        effect_free: true,
        creator: "measure".into(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let path = std::env::temp_dir().join(format!("weft-measure-{}", std::process::id()));
    std::fs::write(&path, &compiled.bytes)?;
    let compiled = Compiled {
        path: path.clone(),
        digest: Digest::of(&compiled.bytes),
    };
    let code = runtime.load(Load {
        version: &record,
        profile: &Profile::default(),
        compiled: &compiled,
        tier,
        verified: false,
        bindings: Vec::new(),
        reuse,
        most: Most::default(),
        host: Arc::new(Nothing),
    })?;
    std::fs::remove_file(path)?;
    Ok((code, record))
}

/// Where an export stands, and its types.
pub(crate) fn find<'a>(record: &'a VersionRecord, name: &str) -> Result<(usize, &'a weft_types::Signature)> {
    let mut exports = record.inspection.exports.iter().enumerate();
    let found = exports.find_map(|(index, export)| {
        let signature = export.signature().filter(|_| export.name == name)?;
        Some((index, signature))
    });
    found.ok_or_else(|| format!("no export `{name}`").into())
}

/// A context with wide limits and logs that go nowhere.
pub(crate) fn context() -> CallContext {
    CallContext {
        party: weft_function_engine::Party::OWN,
        invocation: Uuid::nil(),
        deadline: Instant::now() + Duration::from_secs(30),
        cpu_time: Duration::from_secs(10),
        memory: 256 << 20,
        output: 16 << 20,
        depth: 0,
        fan_out: FanOut::of(0),
        made: None,
        seed: [7; 32],
        time: Timestamp::UNIX_EPOCH,
        key: None,
        trace: TraceContext {
            trace_id: [1; 16],
            span_id: [2; 8],
            sampled: false,
        },
        logs: Arc::new(Silence),
        host: None,
    }
}

struct Silence;

impl LogSink for Silence {
    fn line(&self, _: Uuid, _: Stream, _: &str) {}
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
    ) -> Boxed<'a, std::result::Result<Option<Image>, Failure>> {
        Box::pin(std::future::ready(Err(Failure::Unavailable(format!(
            "no function `{callee}`"
        )))))
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        unreachable!("nothing measured here is granted key-values")
    }
}
