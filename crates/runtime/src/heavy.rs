//! Threads for guests that execute long: as many as cores, of low priority, so that any number of spinning guests leaves
//! the threads that serve short calls alone.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use rustix::process::setpriority_process;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::epoch::Meter;
use crate::stop::Stop;
use crate::turns::{Threads, Turn};

/// The niceness of the threads: a fifteenth of a core in competition with one usual thread.
const NICE: i32 = 19;

/// An executing guest. It owns its store, so it can be polled, and dropped, by any thread.
pub(crate) type Guest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The threads for heavy work. They end when this is dropped, without waiting for guests.
pub(crate) struct Heavy {
    handle: Handle,
    turns: Arc<Threads>,
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
}

impl Heavy {
    pub(crate) fn new(threads: NonZeroUsize) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("weft-heavy")
            .worker_threads(threads.get())
            // Guests yield every millisecond: each yield is a chance to see timers, sockets and new arrivals.
            .event_interval(1)
            .global_queue_interval(1)
            .on_thread_start(lower_priority)
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            turns: Threads::new(threads),
            runtime: Some(runtime),
        })
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lower_priority() {
    // Of this thread alone: Linux keeps priorities per thread. Without it calls are only less fair.
    if let Err(error) = setpriority_process(None, NICE) {
        tracing::warn!(%error, "the threads for heavy work run at usual priority");
    }
}

/// A guest that executes on the heavy threads, seen from the one who waits for it. Dropping it stops the guest.
pub(crate) struct Moved<T: Send + 'static> {
    seat: Arc<Seat<T>>,
    meter: Arc<Meter>,
    worker: JoinHandle<()>,
    handle: Handle,
}

/// Where a moved guest is found by both sides. The lock is never held while the guest executes or is dropped.
struct Seat<T> {
    state: Mutex<State<T>>,
}

enum State<T> {
    /// It waits for a turn or for the world.
    Suspended(Guest<T>),
    /// A heavy thread executes it.
    Executing,
    /// It has ended.
    Ended(T),
    /// Nobody waits for it any longer, or what it answered was fetched.
    Abandoned,
}

impl<T: Send + 'static> Moved<T> {
    /// Hands a suspended guest to the heavy threads, which guests of different versions share equally.
    pub(crate) fn new(guest: Guest<T>, version: u64, meter: Arc<Meter>, heavy: &Heavy) -> Self {
        meter.moved_to_heavy();
        let seat = Arc::new(Seat {
            state: Mutex::new(State::Suspended(guest)),
        });
        let worker = heavy.handle.spawn(Worker {
            seat: seat.clone(),
            meter: meter.clone(),
            turn: Turn::new(heavy.turns.clone(), version),
        });
        Self {
            seat,
            meter,
            worker,
            handle: heavy.handle.clone(),
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Stop>> {
        let Poll::Ready(ended) = Pin::new(&mut self.worker).poll(cx) else {
            return Poll::Pending;
        };
        let state = std::mem::replace(&mut *self.seat.lock(), State::Abandoned);
        Poll::Ready(match (ended, state) {
            (Ok(()), State::Ended(answer)) => Ok(answer),
            _ => Err(Stop::Lost),
        })
    }
}

impl<T: Send + 'static> Drop for Moved<T> {
    fn drop(&mut self) {
        // An executing guest sees the flag at its next tick; a suspended one executes no more, and ends where it executed, as
        // it may have much to give back.
        self.meter.cancel();
        let left = std::mem::replace(&mut *self.seat.lock(), State::Abandoned);
        self.worker.abort();
        if let State::Suspended(guest) = left {
            self.handle.spawn(async move { drop(guest) });
        }
    }
}

impl<T> Seat<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // States are replaced whole: a panic elsewhere cannot leave half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Executes a moved guest whenever it is its turn.
struct Worker<T> {
    seat: Arc<Seat<T>>,
    meter: Arc<Meter>,
    turn: Turn<Threads>,
}

impl<T> Future for Worker<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Poll::Ready(mut slice) = this.turn.poll(cx) else {
            return Poll::Pending;
        };
        let mut guest = {
            let mut state = this.seat.lock();
            match std::mem::replace(&mut *state, State::Executing) {
                State::Suspended(guest) => guest,
                other => {
                    *state = other;
                    return Poll::Ready(());
                }
            }
        };
        let before = this.meter.used();
        let polled = this.meter.measure(|| guest.as_mut().poll(cx));
        slice.used(this.meter.used().saturating_sub(before));
        let mut state = this.seat.lock();
        if matches!(*state, State::Abandoned) {
            drop(state);
            return Poll::Ready(());
        }
        match polled {
            Poll::Ready(answer) => {
                *state = State::Ended(answer);
                Poll::Ready(())
            }
            Poll::Pending => {
                *state = State::Suspended(guest);
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests;
