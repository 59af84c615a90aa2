//! Threads for guests that execute long: as many as cores, of lower priority, so that any number of spinning guests leaves
//! the threads that serve short calls alone.
//!
//! Each executes slices of a millisecond, in the order of a [`Line`]: a runtime's own queue would serve guests in the order
//! in which they were woken, whosever they are. What guests wait for, such as timers, is looked after by a runtime beside.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustix::process::setpriority_process;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::epoch::Meter;
use crate::stop::Stop;

mod line;
mod seat;
mod turns;

use line::Line;
pub(crate) use seat::Guest;
use seat::Seat;
pub(crate) use turns::Account;

/// The niceness of the threads: in competition with as many usual threads they get a quarter of the cores, so that whoever keeps
/// the others busy with short calls does not keep long ones from ending.
const NICE: i32 = 5;

/// The threads for heavy work. They end when this is dropped, without waiting for guests.
pub(crate) struct Heavy {
    line: Arc<Line>,
    handle: Handle,
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
}

impl Heavy {
    pub(crate) fn new(threads: NonZeroUsize) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("weft-heavy-io")
            .worker_threads(1)
            .on_thread_start(lower_priority)
            .enable_all()
            .build()?;
        let heavy = Self {
            line: Arc::default(),
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        };
        for _ in 0..threads.get() {
            let (line, handle) = (Arc::clone(&heavy.line), heavy.handle.clone());
            let body = move || {
                lower_priority();
                let _context = handle.enter();
                line.serve();
            };
            std::thread::Builder::new()
                .name("weft-heavy".to_owned())
                .spawn(body)?;
        }
        Ok(heavy)
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        self.line.close();
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
    handle: Handle,
}

impl<T: Send + 'static> Moved<T> {
    /// Hands a suspended guest to the heavy threads, whose time projects share equally, and the versions of each.
    pub(crate) fn new(guest: Guest<T>, account: Account, meter: Arc<Meter>, heavy: &Heavy) -> Self {
        meter.moved_to_heavy();
        Self {
            seat: Seat::take(guest, account, meter, &heavy.line),
            handle: heavy.handle.clone(),
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Stop>> {
        self.seat.poll_end(cx)
    }
}

impl<T: Send + 'static> Drop for Moved<T> {
    fn drop(&mut self) {
        // It may have much to give back, which is not for this thread to do.
        if let Some(guest) = self.seat.abandon() {
            self.handle.spawn(async move { drop(guest) });
        }
    }
}

#[cfg(test)]
mod tests;
