//! Log lines are written by a thread of their own, so that who logs never waits: where too many are queued, lines are
//! dropped and counted.
//!
//! The thread is woken by the first line of a batch only and lets others gather for [`GATHER`]: a wake-up for each line
//! costs more than the call that is logged.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long lines gather before they are written.
const GATHER: Duration = Duration::from_millis(5);

/// Takes lines.
#[derive(Clone)]
pub(crate) struct Lines {
    queue: Arc<Queue>,
    dropped: Dropped,
}

/// Counts the lines that found the queue full.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropped(Arc<AtomicU64>);

/// Writes what is queued when dropped.
pub(crate) struct Guard {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

struct Queue {
    batch: Mutex<Batch>,
    changed: Condvar,
    capacity: usize,
}

/// The lines that wait to be written, one after another.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    lines: usize,
    ended: bool,
}

/// Starts the thread, with room for `capacity` lines.
pub(crate) fn start(capacity: usize) -> io::Result<(Lines, Guard)> {
    start_to(capacity, io::stderr())
}

fn start_to(capacity: usize, out: impl Write + Send + 'static) -> io::Result<(Lines, Guard)> {
    let queue = Arc::new(Queue {
        batch: Mutex::default(),
        changed: Condvar::new(),
        capacity: capacity.max(1),
    });
    let dropped = Dropped::default();
    let (lines, counter) = (queue.clone(), dropped.clone());
    let thread = std::thread::Builder::new()
        .name("log".into())
        .spawn(move || write_all(&lines, out, &counter))?;
    let guard = Guard {
        queue: queue.clone(),
        thread: Some(thread),
    };
    Ok((Lines { queue, dropped }, guard))
}

fn write_all(queue: &Queue, mut out: impl Write, dropped: &Dropped) {
    let mut told = 0;
    loop {
        let batch = queue.gather();
        // A log that cannot be written has nowhere to say so.
        let _ = out.write_all(&batch.text);
        let now = dropped.count();
        if now > told {
            let lost = now - told;
            let _ = writeln!(
                out,
                "{lost} log lines were dropped: they came faster than they can be written"
            );
            told = now;
        }
        let _ = out.flush();
        if batch.ended {
            return;
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Batch> {
        // Nothing panics while it holds the lock, and a batch is whole at any moment.
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a line, unless too many wait.
    fn push(&self, line: &[u8]) -> bool {
        let mut batch = self.lock();
        if batch.lines >= self.capacity {
            return false;
        }
        batch.text.extend_from_slice(line);
        batch.lines += 1;
        if batch.lines == 1 {
            self.changed.notify_one();
        }
        true
    }

    /// Waits for a line, lets others join it and takes them all.
    fn gather(&self) -> Batch {
        let idle = |batch: &mut Batch| batch.lines == 0 && !batch.ended;
        let batch = self
            .changed
            .wait_while(self.lock(), idle)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut batch, _) = self
            .changed
            .wait_timeout_while(batch, GATHER, |batch| !batch.ended)
            .unwrap_or_else(PoisonError::into_inner);
        let ended = batch.ended;
        std::mem::replace(
            &mut *batch,
            Batch {
                ended,
                ..Batch::default()
            },
        )
    }
}

impl Lines {
    /// The counter of lines that were dropped.
    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped.clone()
    }
}

impl Dropped {
    /// How many so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !self.queue.push(line) {
            self.dropped.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.queue.lock().ended = true;
        self.queue.changed.notify_one();
        // It panicked, or it is done: either way there is nothing left to write.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Hands on what is written, waiting for a permission before each flush.
    struct Gate {
        written: Sender<Vec<u8>>,
        open: Receiver<()>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.open.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_and_the_rest_at_the_end() {
        let (written, read) = channel();
        let (permit, open) = channel();
        drop(permit);
        let (lines, guard) = start_to(8, Gate { written, open }).unwrap();
        (&lines).write_all(b"one\n").unwrap();
        (&lines).write_all(b"two\n").unwrap();
        drop(guard);
        assert_eq!(read.into_iter().flatten().collect::<Vec<_>>(), b"one\ntwo\n");
    }

    #[test]
    fn a_full_queue_drops_and_counts_and_never_waits() {
        let (written, read) = channel();
        let (permit, open) = channel();
        let (lines, guard) = start_to(4, Gate { written, open }).unwrap();
        for _ in 0..1000 {
            (&lines).write_all(b"line\n").unwrap();
        }
        assert!(lines.dropped().count() > 900);
        drop(permit);
        drop(guard);
        let text = String::from_utf8(read.into_iter().flatten().collect()).unwrap();
        assert!(text.starts_with("line\n"));
    }
}
