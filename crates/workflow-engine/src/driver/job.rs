//! What a driver waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use jiff::Timestamp;
use weft_types::{Digest, RunStatus, Value};
use weft_workflow::event::{ErrorCode, NodeError, Usage};
use weft_workflow::{NodeIndex, Place};

use super::ready::Lent;
use super::slots::Key;
use crate::alarm::Broken;
use crate::nested_end::NestedEnd;
use crate::port::Boxed;
use crate::port::calls::{CallError, Callee, NodeCall, NodeReply};
use crate::values::NotKept;

/// Something of a run that takes time.
pub(super) struct Job {
    pub(super) errand: Errand,
    stage: Stage,
}

/// What a job is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand {
    pub(super) key: Key,
    pub(super) task: Task,
    /// When it began.
    pub(super) since: Timestamp,
    /// Whether it calls something that has effects.
    pub(super) effects: bool,
    /// Whether it has a place among the calls.
    pub(super) placed: bool,
    /// Under what its result may be kept for others.
    pub(super) cache: Option<Digest>,
}

/// What is to be answered in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// An attempt.
    Attempt(Place, u32),
    /// The list of a node's items.
    Gather(NodeIndex),
    /// The value in place of a failed node's output.
    Catch(NodeIndex),
    /// The end of the run.
    Finish(RunStatus),
}

enum Stage {
    Calling(Boxed<'static, Result<NodeReply, CallError>>),
    /// The call begins once what leads to it is committed.
    Committing(
        Boxed<'static, Result<(), Broken>>,
        Option<Box<(Arc<dyn Callee>, NodeCall)>>,
    ),
    /// Anything else; and whether it comes after a call.
    Other(Boxed<'static, Done>, bool),
}

/// What follows once a value is stored.
#[derive(Debug)]
pub(super) enum Then {
    /// The task ended well: the value is what it leads to.
    Succeed(Usage),
    /// The attempt failed: the value is the function's own error.
    Fail(Usage, ErrorCode, String),
    /// The value is what a nested run is called with.
    Nest,
}

/// A job that ended.
pub(super) struct Finished {
    pub(super) errand: Errand,
    pub(super) done: Done,
}

/// How it ended.
pub(super) enum Done {
    Loaded(Result<Lent, NodeError>),
    Called(Result<NodeReply, CallError>),
    Kept(Result<Value, NotKept>, Then),
    /// What leads to a nested run is committed: it may begin, with these arguments.
    Prepared(Value),
    /// What became of the nested run of an attempt that may have begun before a crash; and whether the attempt is being stopped.
    LookedUp(NestedEnd, bool),
    Broken(Broken),
}

impl Job {
    pub(super) fn calling(errand: Errand, callee: Arc<dyn Callee>, call: NodeCall) -> Self {
        Self {
            errand,
            stage: Stage::Calling(callee.call(call)),
        }
    }

    /// A call that begins after a commit.
    pub(super) fn committing(
        errand: Errand,
        commit: Boxed<'static, Result<(), Broken>>,
        callee: Arc<dyn Callee>,
        call: NodeCall,
    ) -> Self {
        Self {
            errand,
            stage: Stage::Committing(commit, Some(Box::new((callee, call)))),
        }
    }

    /// Something that comes before a call.
    pub(super) fn before(errand: Errand, work: impl Future<Output = Done> + Send + 'static) -> Self {
        Self {
            errand,
            stage: Stage::Other(Box::pin(work), false),
        }
    }

    /// Something that comes after a call.
    pub(super) fn after(errand: Errand, work: impl Future<Output = Done> + Send + 'static) -> Self {
        Self {
            errand,
            stage: Stage::Other(Box::pin(work), true),
        }
    }

    /// Whether the call has begun: effects may have happened.
    pub(super) fn has_begun(&self) -> bool {
        match &self.stage {
            Stage::Calling(_) => true,
            Stage::Committing(..) => false,
            Stage::Other(_, begun) => *begun,
        }
    }

    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        if let Stage::Committing(commit, next) = &mut self.stage {
            match (ready!(commit.as_mut().poll(cx)), next.take()) {
                (Ok(()), Some(next)) => {
                    let (callee, call) = *next;
                    self.stage = Stage::Calling(callee.call(call));
                }
                // A job that ended is not polled again.
                (Ok(()), None) => return Poll::Pending,
                (Err(broken), _) => return Poll::Ready(Done::Broken(broken)),
            }
        }
        match &mut self.stage {
            Stage::Calling(call) => call.as_mut().poll(cx).map(Done::Called),
            Stage::Other(work, _) => work.as_mut().poll(cx),
            Stage::Committing(..) => Poll::Pending,
        }
    }
}

impl Future for Job {
    type Output = Finished;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Finished> {
        let job = self.get_mut();
        let done = ready!(job.poll_stage(cx));
        Poll::Ready(Finished {
            errand: job.errand,
            done,
        })
    }
}
