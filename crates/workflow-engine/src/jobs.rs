//! The futures that one driver has under way, in a set whose members can be taken out.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Futures, each polled only when it was woken. Taking one out drops it at once: that is how a guest is stopped.
///
/// Entries, with their wakers, are used again: a step that ends at its first poll allocates nothing.
pub(crate) struct Jobs<J> {
    entries: Vec<Entry<J>>,
    free: Vec<u32>,
    /// Those of this round that are still to be polled.
    round: VecDeque<u32>,
    woken: Arc<Woken>,
}

/// Names a job as long as it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JobId(u32);

struct Entry<J> {
    job: Option<J>,
    signal: Arc<Signal>,
    waker: Waker,
}

/// Wakes one entry.
struct Signal {
    index: u32,
    queued: AtomicBool,
    woken: Arc<Woken>,
}

/// The entries that were woken, and the driver to wake with them.
#[derive(Default)]
struct Woken {
    queue: Mutex<Vec<u32>>,
    driver: AtomicWaker,
}

impl<J: Future + Unpin> Jobs<J> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            round: VecDeque::new(),
            woken: Arc::default(),
        }
    }

    /// Polls a job for the first time. One that does not end at once stays.
    pub(crate) fn start(&mut self, mut job: J) -> Result<J::Output, JobId> {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        let entry = &mut self.entries[index as usize];
        match Pin::new(&mut job).poll(&mut Context::from_waker(&entry.waker)) {
            Poll::Ready(output) => {
                self.free.push(index);
                Ok(output)
            }
            Poll::Pending => {
                entry.job = Some(job);
                Err(JobId(index))
            }
        }
    }

    /// Begins a round: those that were woken until now are polled once. Who is woken from now on wakes the driver, so that a
    /// job that wakes itself leaves the core to others in between.
    pub(crate) fn begin_round(&mut self, cx: &Context<'_>) {
        self.woken.driver.register(cx.waker());
        self.round.extend(self.woken.lock().drain(..));
    }

    /// The next job of this round that ends.
    pub(crate) fn next(&mut self) -> Option<(JobId, J::Output)> {
        while let Some(index) = self.round.pop_front() {
            let entry = &mut self.entries[index as usize];
            // Before the poll: what wakes it during the poll is not lost.
            entry.signal.queued.store(false, SeqCst);
            let Some(job) = &mut entry.job else {
                continue;
            };
            if let Poll::Ready(output) = Pin::new(job).poll(&mut Context::from_waker(&entry.waker)) {
                self.remove(JobId(index));
                return Some((JobId(index), output));
            }
        }
        None
    }

    /// Takes a job out.
    pub(crate) fn remove(&mut self, id: JobId) -> Option<J> {
        let job = self.entries.get_mut(id.0 as usize)?.job.take()?;
        self.free.push(id.0);
        Some(job)
    }

    /// How many are under way.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    fn grow(&mut self) -> u32 {
        // A driver has far fewer than 2^32 jobs: their number is bounded by its configuration.
        let index = self.entries.len() as u32;
        let signal = Arc::new(Signal {
            index,
            queued: AtomicBool::new(false),
            woken: Arc::clone(&self.woken),
        });
        let waker = Waker::from(Arc::clone(&signal));
        self.entries.push(Entry {
            job: None,
            signal,
            waker,
        });
        index
    }
}

impl Woken {
    fn lock(&self) -> MutexGuard<'_, Vec<u32>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, SeqCst) {
            self.woken.lock().push(self.index);
            self.woken.driver.wake();
        }
    }
}

#[cfg(test)]
mod tests;
