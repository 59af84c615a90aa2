//! Workflows, checked when they are added.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use weft_types::{Digest, FunctionName, ProjectName, VersionNumber};
use weft_workflow::check::{Callees, Found, Missing, NotFound, Options, check};
use weft_workflow::{Plan, definition};
use weft_workflow_engine::port::workflows::{NoPlan, Workflows};

use super::calls::{FakeCalls, name};

pub(crate) struct FakeWorkflows {
    calls: Arc<FakeCalls>,
    plans: Mutex<HashMap<FunctionName, Vec<Arc<Plan>>>>,
    /// Those that are checked more strictly than when they were added.
    unplannable: Mutex<HashSet<FunctionName>>,
}

impl FakeWorkflows {
    pub(crate) fn new(calls: &Arc<FakeCalls>) -> Arc<Self> {
        Arc::new(Self {
            calls: Arc::clone(calls),
            plans: Mutex::default(),
            unplannable: Mutex::default(),
        })
    }

    /// Adds a version of a workflow.
    pub(crate) fn add(&self, function: &str, text: &str) -> Arc<Plan> {
        let read = definition::read(text.as_bytes(), &definition::Bounds::default());
        assert!(read.problems.is_empty(), "{:#?}", read.problems);
        let definition = read.definition.unwrap();
        let function = name(function);
        let options = Options {
            source: Digest::of(text.as_bytes()),
            function: Some(&function),
            pins: &Default::default(),
            limits: Default::default(),
        };
        let checked = check(&definition, self, &options);
        let plan = checked.plan.unwrap_or_else(|| panic!("{:#?}", checked.problems));
        let plan = Arc::new(plan);
        let mut plans = self.plans.lock().unwrap();
        plans.entry(function).or_default().push(Arc::clone(&plan));
        plan
    }

    pub(crate) fn remove(&self, function: &str) {
        self.plans.lock().unwrap().remove(&name(function));
    }

    /// Has no plan of a workflow be made, or made again.
    pub(crate) fn set_plannable(&self, function: &str, plannable: bool) {
        let mut unplannable = self.unplannable.lock().unwrap();
        match plannable {
            true => unplannable.remove(&name(function)),
            false => unplannable.insert(name(function)),
        };
    }

    fn find(
        &self,
        function: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Option<(VersionNumber, Arc<Plan>)> {
        let plans = self.plans.lock().unwrap();
        let versions = plans.get(function)?;
        let number = version.map_or(versions.len(), |version| version.0 as usize);
        let plan = versions.get(number.checked_sub(1)?)?;
        Some((VersionNumber(number as u32), Arc::clone(plan)))
    }
}

impl Workflows for FakeWorkflows {
    fn plan(
        &self,
        _: &ProjectName,
        workflow: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Result<(VersionNumber, Arc<Plan>), NoPlan> {
        if self.unplannable.lock().unwrap().contains(workflow) {
            let why = "node `n1` is not as it must be".to_owned();
            return Err(NoPlan::Unplannable(workflow.clone(), why));
        }
        self.find(workflow, version)
            .ok_or_else(|| NoPlan::NoWorkflow(workflow.clone()))
    }
}

impl Callees for FakeWorkflows {
    fn find(
        &self,
        function: &FunctionName,
        version: Option<VersionNumber>,
        _: Option<&str>,
    ) -> Result<Found, NotFound> {
        if let Some((version, plan)) = self.find(function, version) {
            return Ok(Found {
                version,
                export: 0,
                export_name: "run".into(),
                signature: Arc::new(plan.signature.clone()),
                workflow: true,
                effect_free: plan.effect_free,
                durability: plan.durability,
            });
        }
        match self.calls.get(function.as_str()) {
            Some(found) => Ok(Found {
                version: VersionNumber(1),
                export: 0,
                export_name: "run".into(),
                signature: found.signature,
                workflow: false,
                effect_free: found.effect_free,
                durability: Default::default(),
            }),
            None => Err(NotFound {
                what: Missing::Function,
                message: format!("there is no function `{function}`"),
            }),
        }
    }
}
