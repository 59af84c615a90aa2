//! Running a workflow again with what is left of an earlier run.

use std::collections::BTreeMap;
use std::time::Duration;

use weft_types::image::Image;
use weft_types::{ProjectName, RunId, Value};
use weft_workflow::event::{Accepted, Given, Stored, Trigger};
use weft_workflow::record::RunRecord;
use weft_workflow::state::{RerunError, RunState, Selection, rerun, rerun_whole};
use weft_workflow::{Event, NodeIndex, Place, Plan, Stamped};

use crate::engine::Engine;
use crate::history::damaged;
use crate::start::{Answer, CallerKey, StartRun, check_value};
use crate::{Error, RunHandle};

/// A run that is to be repeated, as a whole or in part.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// The namespace.
    pub project: ProjectName,
    /// The run, which has ended. One that is nested in another is repeated by itself.
    pub of: RunId,
    /// Which nodes are to be executed again; results of the others are reused.
    pub selection: Selection,
    /// Other arguments than it had. Nodes that are called with something else then are executed again, selected or not.
    pub arguments: Option<Value>,
    /// Who asks.
    pub submitter: String,
    /// The W3C trace and span that it belongs to.
    pub trace: ([u8; 16], [u8; 8]),
    /// The caller's idempotency key.
    pub key: Option<CallerKey>,
    /// What the caller waits for.
    pub answer: Answer,
}

impl Engine {
    /// Starts a new run, linked to an earlier one: of the same version, with what that had beside its arguments.
    ///
    /// # Errors
    /// As [`Self::start`], and where the earlier run has not ended, or the selection does not make sense.
    pub async fn rerun(&self, request: Rerun) -> Result<RunHandle, Error> {
        let record = self.0.record(&request.project, request.of).await?;
        if !record.status.is_closed() {
            return Err(Error::StillOpen(request.of));
        }
        let plan = self.0.plan_of(&record)?;
        let events = self.0.all_events(request.of).await?;
        let state = RunState::fold(&plan, &events).map_err(|illegal| damaged(request.of, &illegal))?;
        let changed = self.changed(&request).await?;
        let again = match &request.selection {
            Selection::Whole => rerun_whole(&plan, &state)?,
            // Of an express run, only the first events are kept where they are many.
            Selection::Failed | Selection::From(_) | Selection::Only(_) if !state.status().is_closed() => {
                return Err(RerunError::Cut.into());
            }
            selection => rerun(&plan, &state, selection, &changed)?,
        };
        let accepted = accepted(&events).ok_or_else(|| damaged(request.of, &"it does not begin"))?;
        let outputs = outputs(&events);
        let given = again.reused.iter().map(|reused| Given {
            node: reused.node,
            origin: reused.origin,
            output: reused.output_of.and_then(|node| outputs.get(&node).cloned()),
            skipped: reused.output_of.is_none(),
        });
        let given = given.collect();
        let reused_items = self.reused_items(&request, &again.in_part, &events).await?;
        let start = self.repeat(request, &record, &plan, accepted)?;
        self.start(StartRun {
            given,
            left_out: again.left_out,
            reused_items,
            ..start
        })
        .await
    }

    /// The outputs of items of these nodes that succeeded and would be called with what they were.
    async fn reused_items(
        &self,
        request: &Rerun,
        in_part: &[NodeIndex],
        events: &[Stamped],
    ) -> Result<ItemOutputs, Error> {
        let mut outputs = item_outputs(events, in_part);
        let Some(arguments) = &request.arguments else {
            return Ok(outputs);
        };
        if outputs.is_empty() {
            return Ok(outputs);
        }
        let told = self.0.told(&request.project, request.of).await?;
        let arguments = Stored::from(arguments);
        for &node in in_part {
            let items = outputs.range((node, 0)..=(node, u32::MAX));
            let items: Vec<_> = items.map(|((_, item), _)| *item).collect();
            let same = self.items_asked_the_same(&told, node, &arguments, &items).await?;
            outputs.retain(|(of, item), _| *of != node || same.contains(item));
        }
        Ok(outputs)
    }

