//! What one who started a run holds on to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use weft_types::{ProjectName, RunId, VersionNumber};
use weft_workflow::Plan;

use crate::Error;
use crate::engine::Engine;
use crate::mailbox::{Letter, Order, Refusal, Undeliverable};
use crate::open_run::{Ended, Lost, OpenRun, Outcome};
use crate::port::journal::Position;

/// A run. Dropping this changes nothing about it, but for a run that [is to end with it](Self::cancel_on_drop).
#[derive(Debug)]
pub struct RunHandle {
    engine: Engine,
    project: ProjectName,
    run: RunId,
    version: VersionNumber,
    plan: Arc<Plan>,
    reach: Reach,
    cancel: bool,
}

/// How the run is reached.
enum Reach {
    /// It was open when asked for.
    Open(Arc<OpenRun>),
    /// It had ended.
    Closed(Arc<Outcome>),
}

/// What waiting came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The run ended, and that is committed.
    Ended(Arc<Outcome>),
    /// It is still open. Its acceptance is committed, so that its id may be told.
    Open,
}

impl RunHandle {
    pub(crate) fn open(engine: Engine, open: Arc<OpenRun>) -> Self {
        Self {
            engine,
            project: open.project.clone(),
            run: open.run,
            version: open.version,
            plan: Arc::clone(&open.plan),
            reach: Reach::Open(open),
            cancel: false,
        }
    }

    pub(crate) fn closed(
        engine: Engine,
        project: ProjectName,
        outcome: Arc<Outcome>,
        plan: Arc<Plan>,
    ) -> Self {
        Self {
            engine,
            project,
            run: outcome.run,
            version: outcome.version,
            plan,
            reach: Reach::Closed(outcome),
            cancel: false,
        }
    }

    /// Its id. Not to be told to anyone before [`Self::wait`] or [`Self::accepted`] has returned.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.run
    }

    /// Its namespace.
    #[must_use]
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The version that is executed.
    #[must_use]
    pub fn version(&self) -> VersionNumber {
        self.version
    }

    /// What is executed.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Whether the run had ended when this handle was made, as an earlier request with the same key started it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.reach, Reach::Closed(_))
    }

    /// Has the run cancelled when this handle is dropped before the run has ended: for calls that end with their caller.
    pub fn cancel_on_drop(&mut self) {
        self.cancel = true;
    }

    /// Takes [`cancel_on_drop`](Self::cancel_on_drop) back: for a caller who was told the run's id and goes without its end.
    pub fn keep_on_drop(&mut self) {
        self.cancel = false;
    }

    /// Waits for the end, as long as `patience` lasts.
    ///
    /// # Errors
    /// Where the server shuts down, or the store failed, before the run ended.
    pub async fn wait(&self, patience: Duration) -> Result<Waited, Error> {
        match timeout(patience, self.ended()).await {
            Ok(ended) => ended.map(Waited::Ended),
            Err(_) => self.accepted().await.map(|()| Waited::Open),
        }
    }

    /// Waits for the end, however long it takes.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn ended(&self) -> Result<Arc<Outcome>, Error> {
        match &self.reach {
            Reach::Closed(outcome) => Ok(Arc::clone(outcome)),
            Reach::Open(open) => match open.until_ended().await {
                Ok(Ended { outcome, position }) => {
                    self.engine.commit(*position).await?;
                    Ok(Arc::clone(outcome))
                }
                Err(lost) => Err(self.engine.lost(open, lost.clone()).await),
            },
        }
    }

    /// Waits until the acceptance is committed, and the run's id may be told.
    ///
    /// # Errors
    /// Where the store cannot be written to.
    pub async fn accepted(&self) -> Result<(), Error> {
        let Reach::Open(open) = &self.reach else {
            return Ok(());
        };
        if !open.durable {
            return Ok(());
        }
        match open.passed() {
            Some(position) => self.engine.commit(Some(position)).await,
            // Its driver is still busy with the first steps.
            None => match self.engine.order(open, Order::PassOn).await {
                // Meanwhile it ended, and that is committed.
                Err(Error::Over { .. }) => Ok(()),
                passed => passed,
            },
        }
    }
}

