//! What calls of one version reach outside themselves: other functions, and key-values.

use std::sync::{Arc, Weak};

use tracing::Instrument;
use weft_types::image::{Attached, Image};
use weft_types::version::ImportedFunction;
use weft_types::{FunctionName, ProjectName, VersionRecord};

use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::invoke::{Terms, clock};
use crate::logs::StepLogs;
use crate::port::{Boxed, Call, CallContext, Failure, Host, KeyValue};
use crate::{Error, random};

pub(crate) mod signature;

/// The host of one version.
pub(crate) struct VersionHost {
    /// Weak: the engine holds the code that holds this.
    engine: Weak<Inner>,
    keyvalue: Arc<dyn KeyValue>,
    caller: Arc<VersionRecord>,
}

impl VersionHost {
    pub(crate) fn new(engine: &Arc<Inner>, caller: Arc<VersionRecord>) -> Self {
        Self {
            engine: Arc::downgrade(engine),
            keyvalue: Arc::clone(&engine.ports.keyvalue),
            caller,
        }
    }

    fn check_grant(&self, project: &ProjectName, callee: &FunctionName) -> Result<(), Failure> {
        if *project == self.caller.project && self.caller.settings.grants.call.contains(callee) {
            return Ok(());
        }
        Err(Failure::Unavailable(format!(
            "`{}` was not granted to call `{callee}`",
            self.caller.function
        )))
    }
}

impl Host for VersionHost {
    fn call<'a>(
        &'a self,
        project: &'a ProjectName,
        callee: &'a FunctionName,
        interface: &'a str,
        function: &'a ImportedFunction,
        arguments: Image,
        caller: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>> {
        let trace = random::child(caller.trace);
        let span = tracing::info_span!(
            "function call",
            %project,
            function = %callee,
            export = function.name,
            trace_id = %Hex(&trace.trace_id),
            span_id = %Hex(&trace.span_id),
            parent_id = %Hex(&caller.trace.span_id),
            sampled = trace.sampled,
            failed = tracing::field::Empty,
        );
        let call = async move {
            self.check_grant(project, callee)?;
            let engine = self
                .engine
                .upgrade()
                .ok_or_else(|| Failure::Unavailable("the server is shutting down".into()))?;
            let (left, n) = enter(&engine, caller)?;
            let deployed = engine
                .route(project.as_str(), callee.as_str(), None)
                .map_err(|e| failed(callee, e))?;
            let export = signature::check(&deployed, interface, function)?;
            let timeout = caller.deadline.saturating_duration_since(clock());
            let context = deployed.context(Terms {
                trace,
                party: caller.party,
                seed: Some(fork(&caller.seed, left)),
                time: None,
                timeout: Some(timeout),
                depth: caller.depth + 1,
                fan_out: Arc::clone(&caller.fan_out),
                made: Some(Arc::default()),
                key: caller.key.map(|key| key.of_call(n, callee.as_str())),
                step: step(&engine, caller),
            });
            execute(
                &engine,
                &deployed,
                Call {
                    export,
                    arguments,
                    attached: Attached::default(),
                    context,
                },
            )
            .await
        };
        let told = async move {
            let outcome = call.await;
            if outcome.is_err() {
                tracing::Span::current().record("failed", true);
            }
            outcome
        };
        Box::pin(told.instrument(span))
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        &*self.keyvalue
    }
}

async fn execute(
    engine: &Arc<Inner>,
    deployed: &Arc<Deployed>,
    call: Call,
) -> Result<Option<Image>, Failure> {
    let executed = engine.execute(deployed, call).await;
    executed
        .map(|executed| executed.reply.result)
        .map_err(|error| failed(&deployed.record().function, error))
}

/// What a guest calls on behalf of a node prints on its behalf, too.
fn step(engine: &Inner, caller: &CallContext) -> Option<StepLogs> {
    let attempt = caller.logs.attempt()?;
    Some(StepLogs {
        attempt: Arc::clone(attempt),
        runs: Arc::clone(&engine.run_logs),
    })
}

/// Takes one of the calls that the whole tree of calls may make; answers how many were left, and how many the caller itself has made.
fn enter(engine: &Inner, caller: &CallContext) -> Result<(u32, u32), Failure> {
    let most = engine.config.call_depth;
    if caller.depth >= most {
        return Err(Failure::CallLimit(format!(
            "functions may call functions at most {most} deep"
        )));
    }
    caller.take_call().ok_or_else(|| {
        let most = engine.config.call_fan_out;
        Failure::CallLimit(format!(
            "one call may lead to at most {most} calls of other functions"
        ))
    })
}

/// A seed for the `n`th call under another, which tells nothing of its parent.
fn fork(seed: &[u8; 32], n: u32) -> [u8; 32] {
    *blake3::keyed_hash(seed, &n.to_le_bytes()).as_bytes()
}

/// What the failure of a callee is to its caller. Bounds that hold for the whole tree of calls stay what they are; what went
/// wrong within the callee is told with its name.
fn failed(callee: &FunctionName, error: Error) -> Failure {
    let failure = match error {
        Error::Failed { failure, .. } => *failure,
        Error::OutcomeUnknown { loss, .. } => Failure::Lost(loss),
        error @ (Error::StorageFull | Error::StorageFailed(_) | Error::Platform(_)) => {
            return Failure::Platform(format!("calling `{callee}`: {error}"));
        }
        error => return Failure::Unavailable(format!("`{callee}` cannot be called: {error}")),
    };
    match failure {
        Failure::Trap { message, frames } => Failure::Trap {
            message: format!("its call of `{callee}` trapped: {message}"),
            frames,
        },
        same @ (Failure::TimedOut(_)
        | Failure::CallLimit(_)
        | Failure::Cancelled
        | Failure::QueueTimeout(_)
        | Failure::SandboxMemory(_)
        | Failure::Unavailable(_)
        | Failure::Unstarted(_)
        | Failure::Lost(_)
        | Failure::Platform(_)) => same,
        within @ (Failure::Exited(_)
        | Failure::CpuTime(_)
        | Failure::OutOfMemory(_)
        | Failure::StackOverflow
        | Failure::OutputTooLarge(_)
        | Failure::InvalidResult(_)
        | Failure::NoResponse) => Failure::Trap {
            message: format!("its call of `{callee}` failed: {within}"),
            frames: Vec::new(),
        },
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
