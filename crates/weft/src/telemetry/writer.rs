//! Log lines are written by a thread of their own, so that who logs never waits: where the queue is full, lines are
//! dropped and counted.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use tracing_subscriber::fmt::MakeWriter;

const BUFFER: usize = 64 << 10;

/// Takes lines.
#[derive(Clone)]
pub(crate) struct Lines {
    queue: SyncSender<Message>,
    dropped: Dropped,
}

/// Counts the lines that found the queue full.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropped(Arc<AtomicU64>);

/// Writes what is queued when dropped.
pub(crate) struct Guard {
    queue: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Line(Box<[u8]>),
    End,
}

/// Starts the thread, with room for `capacity` lines.
pub(crate) fn start(capacity: usize) -> io::Result<(Lines, Guard)> {
    start_to(capacity, io::stderr())
}

fn start_to(capacity: usize, out: impl Write + Send + 'static) -> io::Result<(Lines, Guard)> {
    let (queue, lines) = sync_channel(capacity.max(1));
    let dropped = Dropped::default();
    let counter = dropped.clone();
    let thread = std::thread::Builder::new()
        .name("log".into())
        .spawn(move || write_all(&lines, BufWriter::with_capacity(BUFFER, out), &counter))?;
    let guard = Guard {
        queue: queue.clone(),
        thread: Some(thread),
    };
    Ok((Lines { queue, dropped }, guard))
}

fn write_all(lines: &Receiver<Message>, mut out: impl Write, dropped: &Dropped) {
    let mut told = 0;
    // Ends also when every sender is gone.
    while let Ok(first) = lines.recv() {
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                // A log that cannot be written has nowhere to say so.
                Message::Line(line) => drop(out.write_all(&line)),
                Message::End => return drop(out.flush()),
            }
            next = lines.try_recv().ok();
        }
        let now = dropped.count();
        if now > told {
            let _ = writeln!(
                out,
                "{} log lines were dropped: they came faster than they can be written",
                now - told
            );
            told = now;
        }
        let _ = out.flush();
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
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Message::Line(line.into())) {
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
        if self.queue.send(Message::End).is_ok() {
            // It panicked, or it is done: either way there is nothing left to write.
            let _ = self.thread.take().map(JoinHandle::join);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

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
