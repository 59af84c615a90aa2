//! A worker as its pool knows it: from the wish for one to its end.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout_at;
use weft_function_engine::port::{Failure, Loss};
use weft_pool::budget::Share;

use super::connection::Connection;
use super::plan::Plan;
use super::start;

/// A worker. Dropping it ends it.
pub(super) struct Worker {
    life: Arc<Life>,
    /// Not started, as others crashed.
    refused: bool,
    /// Goes with it until it is first called.
    held: Mutex<Option<OwnedSemaphorePermit>>,
    /// Whether there is one.
    holds: AtomicBool,
}

/// The start of a worker, for who waits for it.
pub(super) struct Awaited(Arc<Life>);

/// How far a worker came.
#[derive(Clone)]
pub(super) enum Stage {
    Starting,
    Ready(Arc<Connection>),
    Ended(Loss),
}

/// What a worker and those who start and watch it share.
pub(super) struct Life {
    stage: watch::Sender<Stage>,
    /// When its start began, counted from the origin of its plan.
    pub(super) began: Duration,
    /// Whether nobody wants it any longer.
    dismissed: AtomicBool,
}

impl Worker {
    /// Has one started, unless too many crashed of late: that one has ended already.
    pub(super) fn start(plan: &Arc<Plan>) -> Self {
        let held_back = plan.held_back();
        let refused = held_back.is_some();
        let stage = held_back.map_or(Stage::Starting, Stage::Ended);
        let life = Arc::new(Life {
            stage: watch::Sender::new(stage),
            began: plan.origin.elapsed(),
            dismissed: AtomicBool::new(false),
        });
        if !refused {
            let (plan, life) = (Arc::clone(plan), Arc::clone(&life));
            let background = plan.shared.background.clone();
            background.spawn_blocking(move || start::run(&plan, &life));
        }
        Self {
            life,
            refused,
            held: Mutex::default(),
            holds: AtomicBool::new(false),
        }
    }

    /// Holds a permit until it is first called, or ends.
    pub(super) fn hold(&self, permit: OwnedSemaphorePermit) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        self.holds.store(true, Release);
    }

    /// Its start.
    pub(super) fn awaited(&self) -> Awaited {
        Awaited(Arc::clone(&self.life))
    }

    /// How far it came, for who looks on.
    pub(super) fn stage(&self) -> Stage {
        self.life.stage.borrow().clone()
    }

    /// The conversation with it, once it can be called and as long as it can.
    pub(super) fn connection(&self) -> Option<Arc<Connection>> {
        match &*self.life.stage.borrow() {
            Stage::Ready(connection) if connection.is_open() => Some(Arc::clone(connection)),
            Stage::Ready(_) | Stage::Starting | Stage::Ended(_) => None,
        }
    }

    /// How many calls it may be ahead of others where the conversation with it is had on this thread: a call from another one costs both
    /// threads a wake-up.
    pub(super) fn lead(&self) -> Option<u32> {
        match &*self.life.stage.borrow() {
            Stage::Ready(connection) => connection.lead(),
            Stage::Starting | Stage::Ended(_) => None,
        }
    }

    /// What it counts for among all workers, as long as it can be called.
    pub(super) fn share(&self) -> Option<Share> {
        self.connection().map(|connection| connection.share())
    }

    /// Whether it cannot be called yet.
    pub(super) fn is_starting(&self) -> bool {
        matches!(*self.life.stage.borrow(), Stage::Starting)
    }

    /// Whether it was not even started, as others crashed.
    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }

    /// Whether it can be called, now or soon.
    pub(super) fn may_serve(&self) -> bool {
        match &*self.life.stage.borrow() {
            Stage::Starting => true,
            Stage::Ready(connection) => connection.is_open(),
            Stage::Ended(_) => false,
        }
    }

    /// Waits until it can be called.
    ///
    /// # Errors
    /// Where it ended before, or not until `deadline`.
    pub(super) async fn ready(&self, deadline: Instant) -> Result<Arc<Connection>, Failure> {
        if self.holds.load(Acquire) && self.holds.swap(false, AcqRel) {
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.life.until_ready(deadline).await
    }
}

impl Awaited {
    /// Waits until it has ended well.
    ///
    /// # Errors
    /// Where it did not, or not until `deadline`.
    pub(super) async fn ready(&self, deadline: Instant) -> Result<(), Failure> {
        self.0.until_ready(deadline).await.map(drop)
    }
}

impl Life {
    /// Whether nobody wants it any longer.
    pub(super) fn is_dismissed(&self) -> bool {
        self.dismissed.load(SeqCst)
    }

    async fn until_ready(&self, deadline: Instant) -> Result<Arc<Connection>, Failure> {
        if let Stage::Ready(connection) = &*self.stage.borrow() {
            return Ok(Arc::clone(connection));
        }
        let began = Instant::now();
        let mut stage = self.stage.subscribe();
        let settled = stage.wait_for(|stage| !matches!(stage, Stage::Starting));
        match timeout_at(deadline.into(), settled).await {
            Ok(Ok(stage)) => match &*stage {
                Stage::Ready(connection) => Ok(Arc::clone(connection)),
                Stage::Ended(loss @ Loss::NoRoom(_)) => Err(Failure::Unavailable(loss.to_string())),
                Stage::Ended(loss) => Err(Failure::Unstarted(loss.clone())),
                // Waited for above.
                Stage::Starting => Err(Failure::TimedOut(began.elapsed())),
            },
            // It may be ready in time for others.
            Ok(Err(_)) | Err(_) => Err(Failure::TimedOut(began.elapsed())),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.life.dismissed.store(true, SeqCst);
        if let Stage::Ready(connection) = &*self.life.stage.borrow() {
            connection.dismiss();
        }
    }
}

impl Life {
    /// It can be called from now on, unless nobody wants it any longer.
    pub(super) fn ready(&self, connection: Arc<Connection>) {
        self.stage.send_replace(Stage::Ready(Arc::clone(&connection)));
        // Whoever dropped it before had nothing yet to dismiss.
        if self.is_dismissed() {
            connection.dismiss();
        }
    }

    pub(super) fn ended(&self, loss: Loss) {
        self.stage.send_replace(Stage::Ended(loss));
    }
}
