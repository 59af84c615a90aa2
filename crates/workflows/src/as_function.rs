//! Functions calling workflows as if they were functions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_function_engine::port::{Boxed, CallContext, Failure, Reply, Workflows};
use weft_types::image::Image;
use weft_types::version::WorkflowSource;
use weft_types::{FunctionName, ProjectName, RunId, RunStatus, Value, VersionNumber, VersionRecord};
use weft_workflow::definition;
use weft_workflow_engine::{Engine, Error, Outcome, RunHandle, StartRun, Waited};

use crate::calls::LONGEST;

/// Runs workflows on behalf of functions.
#[derive(Clone, Debug)]
pub struct Runs(pub Engine);

impl Workflows for Runs {
    fn call<'a>(
        &'a self,
        version: &'a Arc<VersionRecord>,
        arguments: Image,
        context: &'a CallContext,
    ) -> Boxed<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            check_depth(context.depth, self.0.config().depth)?;
            let patience = context.deadline.saturating_duration_since(Instant::now());
            let patience = patience.min(LONGEST);
            let start = StartRun {
                version: Some(version.version),
                timeout: Some(patience),
                trace: (context.trace.trace_id, context.trace.span_id),
                depth: context.depth,
                ..StartRun::new(
                    version.project.clone(),
                    version.function.clone(),
                    Value::Direct(arguments),
                )
            };
            let mut attempts = on_behalf(context);
            let last = attempts.pop();
            // What an earlier attempt has done is not done again; what it failed to do is.
            for run in attempts {
                if let Some(handle) = self.before(version, run).await?
                    && let Some(reply) = self.success(version, handle, patience).await?
                {
                    return Ok(reply);
                }
            }
            // The same attempt, executed again after a crash.
            let before = match last {
                Some(run) => self.before(version, run).await?,
                None => None,
            };
            let mut handle = match before {
                Some(handle) => handle,
                None => self.start(StartRun { run: last, ..start }).await?,
            };
            handle.cancel_on_drop();
            match handle.wait(patience).await.map_err(|error| failure(&error))? {
                Waited::Open => Err(Failure::TimedOut(patience)),
                Waited::Ended(outcome) => self.reply(version, &handle, &outcome, patience).await,
            }
        })
    }

    fn open_versions(&self, project: &ProjectName) -> BTreeSet<(FunctionName, VersionNumber)> {
        self.0.open_versions(project)
    }

    fn deleted(&self, project: &ProjectName, workflow: &FunctionName) {
        self.0.forget(project, workflow);
    }

    fn profiles(&self, source: &WorkflowSource) -> BTreeSet<String> {
        let bounds = definition::Bounds::default();
        let nodes = definition::read(source.definition.as_bytes(), &bounds).definition;
        let nodes = nodes.map_or_else(Vec::new, |definition| definition.nodes);
        let named = nodes.into_iter().filter_map(|node| node.profile);
        named.map(|profile| profile.value.into_string()).collect()
    }
}

impl Runs {
    async fn start(&self, start: StartRun) -> Result<RunHandle, Failure> {
        self.0.start(start).await.map_err(|error| failure(&error))
    }

    /// The run of this id, if it was started before.
    async fn before(&self, version: &VersionRecord, run: RunId) -> Result<Option<RunHandle>, Failure> {
        let workflow = (&version.function, version.version);
        let found = self.0.started_before(&version.project, workflow, run).await;
        found.map_err(|error| failure(&error))
    }

    /// What a run answers that an earlier attempt started; none where it did not succeed.
    async fn success(
        &self,
        version: &VersionRecord,
        mut handle: RunHandle,
        patience: Duration,
    ) -> Result<Option<Reply>, Failure> {
        handle.cancel_on_drop();
        match handle.wait(patience).await.map_err(|error| failure(&error))? {
            Waited::Open => Err(Failure::TimedOut(patience)),
            Waited::Ended(outcome) if outcome.status == RunStatus::Succeeded => {
                self.reply(version, &handle, &outcome, patience).await.map(Some)
            }
            Waited::Ended(_) => Ok(None),
        }
    }

    async fn reply(
        &self,
        version: &VersionRecord,
        handle: &RunHandle,
        outcome: &Outcome,
        patience: Duration,
    ) -> Result<Reply, Failure> {
        if outcome.status != RunStatus::Succeeded {
            let own = handle.plan().defaults.timeout;
            return Err(ended(outcome, own.map_or(patience, |own| own.min(patience))));
        }
        let result = match (&outcome.result, &handle.plan().signature.result) {
            (Some(value), Some(ty)) => {
                let loaded = self.0.load(&version.project, value, ty).await;
                Some(loaded.map_err(|error| failure(&error))?)
            }
            _ => None,
        };
        Ok(Reply {
            result,
            cpu_time: Duration::from_micros(outcome.usage.cpu_us),
            start_time: Duration::ZERO,
        })
    }
}

/// The ids of the runs that this call starts on behalf of a node, one for each attempt at that so far; none where nobody will execute it
/// again.
fn on_behalf(context: &CallContext) -> Vec<RunId> {
    let (Some(key), Some(attempt)) = (context.key, context.logs.attempt()) else {
        return Vec::new();
    };
    let run = |number| Engine::run_on_behalf(attempt.run, &key, number);
    (1..=attempt.number).map(run).collect()
}

/// A workflow that a function calls is as deep as that call: else workflows and functions could call each other for ever.
fn check_depth(depth: u32, most: u32) -> Result<(), Failure> {
    if depth <= most {
        return Ok(());
    }
    Err(Failure::CallLimit(format!(
        "a workflow cannot be called here: runs nest at most {most} deep, calls by functions in between included"
    )))
}

/// A run that ended without a result, to who called the workflow as a function. `limit` is how long it
/// might take.
fn ended(outcome: &Outcome, limit: Duration) -> Failure {
    let run = outcome.run;
    let why = outcome
        .failure
        .as_ref()
        .map_or_else(String::new, |(_, error)| format!(": {}", error.message));
    match outcome.status {
        RunStatus::TimedOut => Failure::TimedOut(limit),
        RunStatus::Cancelled => Failure::Cancelled,
        RunStatus::Failed
        | RunStatus::Succeeded
        | RunStatus::Waiting
        | RunStatus::Running
        | RunStatus::Paused => Failure::Trap {
            message: format!("run {run} failed{why}"),
            frames: Vec::new(),
        },
    }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Overloaded { .. }
        | Error::Quota(_)
        | Error::Draining
        | Error::OnHold { .. }
        | Error::NoPlan(_) => Failure::Unavailable(error.to_string()),
        other => Failure::Platform(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