impl Drop for RunHandle {
    fn drop(&mut self) {
        if let (true, Reach::Open(open)) = (self.cancel, &self.reach)
            && open.ended().is_none()
        {
            let order = Order::Cancel {
                by: "the caller".to_owned(),
                reason: "it went away".to_owned(),
            };
            // A mailbox that is full or closed belongs to a run that is about to end anyway, or to a server that does.
            drop(self.engine.send(open, order));
        }
    }
}

impl Engine {
    /// A run of a project, open or closed.
    ///
    /// # Errors
    /// Where there is no such run, or the records fail.
    pub async fn handle(&self, project: &ProjectName, run: RunId) -> Result<RunHandle, Error> {
        if let Some(open) = self.0.registry.of_project(project, run) {
            return Ok(RunHandle::open(self.clone(), open));
        }
        let record = self.0.record(project, run).await?;
        let plan = self.0.plan_of(&record)?;
        let outcome = self.0.outcome(&record, &plan)?.ok_or(Error::StillOpen(run))?;
        Ok(RunHandle::closed(
            self.clone(),
            project.clone(),
            Arc::new(outcome),
            plan,
        ))
    }

    /// Waits until a position is committed, through times of a full disk.
    pub(crate) async fn commit(&self, position: Option<Position>) -> Result<(), Error> {
        let Some(position) = position.filter(|position| !self.0.is_committed(*position)) else {
            return Ok(());
        };
        self.0.commit_for_caller(position).await
    }

    /// Has an order obeyed, and waits until what it led to is committed.
    ///
    /// # Errors
    /// Where it is refused, or the run has ended; how is told only once that is committed.
    pub(crate) async fn order(&self, open: &Arc<OpenRun>, order: Order) -> Result<(), Error> {
        let refusal = match self.send(open, order)?.await {
            Ok(Ok(position)) => return self.commit(Some(position).filter(|_| open.durable)).await,
            Ok(Err(refusal)) => refusal,
            // The driver is gone, with the letter.
            Err(_) => Refusal::Gone,
        };
        match refusal {
            Refusal::Error(error) => Err(error),
            Refusal::Gone => Err(self.gone(open).await),
        }
    }

    /// Leaves an order with the run's driver.
    fn send(
        &self,
        open: &OpenRun,
        order: Order,
    ) -> Result<oneshot::Receiver<Result<Position, Refusal>>, Error> {
        let (answer, answered) = oneshot::channel();
        if self.0.drivers.is_stopping() {
            // Nobody reads it; it would be written down by a driver that has not heard of that yet.
            return Ok(answered);
        }
        let letter = Letter {
            to: open.key,
            order,
            answer,
        };
        match open.mailbox.send(letter, self.0.config.orders) {
            // Where nobody reads it, it was dropped with its answer: its sender finds that out.
            Ok(()) | Err(Undeliverable::Closed) => Ok(answered),
            Err(Undeliverable::Full) => Err(self.0.overloaded("too much is asked of the run")),
        }
    }

    /// Why nothing can be asked of a run any longer.
    async fn gone(&self, open: &OpenRun) -> Error {
        match open.until_ended().await {
            Ok(Ended { outcome, position }) => match self.commit(*position).await {
                Ok(()) => Error::Over {
                    run: open.run,
                    status: outcome.status,
                },
                Err(error) => error,
            },
            Err(lost) => self.lost(open, lost.clone()).await,
        }
    }

    /// What is to be said about a run that nobody drives any longer.
    async fn lost(&self, open: &OpenRun, lost: Lost) -> Error {
        let run = open.run;
        match lost {
            Lost::Broken(why) => Error::Broken(why),
            Lost::Abandoned => Error::Platform(format!("run {run} is no longer driven")),
            Lost::Stopped if !open.durable => Error::Stopped { run, durable: false },
            Lost::Stopped => match self.commit(open.passed()).await {
                Ok(()) => Error::Stopped {
                    run,
                    durable: open.passed().is_some(),
                },
                Err(error) => error,
            },
        }
    }
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(_) => f.write_str("Open"),
            Self::Closed(_) => f.write_str("Closed"),
        }
    }
}
