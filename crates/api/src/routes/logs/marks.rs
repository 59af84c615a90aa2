//! Which lines may be printed once more: those of attempts whose end is not committed.

use std::collections::HashMap;

use weft_function_engine::LogLine;
use weft_function_engine::port::Attempt;
use weft_types::{ProjectName, RunId};
use weft_workflow_engine::{Engine, Error, Executions};

use crate::problem::Problem;
use crate::wire;
use crate::workflows::Workflows;

/// Runs whose attempts are known at once, so that a log of many runs takes bounded memory.
const MOST: usize = 64;

/// Marks lines of attempts.
pub(super) struct Marks {
    runs: Option<Engine>,
    project: ProjectName,
    /// The run whose log it is, where it is one's: kept.
    own: Option<Executions>,
    /// Runs that were met in the log of a function; none for one whose record is gone.
    met: HashMap<RunId, Option<Executions>>,
}

impl Marks {
    /// For the log of a function, whose lines are of any runs.
    pub(super) fn new(workflows: Option<&Workflows>, project: &ProjectName) -> Self {
        Self {
            runs: workflows.map(|workflows| workflows.runs.clone()),
            project: project.clone(),
            own: None,
            met: HashMap::new(),
        }
    }

    /// For the log of a run.
    pub(super) fn of_run(workflows: &Workflows, executions: Executions) -> Self {
        Self {
            runs: Some(workflows.runs.clone()),
            project: executions.project().clone(),
            own: Some(executions),
            met: HashMap::new(),
        }
    }

    /// The lines with what is committed by now.
    pub(super) async fn lines(&mut self, lines: &[LogLine]) -> Result<Vec<wire::LogLine>, Problem> {
        if let Some(own) = &mut self.own {
            own.catch_up().await?;
        }
        // What was committed when it was looked at may be less than what is now.
        self.met.clear();
        let mut told = Vec::with_capacity(lines.len());
        for line in lines {
            let committed = match &line.attempt {
                Some(attempt) => self.is_committed(attempt).await?,
                None => None,
            };
            told.push(wire::LogLine::new(line, committed));
        }
        Ok(told)
    }

    /// Whether the run whose log it is has ended, and that is committed. Never of the log of a function.
    pub(super) async fn is_over(&mut self) -> Result<bool, Problem> {
        let Some(own) = &mut self.own else {
            return Ok(false);
        };
        own.catch_up().await?;
        Ok(own.is_over())
    }

    /// The namespace.
    pub(super) fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The run whose log it is, where it is one's.
    pub(super) fn run(&self) -> Option<RunId> {
        self.own.as_ref().map(Executions::run)
    }

    async fn is_committed(&mut self, attempt: &Attempt) -> Result<Option<bool>, Problem> {
        let told = |executions: &Executions| {
            Some(executions.is_committed(&attempt.node, attempt.item, attempt.number))
        };
        if let Some(own) = self.own.as_ref().filter(|own| own.run() == attempt.run) {
            return Ok(told(own));
        }
        if let Some(met) = self.met.get(&attempt.run) {
            return Ok(met.as_ref().and_then(told));
        }
        let Some(runs) = &self.runs else {
            return Ok(None);
        };
        let found = match runs.executions(&self.project, attempt.run).await {
            Ok(executions) => Some(executions),
            // Its record was removed.
            Err(Error::NoRun(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let committed = found.as_ref().and_then(told);
        if self.met.len() >= MOST {
            self.met.clear();
        }
        self.met.insert(attempt.run, found);
        Ok(committed)
    }
}
