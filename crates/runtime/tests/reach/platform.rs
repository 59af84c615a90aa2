//! Functions that know each other, their stores and their logs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use weft_function_engine::port::{
    Boxed, Call, CallContext, Code, Compiled, Failure, FanOut, Host, ImportBinding, KeyValue, Load, LogSink,
    Most, Runtime as _, Stream, Tier, TraceContext,
};
use weft_pool::Profile;
use weft_runtime::{Runtime, Settings, Slots, prepare};
use weft_types::image::{Bounds, Image};
use weft_types::version::{Capability, ImportedFunction};
use weft_types::{Digest, FunctionName, Grants, Kind, ProjectName, VersionNumber, VersionRecord, json};

use crate::stores::Stores;

const BOUNDS: Bounds = Bounds {
    bytes: 64 << 20,
    elements: 1_000_000,
};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let slots = Slots {
        optimized: 64,
        other: 16,
    };
    Runtime::new(Settings {
        slots,
        ..Settings::default()
    })
    .expect("a runtime")
});

/// Loaded functions of one project.
pub(crate) struct Platform {
    itself: Weak<Platform>,
    stores: Stores,
    functions: Mutex<BTreeMap<String, Function>>,
    lines: Arc<Lines>,
}

#[derive(Clone)]
struct Function {
    code: Arc<dyn Code>,
    record: Arc<VersionRecord>,
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl LogSink for Lines {
    fn line(&self, _: Uuid, _: Stream, line: &str) {
        self.0.lock().expect("lines").push(line.to_owned());
    }
}

/// What a call is refused with where the functions' call graph is too deep.
pub(crate) const TOO_DEEP: &str = "calls nest too deep";
const MAX_DEPTH: u32 = 3;

impl Platform {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            itself: itself.clone(),
            stores: Stores::default(),
            functions: Mutex::default(),
            lines: Arc::default(),
        })
    }

    /// Loads a built guest, such as `fixtures/echo`, under the last part of its name.
    pub(crate) fn load(&self, guest: &str, grants: Grants) {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/functions"))
            .join(format!("{guest}.wasm"));
        let wasm = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask functions` first", path.display()));
        self.load_bytes(guest.rsplit('/').next().expect("a name"), &wasm, grants);
    }

    /// Loads code; each imported interface is satisfied by the one function that `grants` let it call.
    pub(crate) fn load_bytes(&self, name: &str, wasm: &[u8], grants: Grants) {
        let compiled = prepare::compile(wasm, Tier::Optimized).expect(name);
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("compiled");
        std::fs::write(&path, &compiled.bytes).expect("a file");
        let bindings = compiled
            .inspection
            .capabilities
            .iter()
            .filter_map(|capability| match capability {
                Capability::Call { interface, functions } => Some(ImportBinding {
                    interface: interface.clone(),
                    functions: functions.clone(),
                    callee: grants.call.first().expect("a grant").clone(),
                }),
                Capability::Http | Capability::Keyvalue => None,
            });
        let bindings = bindings.collect();
        let record = VersionRecord {
            project: "default".parse::<ProjectName>().expect("a name"),
            function: name.parse::<FunctionName>().expect("a name"),
            version: VersionNumber(1),
            kind: Kind::Component,
            digest: Digest::of(wasm),
            size: wasm.len() as u64,
            inspection: compiled.inspection,
            workflow: None,
            settings: weft_types::Settings {
                grants,
                ..weft_types::Settings::default()
            },
            effect_free: false,
            creator: "test".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let load = Load {
            version: &record,
            profile: &Profile::default(),
            compiled: &Compiled {
                path,
                digest: Digest::of(&compiled.bytes),
            },
            tier: Tier::Optimized,
            verified: false,
            bindings,
            reuse: 1,
            most: Most::default(),
            host: self.itself.upgrade().expect("the platform"),
        };
        let code = RUNTIME.load(load).expect(name);
        let function = Function {
            code,
            record: Arc::new(record),
        };
        self.functions
            .lock()
            .expect("functions")
            .insert(name.to_owned(), function);
    }

    /// Calls an export with JSON arguments; the answer is JSON.
    pub(crate) async fn call(
        &self,
        function: &str,
        export: &str,
        arguments: &str,
    ) -> Result<String, Failure> {
        let found = self.find(function);
        let exports = &found.record.inspection.exports;
        let index = exports
            .iter()
            .position(|candidate| candidate.name == export)
            .expect(export);
        let signature = exports[index].signature().expect("a callable");
        let arguments = json::parse_arguments(signature, arguments.as_bytes(), BOUNDS).expect("arguments");
        let call = Call {
            export: index,
            arguments,
            attached: weft_types::image::Attached::default(),
            context: self.context(),
        };
        let reply = found.code.instance().call(call).await?;
        let mut out = Vec::new();
        if let (Some(ty), Some(image)) = (&signature.result, &reply.result) {
            json::print(ty, image, &mut out);
        }
        Ok(String::from_utf8(out).expect("text"))
    }

    /// What the functions' owner reads, each line once.
    pub(crate) fn take_log(&self) -> String {
        std::mem::take(&mut *self.lines.0.lock().expect("lines")).join("\n")
    }

    fn find(&self, function: &str) -> Function {
        self.functions
            .lock()
            .expect("functions")
            .get(function)
            .expect(function)
            .clone()
    }

    fn context(&self) -> CallContext {
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
            time: Timestamp::UNIX_EPOCH,
            key: None,
            trace: TraceContext {
                trace_id: [1; 16],
                span_id: [2; 8],
                sampled: false,
            },
            logs: Arc::clone(&self.lines) as Arc<dyn LogSink>,
            host: None,
        }
    }
}

impl Host for Platform {
    fn call<'a>(
        &'a self,
        _: &'a ProjectName,
        callee: &'a FunctionName,
        interface: &'a str,
        function: &'a ImportedFunction,
        arguments: Image,
        caller: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>> {
        Box::pin(async move {
            if caller.depth >= MAX_DEPTH {
                return Err(Failure::CallLimit(TOO_DEEP.to_owned()));
            }
            let found = self.find(callee.as_str());
            let full_name = format!("{interface}#{}", function.name);
            let exports = &found.record.inspection.exports;
            let export = exports
                .iter()
                .position(|export| export.full_name() == full_name)
                .expect("the export");
            let context = CallContext {
                depth: caller.depth + 1,
                ..caller.clone()
            };
            Ok(found
                .code
                .instance()
                .call(Call {
                    export,
                    arguments,
                    attached: weft_types::image::Attached::default(),
                    context,
                })
                .await?
                .result)
        })
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        &self.stores
    }
}
