//! What others ask of a run that is being driven.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use tokio::sync::oneshot;
use weft_types::Value;
use weft_workflow::NodeIndex;

use crate::Error;
use crate::driver::Key;
use crate::port::journal::Position;

/// The letters to one driver: to a run and those nested in it.
pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
    /// Whether there may be something inside: looked at without the lock.
    filled: AtomicBool,
    driver: AtomicWaker,
}

#[derive(Default)]
struct Inner {
    letters: VecDeque<Letter>,
    stopped: bool,
    closed: bool,
}

/// Something that is asked of one run.
pub(crate) struct Letter {
    /// Which.
    pub(crate) to: Key,
    pub(crate) order: Order,
    /// Told what to commit before the order counts as obeyed, or why it was not.
    pub(crate) answer: Answer,
}

/// Who asked.
pub(crate) type Answer = oneshot::Sender<Result<Position, Refusal>>;

/// Why an order was not obeyed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The run is no longer driven: it has ended, or nobody knows better than the store.
    Gone,
    /// This.
    Error(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Order {
    /// To end.
    Cancel { by: String, reason: String },
    /// To start nothing new.
    Pause { by: String },
    /// To go on.
    Resume { by: String },
    /// To take the event that a node awaits.
    Complete {
        node: NodeIndex,
        value: Option<Value>,
        by: String,
    },
    /// To pass on to the journal what has happened so far.
    PassOn,
}

/// Why a letter was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undeliverable {
    /// Too many wait.
    Full,
    /// Nobody reads it any longer.
    Closed,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            filled: false.into(),
            driver: AtomicWaker::new(),
        }
    }

    /// Leaves a letter, unless `most` are there already.
    pub(crate) fn send(&self, letter: Letter, most: usize) -> Result<(), Undeliverable> {
        let mut inner = self.lock();
        if inner.closed || inner.stopped {
            return Err(Undeliverable::Closed);
        }
        if inner.letters.len() >= most {
            return Err(Undeliverable::Full);
        }
        inner.letters.push_back(letter);
        drop(inner);
        self.wake();
        Ok(())
    }

    /// Has the driver leave its runs as they are.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.wake();
    }

    /// Who is woken when something comes.
    pub(crate) fn register(&self, driver: &Waker) {
        self.driver.register(driver);
    }

    /// The next letter.
    pub(crate) fn take(&self) -> Option<Letter> {
        if !self.filled.load(SeqCst) {
            return None;
        }
        let mut inner = self.lock();
        let letter = inner.letters.pop_front();
        if letter.is_none() && !inner.stopped {
            self.filled.store(false, SeqCst);
        }
        letter
    }

    /// Whether the driver is to leave its runs as they are.
    pub(crate) fn is_stopped(&self) -> bool {
        self.filled.load(SeqCst) && self.lock().stopped
    }

    /// Takes no more letters; answers those that were not read.
    pub(crate) fn close(&self) -> VecDeque<Letter> {
        let mut inner = self.lock();
        inner.closed = true;
        std::mem::take(&mut inner.letters)
    }

    fn wake(&self) {
        self.filled.store(true, SeqCst);
        self.driver.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
