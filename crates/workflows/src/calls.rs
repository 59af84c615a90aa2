//! Nodes calling functions.

use std::sync::Arc;
use std::time::Duration;

use weft_function_engine::port::{Attempt, Failure, TraceContext};
use weft_function_engine::{Engine, Error, Step};
use weft_types::Digest;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::calls::{CallError, Callee, Calls, NodeCall, NodeReply, Wanted};

use crate::groups;

/// Calls functions of a function engine.
#[derive(Clone, Debug)]
pub struct FunctionCalls(pub Engine);

/// A version of a function.
#[derive(Debug)]
struct Function(weft_function_engine::Callee);

impl Calls for FunctionCalls {
    fn callee(&self, wanted: &Wanted<'_>) -> Result<Arc<dyn Callee>, String> {
        let Wanted {
            project,
            function,
            version,
            profile,
            group,
        } = *wanted;
        let callee = self
            .0
            .callee(project.as_str(), function.as_str(), Some(version))
            .and_then(|callee| match profile {
                Some(profile) => callee.with_profile(profile),
                None => Ok(callee),
            })
            .and_then(|callee| groups::within(callee, group));
        match callee {
            Ok(callee) => Ok(Arc::new(Function(callee))),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Callee for Function {
    fn call(self: Arc<Self>, call: NodeCall) -> Boxed<'static, Result<NodeReply, CallError>> {
        Box::pin(async move {
            let (trace_id, parent) = call.trace;
            let step = Step {
                export: call.export,
                arguments: call.arguments,
                attached: call.attached,
                seed: call.seed,
                time: call.time,
                timeout: call.timeout,
                limits: call.limits,
                key: call.key,
                attempt: Arc::new(Attempt {
                    run: call.run,
                    node: call.node,
                    item: call.item,
                    number: call.attempt,
                }),
                trace: TraceContext {
                    trace_id,
                    span_id: parent,
                    sampled: false,
                },
                depth: call.depth,
            };
            match self.0.call(step).await {
                Ok(reply) => Ok(NodeReply {
                    result: reply.result,
                    cpu_time: reply.cpu_time,
                }),
                Err(error) => Err(call_error(&error)),
            }
        })
    }

    fn effect_free(&self) -> bool {
        self.0.effect_free()
    }

    fn identity(&self) -> Digest {
        self.0.identity()
    }

    fn warm(&self) {
        self.0.warm();
    }
}

/// What a failed call is to a node. Where no guest had begun, trying again is safe whatever the function may do.
fn call_error(error: &Error) -> CallError {
    let (code, begun) = match error {
        Error::Failed { failure, .. } => of_failure(failure),
        Error::OutcomeUnknown { .. } => (ErrorCode::Platform, true),
        Error::QueueTimeout { .. } | Error::Overloaded { .. } | Error::Quota(_) | Error::Draining => {
            (ErrorCode::Unavailable, false)
        }
        Error::StorageFull | Error::StorageFailed(_) | Error::Platform(_) => (ErrorCode::Platform, false),
        // What the check of the definition would have refused: the version cannot be called as things are now.
        _ => (ErrorCode::Unavailable, false),
    };
    let cpu_time = match error {
        Error::Failed { cpu_time, .. } => *cpu_time,
        _ => Duration::ZERO,
    };
    CallError {
        code,
        message: error.to_string(),
        begun,
        cpu_time,
    }
}

fn of_failure(failure: &Failure) -> (ErrorCode, bool) {
    match failure {
        Failure::Trap { .. } | Failure::Exited(_) | Failure::InvalidResult(_) | Failure::NoResponse => {
            (ErrorCode::Trap, true)
        }
        Failure::TimedOut(_) => (ErrorCode::Timeout, true),
        Failure::CpuTime(_)
        | Failure::OutOfMemory(_)
        | Failure::StackOverflow
        | Failure::OutputTooLarge(_)
        | Failure::CallLimit(_) => (ErrorCode::Limit, true),
        Failure::Cancelled => (ErrorCode::Cancelled, true),
        Failure::SandboxMemory(_) => (ErrorCode::Unavailable, true),
        Failure::Unavailable(_) | Failure::QueueTimeout(_) | Failure::Unstarted(_) => {
            (ErrorCode::Unavailable, false)
        }
        Failure::Lost(_) | Failure::Platform(_) => (ErrorCode::Platform, true),
    }
}

/// The longest wait for a nested call, where nothing shorter is said.
pub(crate) const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use weft_function_engine::port::Loss;

    use super::*;

    #[test]
    fn what_found_no_place_has_not_begun() {
        let check = |failure: Failure, expected| assert_eq!(of_failure(&failure), expected, "{failure:?}");
        let loss = || Loss::NoRoom("full".to_owned());
        check(
            Failure::Unavailable("full".to_owned()),
            (ErrorCode::Unavailable, false),
        );
        check(Failure::Unstarted(loss()), (ErrorCode::Unavailable, false));
        check(Failure::SandboxMemory(1), (ErrorCode::Unavailable, true));
        check(Failure::Lost(loss()), (ErrorCode::Platform, true));
        check(
            Failure::Platform("failed".to_owned()),
            (ErrorCode::Platform, true),
        );
        check(Failure::Cancelled, (ErrorCode::Cancelled, true));
        check(Failure::StackOverflow, (ErrorCode::Limit, true));
        check(Failure::NoResponse, (ErrorCode::Trap, true));
    }
}
