//! What is shared by all runs of a workflow.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use dashmap::DashMap;
use weft_types::{FunctionName, ProjectName};
use weft_workflow::Plan;

use crate::admission::Gate;
use crate::metrics::{Series, SeriesList};

/// A workflow as far as its runs share something, whatever their version.
pub(crate) struct Flow {
    /// Whoever has the same takes turns as one.
    pub(crate) group: u64,
    pub(crate) series: Arc<Series>,
    /// How many of its runs there are at once, as the version says that was started last.
    gate: Arc<Gate>,
}

/// The workflows of which something ran lately: beyond [`MANY`], those are forgotten of which nothing runs.
#[derive(Default)]
pub(crate) struct Flows {
    by_name: DashMap<(ProjectName, FunctionName), Arc<Flow>>,
    next: AtomicU64,
}

/// Workflows that are remembered although nothing of them runs.
const MANY: usize = 10_000;

impl Flow {
    /// What a run of this plan enters to be among so many at once; none where the plan has no such bound.
    pub(crate) fn gate(&self, plan: &Plan) -> Option<&Arc<Gate>> {
        let most = plan.defaults.concurrency?;
        self.gate.set_limit(most);
        Some(&self.gate)
    }
}

impl Flows {
    pub(crate) fn of(
        &self,
        project: &ProjectName,
        workflow: &FunctionName,
        series: &SeriesList,
        most_waiting: u32,
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
                gate: Gate::new(1, most_waiting),
            })
        });
        Arc::clone(&flow)
    }
}
