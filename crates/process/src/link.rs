//! Frames through a socket, either way.

use std::io::{self, IoSlice};
use std::marker::PhantomData;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use bytes::BytesMut;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use weft_isolation::protocol::{Decoder, Encoded, Frame, Message, ProtocolError};

mod outbox;

use outbox::Outbox;

/// How much is made room for at once, in bytes: more only where a frame that large was announced, and piece by piece.
const READ: usize = 64 << 10;
/// Less room than this is too little to read into, in bytes.
const READ_LEAST: usize = 8 << 10;
/// Runs of frames and large bodies that leave with one system call at most.
const PARTS: usize = 16;
/// The most that is made room for because it was announced, in bytes.
const READ_MOST: usize = 1 << 20;

/// One end of a conversation, as the one who says `Said` and hears `Heard`.
///
/// What is said waits until [`Link::flush`] moves it: on the thread that does, which has one runtime, that is when all that is
/// ready there was looked after, so that what is said meanwhile leaves together, with one system call. Who says something on
/// another thread writes at once. What may wait is bounded by what is said: calls and answers by their limits, streams by their
/// credit.
pub(crate) struct Link<Said, Heard> {
    stream: UnixStream,
    limit: AtomicUsize,
    waiting: Mutex<Outbox>,
    wake: Notify,
    /// The thread that moves what waits, where it has no other to share its tasks with.
    home: OnceLock<ThreadId>,
    said: PhantomData<fn(Said) -> Heard>,
}

/// Takes frames off a link, one after another.
pub(crate) struct Reader<Heard> {
    decoder: Decoder<Heard>,
    bytes: BytesMut,
}

/// Why nothing more is heard.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// The socket is closed, or as good as.
    #[error("the socket was closed")]
    Closed,
    /// What was heard breaks the rules.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

impl<Said: Message, Heard: Message> Link<Said, Heard> {
    /// Over a socket, in the runtime of the caller; frames have at most `limit` bytes.
    pub(crate) fn new(stream: StdStream, limit: usize) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: UnixStream::from_std(stream)?,
            limit: AtomicUsize::new(limit),
            waiting: Mutex::default(),
            wake: Notify::new(),
            home: OnceLock::new(),
            said: PhantomData,
        })
    }

    /// Sets the largest frame that is sent from now on, in bytes.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// Says something. That nobody listens any longer is found out by whoever reads.
    ///
    /// # Errors
    /// Where it is no frame that may be sent.
    pub(crate) fn send(&self, frame: &Frame<Said>) -> Result<(), ProtocolError> {
        self.encode(frame).map(|encoded| self.push(encoded))
    }

    /// A frame in the form that [`Link::push`] takes.
    ///
    /// # Errors
    /// Where it is no frame that may be sent.
    pub(crate) fn encode(&self, frame: &Frame<Said>) -> Result<Encoded, ProtocolError> {
        frame.encode(self.limit.load(Relaxed))
    }

    /// Says what was encoded.
    pub(crate) fn push(&self, encoded: Encoded) {
        let deferred = self.is_here();
        let mut waiting = self.waiting();
        let first = waiting.is_empty();
        waiting.push(encoded);
        if first && !deferred {
            self.write(&mut waiting);
        }
        if first && !waiting.is_empty() {
            self.wake.notify_one();
        }
    }

    /// Whether this is the thread that moves what waits.
    pub(crate) fn is_here(&self) -> bool {
        self.home.get() == Some(&thread::current().id())
    }

    /// Writes what waits now, as far as the socket takes it, where more may take a while.
    pub(crate) fn hurry(&self) {
        self.write(&mut self.waiting());
    }

    /// Moves what waits, for as long as it is polled.
    pub(crate) async fn flush(&self) {
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            self.home.get_or_init(|| thread::current().id());
        }
        loop {
            self.wake.notified().await;
            // A runtime comes back here when all that is ready has had its turn.
            tokio::task::yield_now().await;
            self.hurry();
            while !self.waiting().is_empty() {
                if self.stream.writable().await.is_err() {
                    return;
                }
                self.hurry();
            }
        }
    }

    /// Bytes that wait to be written.
    pub(crate) fn backlog(&self) -> usize {
        self.waiting().bytes()
    }

    /// Blocks until the socket takes more, and writes it.
    pub(crate) fn write_blocking(&self) {
        use rustix::event::{PollFd, PollFlags, poll};
        let mut events = [PollFd::new(&self.stream, PollFlags::OUT)];
        // Interrupted or closed: whoever asked looks again.
        let _ = poll(&mut events, None);
        // Tokio may not have seen yet that it can be written to.
        let mut waiting = self.waiting();
        let mut parts = [IoSlice::new(&[])];
        if waiting.slices(&mut parts) == 0 {
            return;
        }
        match rustix::io::write(&self.stream, &parts[0]) {
            Ok(written) => waiting.advance(written),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(_) => waiting.clear(),
        }
    }

    /// The next frame.
    ///
    /// # Errors
    /// Where there is none.
    pub(crate) async fn next(&self, reader: &mut Reader<Heard>) -> Result<Frame<Heard>, Ended> {
        loop {
            if let Some(frame) = reader.decoder.decode(&mut reader.bytes)? {
                return Ok(frame);
            }
            reader.make_room();
            let room = reader.bytes.capacity() - reader.bytes.len();
            match self.stream.try_read_buf(&mut reader.bytes) {
                Ok(0) => return Err(Ended::Closed),
                Ok(read) if read < room => self.drained(),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.readable().await.map_err(|_| Ended::Closed)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Ended::Closed),
            }
        }
    }

    /// Ends the conversation: neither side hears anything more.
    pub(crate) fn shut(&self) {
        // That it cannot be shut means that it is.
        let _ = rustix::net::shutdown(&self.stream, rustix::net::Shutdown::Both);
    }

    /// There was no more to read: spares asking the system, which would say so. That the socket was closed stays known.
    fn drained(&self) {
        let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        // It fails as it is made to.
        let _ = self.stream.try_io(Interest::READABLE, nothing);
    }

    fn write(&self, waiting: &mut Outbox) {
        while !waiting.is_empty() {
            let mut parts = [IoSlice::new(&[]); PARTS];
            let filled = waiting.slices(&mut parts);
            match self.stream.try_write_vectored(&parts[..filled]) {
                Ok(written) => waiting.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whoever reads finds out that the other side is gone.
                Err(_) => waiting.clear(),
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Outbox> {
        // Nothing that can panic half-way runs under the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Heard: Message> Reader<Heard> {
    /// Frames have at most `limit` bytes; `bytes` were read already.
    pub(crate) fn new(limit: usize, bytes: BytesMut) -> Self {
        Self {
            decoder: Decoder::new(limit),
            bytes,
        }
    }

    /// Lets frames have at most `limit` bytes from now on.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.decoder = Decoder::new(limit);
    }

    fn make_room(&mut self) {
        let missing = self.decoder.missing(&self.bytes);
        let room = self.bytes.capacity() - self.bytes.len();
        // What was read is shared with the bodies of frames, so room that is made is memory that is new.
        if room < missing.clamp(READ_LEAST, READ_MOST) {
            self.bytes.reserve(missing.clamp(READ, READ_MOST));
        }
    }
}
