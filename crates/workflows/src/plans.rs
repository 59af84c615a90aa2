//! The plans of saved workflows: made when first asked for, and kept.

use std::sync::Arc;

use dashmap::DashMap;
use weft_function_engine::Callee;
use weft_types::{FunctionName, ProjectName, VersionNumber, VersionRecord};
use weft_workflow::Plan;
use weft_workflow::plan::Pins;
use weft_workflow_engine::port::workflows::{NoPlan, Workflows};

use crate::Definitions;

/// Plans kept in memory at most; beyond, some one is forgotten, and made again when it is asked for.
const KEPT: usize = 10_000;

/// Finds plans.
#[derive(Debug)]
pub struct Plans {
    definitions: Definitions,
    /// A name is never given to another version.
    kept: DashMap<Name, Arc<Plan>>,
}

type Name = (ProjectName, FunctionName, VersionNumber);

impl Plans {
    /// The plans of what is saved through `definitions`.
    #[must_use]
    pub fn new(definitions: Definitions) -> Self {
        Self {
            definitions,
            kept: DashMap::new(),
        }
    }

    /// The plan of a stored version.
    ///
    /// # Errors
    /// Where it is no workflow, or cannot be planned any longer.
    pub fn of(&self, record: &Arc<VersionRecord>) -> Result<Arc<Plan>, NoPlan> {
        let name = (record.project.clone(), record.function.clone(), record.version);
        if let Some(plan) = self.kept.get(&name) {
            return Ok(Arc::clone(&plan));
        }
        let plan = Arc::new(self.make(record)?);
        self.keep(name, &plan);
        Ok(plan)
    }

    fn make(&self, record: &VersionRecord) -> Result<Plan, NoPlan> {
        let function = &record.function;
        let Some(source) = &record.workflow else {
            return Err(NoPlan::NoWorkflow(function.clone()));
        };
        let pins = Pins(source.pins.clone());
        let text = source.definition.as_bytes();
        let validated = self
            .definitions
            .validate(&record.project, Some(function), text, &pins);
        validated.map(|validated| validated.plan).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            NoPlan::Unplannable(function.clone(), first)
        })
    }

    fn keep(&self, name: Name, plan: &Arc<Plan>) {
        if self.kept.len() >= KEPT {
            let some = self.kept.iter().next().map(|kept| kept.key().clone());
            some.and_then(|some| self.kept.remove(&some));
        }
        self.kept.insert(name, Arc::clone(plan));
    }
}

impl Workflows for Plans {
    fn plan(
        &self,
        project: &ProjectName,
        workflow: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Result<(VersionNumber, Arc<Plan>), NoPlan> {
        let engine = &self.definitions.engine;
        let found = engine.callee(project.as_str(), workflow.as_str(), version);
        let callee: Callee = found.map_err(|_| match version {
            Some(version) => NoPlan::NoVersion(workflow.clone(), version),
            None => NoPlan::NoWorkflow(workflow.clone()),
        })?;
        let record = callee.stored();
        Ok((record.version, self.of(record)?))
    }
}
