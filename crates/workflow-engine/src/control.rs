//! What can be asked of an open run.

use std::sync::Arc;

use weft_types::{ProjectName, RunId, Value};

use crate::Error;
use crate::config::{MAX_REASON, MAX_TEXT};
use crate::engine::Engine;
use crate::mailbox::Order;
use crate::open_run::OpenRun;
use crate::start::{check_value, keep};

impl Engine {
    /// Ends a run and those nested in it. What executes is stopped; once this returns, that is committed, and so is the end
    /// unless something has to be waited for. Asked of a run that is being cancelled, changes nothing. One that cannot be driven, as what
    /// is stored of it is damaged, is ended too, though nothing is known of what it was doing.
    ///
    /// # Errors
    /// Where there is no such run, it is over or ending otherwise, or the store cannot be written to.
    pub async fn cancel(
        &self,
        project: &ProjectName,
        run: RunId,
        by: &str,
        reason: &str,
    ) -> Result<(), Error> {
        check_length("reason", reason, MAX_REASON)?;
        check_length("by", by, MAX_TEXT)?;
        if self.0.cancel_damaged(project, run).await? {
            return Ok(());
        }
        let order = Order::Cancel {
            by: by.to_owned(),
            reason: reason.to_owned(),
        };
        self.ask(project, run, by, order).await
    }

    /// Holds a run and those nested in it: what executes ends, nothing new starts. Committed once this returns.
    ///
    /// # Errors
    /// As [`Self::cancel`], and where it is paused already.
    pub async fn pause(&self, project: &ProjectName, run: RunId, by: &str) -> Result<(), Error> {
        let order = Order::Pause { by: by.to_owned() };
        self.ask(project, run, by, order).await
    }

    /// Has a paused run and those nested in it go on. Committed once this returns.
    ///
    /// # Errors
    /// As [`Self::cancel`], and where it is not paused.
    pub async fn resume(&self, project: &ProjectName, run: RunId, by: &str) -> Result<(), Error> {
        let order = Order::Resume { by: by.to_owned() };
        self.ask(project, run, by, order).await
    }

    /// Brings the event that a node awaits, with a value of the node's output type. Committed once this returns.
    ///
    /// # Errors
    /// As [`Self::cancel`]; where there is no such node, it awaits nothing (any longer), or the value is of another type.
    pub async fn complete(
        &self,
        project: &ProjectName,
        run: RunId,
        node: &str,
        value: Option<Value>,
        by: &str,
    ) -> Result<(), Error> {
        check_length("by", by, MAX_TEXT)?;
        let open = self.find_open(project, run).await?;
        let index = open
            .plan
            .find(node)
            .ok_or_else(|| Error::no_node(run, node, &open.plan))?;
        let value = match (value, &open.plan.node(index).output) {
            (Some(mut value), Some(ty)) => {
                check_value("the event", &value, ty)?;
                keep(&self.0, project, &mut value, ty).await?;
                Some(value)
            }
            (None, None) => None,
            (Some(_), None) => return Err(wrong_type("nothing")),
            (None, Some(ty)) => return Err(wrong_type(&ty.to_string())),
        };
        let order = Order::Complete {
            node: index,
            value,
            by: by.to_owned(),
        };
        self.obeyed(&open, order).await
    }

    async fn ask(&self, project: &ProjectName, run: RunId, by: &str, order: Order) -> Result<(), Error> {
        check_length("by", by, MAX_TEXT)?;
        let open = self.find_open(project, run).await?;
        self.obeyed(&open, order).await
    }

    async fn obeyed(&self, open: &Arc<OpenRun>, order: Order) -> Result<(), Error> {
        self.0.check_store()?;
        self.order(open, order).await
    }

    pub(crate) async fn find_open(&self, project: &ProjectName, run: RunId) -> Result<Arc<OpenRun>, Error> {
        match self.0.registry.of_project(project, run) {
            Some(open) => Ok(open),
            None => Err(self.not_open(project, run).await),
        }
    }

    /// Why a run that is not driven here cannot be asked anything.
    async fn not_open(&self, project: &ProjectName, run: RunId) -> Error {
        match self.0.record(project, run).await {
            Ok(record) if record.status.is_closed() => Error::Over {
                run,
                status: record.status,
            },
            Ok(_) if self.0.drivers.is_draining() => Error::Draining,
            Ok(_) => Error::Platform(format!("run {run} is open, but nobody drives it")),
            Err(error) => error,
        }
    }
}

fn wrong_type(expected: &str) -> Error {
    Error::WrongType {
        what: "the event".to_owned(),
        expected: expected.to_owned(),
    }
}

fn check_length(what: &'static str, text: &str, most: usize) -> Result<(), Error> {
    if text.len() <= most {
        return Ok(());
    }
    Err(Error::Invalid {
        what,
        message: format!("is longer than {most} bytes"),
    })
}
