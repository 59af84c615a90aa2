//! Answers to who waited for a run that ended without a result.

use weft_types::RunStatus;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::{Origin, Outcome};

use crate::problem::{Kind, Problem};
use crate::wire;
use crate::wire::Json;
use crate::wire::run_view::{path, shown};

/// Why a run has no result. `origin` is where its failure comes from, where that is a node.
pub(super) fn failed(outcome: &Outcome, origin: Option<&Origin>) -> Problem {
    let run = outcome.run;
    let problem = match outcome.status {
        RunStatus::Cancelled => Problem::new(Kind::RunCancelled, format!("run {run} was cancelled")),
        RunStatus::TimedOut => Problem::new(
            Kind::RunTimedOut,
            format!("run {run} did not end within its timeout"),
        ),
        RunStatus::Failed
        | RunStatus::Succeeded
        | RunStatus::Waiting
        | RunStatus::Running
        | RunStatus::Paused => match origin {
            Some(origin) => because(origin),
            None => at_no_node(outcome),
        },
    };
    problem.with("run", run.to_string())
}

fn at_no_node(outcome: &Outcome) -> Problem {
    match &outcome.failure {
        Some((_, error)) => {
            let told = wire::NodeError::new(None, error, None);
            Problem::new(Kind::RunFailed, told.message).with("code", told.code)
        }
        None => Problem::new(Kind::RunFailed, format!("run {} failed", outcome.run)),
    }
}

/// The `err` of a function that nothing caught is the workflow's answer, as it is that of the function where it is called by itself. The
/// same holds for a workflow around that one: the failure is that of the innermost run.
fn because(origin: &Origin) -> Problem {
    let error = &origin.error;
    let Some((plan, place)) = origin.way.first() else {
        return Problem::new(Kind::RunFailed, error.message.clone());
    };
    let outermost = wire::NodeError::new(Some(*place), error, Some(plan));
    let way = path(&origin.way);
    let node = outermost.node.unwrap_or_default();
    let at = match outermost.item {
        Some(item) if origin.way.len() == 1 => format!("item {item} of node `{node}`"),
        _ => format!("node `{way}`"),
    };
    let detail = format!("{at} failed: {}", error.message);
    let problem = match error.code {
        ErrorCode::FunctionError => Problem::new(Kind::FunctionError, detail).with("error", value(origin)),
        _ => Problem::new(Kind::RunFailed, detail),
    };
    let problem = problem.with("code", outermost.code);
    let problem = match outermost.item {
        Some(item) => problem.with("item", item),
        None => problem,
    };
    let problem = problem.with("node", node);
    match origin.way.len() {
        1 => problem,
        _ => problem
            .with("path", way)
            .with("nested-run", origin.run.to_string()),
    }
}

/// What the function answered, as far as it is shown.
fn value(origin: &Origin) -> Option<Json> {
    let (plan, place) = origin.way.last()?;
    let ty = plan.nodes.get(place.node.0 as usize)?.error_type()?;
    origin.error.value.as_ref().map(|value| shown(value, ty))
}
