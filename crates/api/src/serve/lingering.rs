//! Closing a connection so that its last answer arrives.
//!
//! A request can be answered before its body has been read: an upload that is too large, a wrong content type. Closing a
//! socket that still has unread bytes resets the connection, and a client that is still sending would then lose the very
//! answer that tells it to stop. So what it sends is read and thrown away for a while, until it has seen the end.
//!
//! The other way round a client that takes nothing of its answer is not waited for for ever: what answers it ends with the
//! connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};

use super::inbound::Unread;

/// How long a client may go on sending.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes thrown away at once.
const PIECE: usize = 16 << 10;
/// Pieces thrown away before others get their turn.
const TURN: usize = 16;

/// A connection that lingers when it is shut down.
pub(super) struct Lingering<S> {
    stream: TokioIo<S>,
    closing: Closing,
    /// The client has not sent all of its request, or nobody took all of it.
    unread: Unread,
    /// How long the client may take nothing of what is to be sent.
    stall: Duration,
    /// Runs out while it does not.
    stalled: Option<Pin<Box<Sleep>>>,
}

enum Closing {
    /// Not yet.
    No,
    /// Nothing more is sent, and nothing was received since.
    Sent,
    /// The client goes on sending, or is about to: it may until then.
    Receiving(Pin<Box<Sleep>>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lingering<S> {
    pub(super) fn new(stream: S, unread: Unread, stall: Duration) -> Self {
        Self {
            stream: TokioIo::new(stream),
            closing: Closing::No,
            unread,
            stall,
            stalled: None,
        }
    }

    /// What a write came to; one that has been pending for too long fails.
    fn poll_stalled(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(stalled.as_mut().poll(context));
        let why = format!(
            "the client took nothing of its answer for {} ms",
            stall.as_millis()
        );
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)))
    }

    /// Reads a piece and forgets it; answers its length, 0 at the end.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer.unfilled()))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Ready when the client has closed its side too, has nothing under way, or its time is up.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURN {
            match self.poll_discard(context) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(_)) => self.receive(),
                Poll::Pending => return self.poll_patience(context),
            }
        }
        context.waker().wake_by_ref();
        self.poll_patience(context)
    }

    /// Lets the client send for a while, from the first time this is called.
    fn receive(&mut self) {
        if !matches!(self.closing, Closing::Receiving(_)) {
            self.closing = Closing::Receiving(Box::pin(sleep(PATIENCE)));
        }
    }

    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.closing {
            Closing::No | Closing::Sent => Poll::Ready(()),
            Closing::Receiving(until) => until.as_mut().poll(context),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_stalled(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Closing::No = self.closing {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.closing = Closing::Sent;
            if self.unread.get() {
                self.receive();
            }
        }
        self.poll_linger(context).map(Ok)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.poll_stalled(written, context)
    }
}