    /// What a run was called with: an image of the parameter record of its workflow.
    ///
    /// # Errors
    /// Where there is no such run, or what is stored of it cannot be read.
    pub async fn called_with(&self, project: &ProjectName, run: RunId) -> Result<Image, Error> {
        let record = self.0.record(project, run).await?;
        let plan = self.0.plan_of(&record)?;
        let events = self.0.all_events(run).await?;
        let accepted = accepted(&events).ok_or_else(|| damaged(run, &"it does not begin"))?;
        let params = &plan.signature.params;
        let value = self.0.verified(run, &accepted.arguments, params)?;
        self.load(project, &value, params).await
    }

    /// The nodes whose results cannot be reused, as with the arguments of the new run they would not be called with what they were. Of those
    /// that read outputs of others nothing is known yet.
    async fn changed(&self, request: &Rerun) -> Result<Vec<NodeIndex>, Error> {
        let Some(value) = &request.arguments else {
            return Ok(Vec::new());
        };
        if request.selection == Selection::Whole {
            return Ok(Vec::new());
        }
        let told = self.0.told(&request.project, request.of).await?;
        check_value("arguments", value, &told.plan.signature.params)?;
        let arguments = Stored::from(value);
        if told.accepted.arguments == arguments {
            return Ok(Vec::new());
        }
        let mut changed = Vec::new();
        for (node, _) in told.plan.iter() {
            if !self.asks_the_same(&told, node, &arguments).await? {
                changed.push(node);
            }
        }
        Ok(changed)
    }

    fn repeat(
        &self,
        request: Rerun,
        record: &RunRecord,
        plan: &Plan,
        accepted: &Accepted,
    ) -> Result<StartRun, Error> {
        let verified = |stored, ty| self.0.verified(record.run, stored, ty);
        let arguments = match request.arguments {
            Some(arguments) => arguments,
            None => verified(&accepted.arguments, &plan.signature.params)?,
        };
        let globals = match (&accepted.globals, &plan.globals) {
            (Some(stored), Some(globals)) => Some(verified(stored, &globals.ty)?),
            (_, _) => None,
        };
        Ok(StartRun {
            version: Some(record.version),
            globals,
            submitter: request.submitter,
            trigger: Trigger::Rerun { of: record.run },
            priority: Some(record.priority),
            timeout: timeout(accepted, record),
            group: accepted.group.clone(),
            labels: record.labels.clone(),
            extras: record.extras.clone(),
            trace: request.trace,
            key: request.key,
            answer: request.answer,
            ..StartRun::new(request.project, record.workflow.clone(), arguments)
        })
    }
}

fn accepted(events: &[Stamped]) -> Option<&Accepted> {
    events.first()?.event.accepted()
}

/// The outputs of nodes, given ones included.
fn outputs(events: &[Stamped]) -> BTreeMap<NodeIndex, Stored> {
    let mut outputs = BTreeMap::new();
    let given = accepted(events).into_iter().flat_map(|accepted| &accepted.given);
    for given in given {
        if let Some(output) = &given.output {
            outputs.insert(given.node, output.clone());
        }
    }
    for Stamped { event, .. } in events {
        if let Event::NodeSucceeded {
            place: Place { node, item: None },
            output: Some(output),
            ..
        } = event
        {
            outputs.insert(*node, output.clone());
        }
    }
    outputs
}

/// The outputs of items, those that were reused themselves included.
type ItemOutputs = BTreeMap<(NodeIndex, u32), Option<Stored>>;

fn item_outputs(events: &[Stamped], of: &[NodeIndex]) -> ItemOutputs {
    let found = events.iter().filter_map(|stamped| match &stamped.event {
        Event::NodeSucceeded {
            place: Place {
                node,
                item: Some(item),
            },
            output,
            ..
        }
        | Event::ItemReused { node, item, output } => Some(((*node, *item), output)),
        _ => None,
    });
    let found = found.filter(|((node, _), _)| of.binary_search(node).is_ok());
    found.map(|(place, output)| (place, output.clone())).collect()
}

/// How long the earlier run might take from its acceptance on. One that was nested ended with the run around it: what was left of
/// that then means nothing to a run by itself.
fn timeout(accepted: &Accepted, record: &RunRecord) -> Option<Duration> {
    match accepted.trigger {
        Trigger::Parent { .. } => None,
        Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => {
            let left = record.created_at.duration_until(accepted.deadline?);
            Duration::try_from(left).ok()
        }
    }
}
