//! Functions as closures, with the inspection that a compiler would have made of them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use weft_function_engine::port::{Call, CallContext, Failure, Host, ImportBinding};
use weft_types::image::{Bounds, Image};
use weft_types::signature::Callable;
use weft_types::version::{Capability, Flavor, ImportedFunction, Inspection};
use weft_types::{Export, Signature, Type, json};

/// What loaded code may use beside its call.
#[derive(Clone)]
pub(crate) struct Environment {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) bindings: Vec<ImportBinding>,
    pub(crate) project: weft_types::ProjectName,
}

pub(crate) type Outcome = Result<Option<Image>, Failure>;
type Run = dyn Fn(Call, Environment) -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync;

/// A function that can be uploaded under its name.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) inspection: Inspection,
    pub(crate) run: Arc<Run>,
    /// What it tells of its memory's growth.
    pub(crate) grows: Arc<AtomicBool>,
    pub(crate) stats: Arc<Stats>,
}

/// What became of a program.
#[derive(Default)]
pub(crate) struct Stats {
    /// Instances alive.
    pub(crate) alive: AtomicUsize,
    /// Instances warmed.
    pub(crate) warmed: AtomicUsize,
}

pub(crate) fn ty(text: &str) -> Type {
    text.parse().unwrap_or_else(|_| panic!("{text} is a type"))
}

/// `name: type` pairs, as a record.
pub(crate) fn signature(params: &[(&str, &str)], result: Option<&str>) -> Signature {
    let fields = params.iter().map(|(name, text)| (*name, ty(text)));
    Signature {
        params: Type::record(fields).unwrap(),
        result: result.map(ty),
    }
}

pub(crate) const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 1_000,
};

/// A value written as JSON.
pub(crate) fn value(text: &str, json: &str) -> Image {
    json::parse(&ty(text), json.as_bytes(), BOUNDS).unwrap()
}

/// The parameters of a call as JSON.
pub(crate) fn arguments(signature: &Signature, image: &Image) -> serde_json::Value {
    let mut out = Vec::new();
    json::print(&signature.params, image, &mut out);
    serde_json::from_slice(&out).unwrap()
}

impl Program {
    /// One export `name` of `interface`.
    pub(crate) fn new<F>(
        (interface, name): (Option<&str>, &str),
        signature: Signature,
        run: impl Fn(Call, Environment) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let callable = Callable::Yes(signature);
        let export = Export {
            name: name.into(),
            interface: interface.map(Into::into),
            callable,
        };
        Self {
            inspection: Inspection {
                flavor: Flavor::Exports,
                exports: vec![export],
                imports: Vec::new(),
                capabilities: Vec::new(),
                wit: String::new(),
            },
            run: Arc::new(move |call, environment| Box::pin(run(call, environment))),
            grows: Arc::default(),
            stats: Arc::default(),
        }
    }

    /// Adds two numbers, as `demo:math/api@1.0.0#add`.
    pub(crate) fn adder() -> Self {
        let add = signature(&[("a", "u32"), ("b", "u32")], Some("u32"));
        Self::new(
            (Some("demo:math/api@1.0.0"), "add"),
            add.clone(),
            move |call, _| {
                let arguments = arguments(&add, &call.arguments);
                let sum = arguments["a"].as_u64().unwrap() + arguments["b"].as_u64().unwrap();
                async move { Ok(Some(value("u32", &sum.to_string()))) }
            },
        )
    }

    /// Answers a fixed number, as `value`.
    pub(crate) fn constant(number: u32) -> Self {
        Self::new(
            (None, "value"),
            signature(&[], Some("u32")),
            move |_, _| async move { Ok(Some(value("u32", &number.to_string()))) },
        )
    }

    /// Fails, as `fail`.
    pub(crate) fn failing(failure: Failure) -> Self {
        Self::new((None, "fail"), signature(&[], None), move |_, _| {
            let failure = failure.clone();
            async move { Err(failure) }
        })
    }

    pub(crate) fn importing(mut self, capability: Capability) -> Self {
        self.inspection.capabilities.push(capability);
        self
    }

    /// Calls the adder through its import: `go(n)` answers `n + 1`.
    pub(crate) fn caller() -> Self {
        let go = signature(&[("n", "u32")], Some("u32"));
        let add = signature(&[("a", "u32"), ("b", "u32")], Some("u32"));
        let function = ImportedFunction {
            name: "add".into(),
            signature: add.clone(),
        };
        let capability = Capability::Call {
            interface: "demo:math/api@1.0.0".into(),
            functions: vec![function.clone()],
        };
        let program = Self::new((None, "go"), go.clone(), move |call, environment| {
            let (function, n) = (function.clone(), arguments(&go, &call.arguments)["n"].clone());
            let json = format!("{{\"a\":{n},\"b\":1}}");
            let image = json::parse(&add.params, json.as_bytes(), BOUNDS).unwrap();
            async move {
                let binding = &environment.bindings[0];
                let (host, project) = (&environment.host, &environment.project);
                host.call(
                    project,
                    &binding.callee,
                    &binding.interface,
                    &function,
                    image,
                    &call.context,
                )
                .await
            }
        });
        program.importing(capability)
    }
}

/// Prints, through the call's sink.
pub(crate) fn print(context: &CallContext, line: &str) {
    context.logs.line(
        context.invocation,
        weft_function_engine::port::Stream::Stdout,
        line,
    );
}
