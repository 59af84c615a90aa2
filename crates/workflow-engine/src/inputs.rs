//! What a node was called with: not written down, as it follows from what was.

use std::collections::HashMap;
use std::sync::Arc;

use weft_types::image::Image;
use weft_types::{Digest, ProjectName, RunId, Value};
use weft_workflow::evaluate::{EvaluationError, Root, Scope};
use weft_workflow::event::Stored;
use weft_workflow::plan::Kind;
use weft_workflow::state::RunState;
use weft_workflow::{Event, NodeIndex, Place, Plan, Stamped};

use crate::engine::Engine;
use crate::history::damaged;
use crate::values::named_in_definition;
use crate::{Error, MAX_TEXT};

/// The values of a run that one node sees.
struct Past {
    values: HashMap<Root, Image>,
    /// The defaults of the global parameters.
    globals: Option<Image>,
    item: Option<u32>,
    nothing: Image,
}

/// What was written down of a run's values.
struct Written {
    events: Vec<Stamped>,
    state: RunState,
    plan: Arc<Plan>,
}

impl Engine {
    /// What a node was, or would be, called with: an image of its callee's parameter record, or of a `u64` for the
    /// milliseconds of a sleep. None where it takes nothing, or what it needs is not there (yet).
    ///
    /// # Errors
    /// Where there is no such run or node, or what is stored cannot be read.
    pub async fn arguments(
        &self,
        project: &ProjectName,
        run: RunId,
        node: &str,
        item: Option<u32>,
    ) -> Result<Option<Image>, Error> {
        let record = self.0.record(project, run).await?;
        let plan = self.0.plan_of(&record)?;
        let node = plan.find(node).ok_or_else(|| Error::NoNode {
            run,
            node: node.chars().take(MAX_TEXT).collect(),
        })?;
        if let Kind::Wait { .. } = plan.node(node).kind {
            return Ok(None);
        }
        let events = self.0.all_events(run).await?;
        let state = RunState::fold(&plan, &events).map_err(|illegal| damaged(run, &illegal))?;
        let written = Written {
            events,
            state,
            plan: Arc::clone(&plan),
        };
        let past = self.past(project, run, &written, node, item).await?;
        match past.arguments(&plan, node, self.0.config.values) {
            Ok(arguments) => Ok(Some(arguments)),
            Err(EvaluationError::Missing(_) | EvaluationError::OutOfRange { .. }) => Ok(None),
            Err(error) => Err(damaged(run, &error)),
        }
    }

    /// Everything that a node reads, as far as it is there.
    async fn past(
        &self,
        project: &ProjectName,
        run: RunId,
        written: &Written,
        node: NodeIndex,
        item: Option<u32>,
    ) -> Result<Past, Error> {
        let mut values = HashMap::new();
        for read in written.plan.reads(node) {
            let value = match (read.root, written.find(read.root)) {
                (_, Some(stored)) => self.0.verified(run, stored, &read.ty)?,
                (Root::Blob(digest), None) => Value::Address(named_in_definition(digest, &read.ty)),
                (Root::Input | Root::Globals | Root::Node(_) | Root::List, None) => continue,
            };
            values.insert(read.root, self.load(project, &value, &read.ty).await?);
        }
        Ok(Past {
            values,
            globals: written
                .plan
                .globals
                .as_ref()
                .map(|globals| globals.defaults.clone()),
            item,
            nothing: self.0.nothing.clone(),
        })
    }
}

impl Written {
    fn find(&self, root: Root) -> Option<&Stored> {
        let accepted = self.events.first().and_then(|first| match &first.event {
            Event::Accepted(accepted) => Some(accepted),
            _ => None,
        });
        match root {
            Root::Input => Some(&accepted?.arguments),
            Root::Globals => accepted?.globals.as_ref(),
            Root::Node(node) => self.output(node),
            Root::List | Root::Blob(_) => None,
        }
    }

    fn output(&self, node: NodeIndex) -> Option<&Stored> {
        let source = self.state.output_of(&self.plan, node)?;
        self.events.iter().find_map(|stamped| match &stamped.event {
            Event::Accepted(accepted) => {
                let mut given = accepted.given.iter();
                given.find(|given| given.node == source)?.output.as_ref()
            }
            Event::NodeSucceeded { place, output, .. } if *place == Place::of(source) => output.as_ref(),
            _ => None,
        })
    }
}

impl Past {
    fn arguments(
        mut self,
        plan: &Plan,
        node: NodeIndex,
        bounds: weft_types::image::Bounds,
    ) -> Result<Image, EvaluationError> {
        let item = self.item.take();
        if let Some(items) = plan.items(node, &self, bounds)? {
            let item = item.filter(|item| *item < items.count);
            self.item = Some(item.ok_or_else(|| EvaluationError::Missing("$item".to_owned()))?);
            if let Some(list) = items.list {
                self.values.insert(Root::List, list);
            }
        }
        plan.arguments(node, &self, bounds)
    }
}

impl Scope for Past {
    fn input(&self) -> &Image {
        self.values.get(&Root::Input).unwrap_or(&self.nothing)
    }

    fn globals(&self) -> Option<&Image> {
        self.values.get(&Root::Globals).or(self.globals.as_ref())
    }

    fn output(&self, node: NodeIndex) -> Option<&Image> {
        self.values.get(&Root::Node(node))
    }

    fn item(&self) -> Option<u32> {
        self.item
    }

    fn list(&self) -> Option<&Image> {
        self.values.get(&Root::List)
    }

    fn blob(&self, digest: &Digest) -> Option<&Image> {
        self.values.get(&Root::Blob(*digest))
    }
}
