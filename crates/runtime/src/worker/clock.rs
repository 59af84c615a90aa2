//! The clock that lets guests be interrupted, which stands still while there are none: workers are many, and idle for long.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use wasmtime::Engine;

use crate::engine::TICK;

/// Ticks without any call before the clock stops: waking it takes longer than many a call.
const LINGER: u32 = 100;

/// Ticks while calls execute.
pub(super) struct Clock {
    executing: AtomicU32,
    stopped: AtomicBool,
    wake: Condvar,
    lock: Mutex<()>,
}

/// Lets the clock tick until it is dropped.
pub(super) struct Ticking(Arc<Clock>);

impl Clock {
    /// Starts the thread, which lasts as long as the process.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn start(engine: Engine) -> std::io::Result<Arc<Self>> {
        let clock = Arc::new(Self {
            executing: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
            wake: Condvar::new(),
            lock: Mutex::new(()),
        });
        let ticking = Arc::clone(&clock);
        std::thread::Builder::new()
            .name("weft-epoch".into())
            .spawn(move || run(&ticking, &engine))?;
        Ok(clock)
    }

    /// Has it tick.
    pub(super) fn tick(self: &Arc<Self>) -> Ticking {
        self.executing.fetch_add(1, SeqCst);
        if self.stopped.load(SeqCst) {
            // Taken so that the thread either has not yet looked at the count, or waits already.
            let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.wake.notify_one();
        }
        Ticking(Arc::clone(self))
    }

    /// Waits for a call.
    fn stop(&self) {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.stopped.store(true, SeqCst);
        let waited = self.wake.wait_while(lock, |()| self.executing.load(SeqCst) == 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.stopped.store(false, SeqCst);
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.executing.fetch_sub(1, SeqCst);
    }
}

fn run(clock: &Clock, engine: &Engine) -> ! {
    let mut idle = 0;
    loop {
        std::thread::sleep(TICK);
        engine.increment_epoch();
        idle = match clock.executing.load(SeqCst) {
            0 => idle + 1,
            _ => 0,
        };
        if idle >= LINGER {
            clock.stop();
            idle = 0;
        }
    }
}
