//! What is shared by all runs of a workflow.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use weft_types::{FunctionName, ProjectName};
use weft_workflow::Plan;

use crate::admission::{Gate, Levels};
use crate::metrics::{Series, SeriesList};

/// A workflow as far as its runs share something, whatever their version.
pub(crate) struct Flow {
    /// Whoever has the same takes turns as one.
    pub(crate) group: u64,
    pub(crate) series: Arc<Series>,
    /// How many of its runs there are at once, as the version says that was started last.
    limit: AtomicU32,
    /// One for each depth of the outermost run, made when it is first needed. A function that waits for a run which it started keeps the
    /// place of the run that called it: were that place needed again, they would wait for each other for ever.
    gates: Box<[OnceLock<Arc<Gate>>]>,
    most_waiting: u32,
}

/// Names what [`Flow::gate`] gives, by the group of the workflow and the level.
pub(crate) type Bound = (u64, u32);

/// The workflows of which something ran lately: beyond [`MANY`], those are forgotten of which nothing runs.
#[derive(Default)]
pub(crate) struct Flows {
    by_name: DashMap<(ProjectName, FunctionName), Arc<Flow>>,
    next: AtomicU64,
}

/// Workflows that are remembered although nothing of them runs.
const MANY: usize = 10_000;

impl Flow {
    /// A run of this plan is there from now on.
    pub(crate) fn begins(&self, plan: &Plan) {
        let Some(most) = plan.defaults.concurrency else {
            return;
        };
        if self.limit.swap(most, SeqCst) != most {
            self.gates
                .iter()
                .filter_map(OnceLock::get)
                .for_each(|gate| gate.set_limit(most));
        }
    }

    /// What a run of this plan enters to be among so many at once, within an outermost run of this depth; none where the plan has no
    /// such bound.
    pub(crate) fn gate(&self, plan: &Plan, depth: u32) -> Option<&Arc<Gate>> {
        plan.defaults.concurrency?;
        // There is one at least.
        let place = &self.gates[self.level(depth) as usize];
        if let Some(gate) = place.get() {
            return Some(gate);
        }
        let gate = place.get_or_init(|| Gate::new(1, self.most_waiting));
        // Only now that it is there for others to set.
        gate.set_limit(self.limit.load(SeqCst));
        Some(gate)
    }

    /// Names what is entered within an outermost run of this depth.
    pub(crate) fn bound(&self, depth: u32) -> Bound {
        (self.group, self.level(depth))
    }

    fn level(&self, depth: u32) -> u32 {
        // At most `Levels::MOST`.
        depth.min(self.gates.len() as u32 - 1)
    }
}

impl Flows {
    pub(crate) fn of(
        &self,
        project: &ProjectName,
        workflow: &FunctionName,
        series: &SeriesList,
        (deepest, most_waiting): (u32, u32),
    ) -> Arc<Flow> {
        let name = (project.clone(), workflow.clone());
        if let Some(flow) = self.by_name.get(&name) {
            return Arc::clone(&flow);
        }
        if self.by_name.len() >= MANY {
            self.by_name.retain(|_, flow| Arc::strong_count(flow) > 1);
        }
        let flow = self.by_name.entry(name).or_insert_with(|| {
            Arc::new(Flow {
                group: self.next.fetch_add(1, Relaxed),
                series: series.of(project, workflow),
                limit: 1.into(),
                gates: (0..=deepest.min(Levels::MOST)).map(|_| OnceLock::new()).collect(),
                most_waiting,
            })
        });
        Arc::clone(&flow)
    }

    /// Forgets a workflow; runs that are still there keep what they share.
    pub(crate) fn forget(&self, project: &ProjectName, workflow: &FunctionName) {
        self.by_name.remove(&(project.clone(), workflow.clone()));
    }
}
