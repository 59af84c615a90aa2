//! Bodies as streams of a conversation, each no faster than its receiver takes it.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, mpsc};
use weft_isolation::protocol::conversation::Terms;
use weft_isolation::protocol::{StreamEnd, StreamId};

/// Most bytes of a chunk.
const CHUNK: usize = 64 << 10;
/// Bytes that may be on their way.
const WINDOW: usize = Terms::DEFAULT.window as usize;

/// Says what there is to say of the streams of one call.
pub(crate) trait Voice: Send + Sync + 'static {
    fn chunk(&self, stream: StreamId, bytes: Bytes);
    fn end(&self, stream: StreamId, end: StreamEnd);
    fn credit(&self, stream: StreamId, bytes: u32);
}

/// How much more may be sent.
#[derive(Clone, Debug)]
pub(crate) struct Credit(Arc<Semaphore>);

/// Where what arrives is put until it is taken. It holds no more than its sender had credit for.
#[derive(Debug)]
pub(crate) struct Arrivals(mpsc::UnboundedSender<Piece>);

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End(StreamEnd),
}

/// A body that arrives. It fails with what its sender failed with.
pub(crate) struct Arriving<V> {
    pieces: mpsc::UnboundedReceiver<Piece>,
    stream: StreamId,
    voice: Arc<V>,
    /// Taken, and not yet told.
    taken: usize,
    ended: bool,
}

impl Credit {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(WINDOW)))
    }

    /// The receiver takes so many more; never more than a window is believed.
    pub(crate) fn add(&self, bytes: u32) {
        let room = WINDOW.saturating_sub(self.0.available_permits());
        self.0.add_permits(room.min(bytes as usize));
    }

    /// Takes as much as there is of `most`, at least one byte.
    async fn take(&self, most: usize) -> usize {
        // Never closed, so there is a first one.
        let first = self.0.acquire().await;
        let more = self.0.available_permits().min(most.min(CHUNK) - 1);
        // At most a chunk; fewer where another took some meanwhile.
        let rest = self.0.try_acquire_many(more as u32);
        let taken = 1 + rest.as_ref().map_or(0, |_| more);
        if let Ok(first) = first {
            first.forget();
        }
        if let Ok(rest) = rest {
            rest.forget();
        }
        taken
    }
}

/// Sends a body to its end.
pub(crate) async fn send<B, V>(body: B, stream: StreamId, credit: Credit, voice: &V) -> Result<(), String>
where
    B: Body<Data = Bytes>,
    B::Error: ToString,
    V: Voice,
{
    let mut body = pin!(body);
    while let Some(frame) = body.frame().await {
        let mut bytes = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) => {
                let why = error.to_string();
                voice.end(stream, StreamEnd::Failed(why.clone()));
                return Err(why);
            }
        };
        while !bytes.is_empty() {
            let part = credit.take(bytes.len()).await;
            voice.chunk(stream, bytes.split_to(part));
        }
    }
    voice.end(stream, StreamEnd::Complete);
    Ok(())
}

/// Both ends of a body that is to arrive.
pub(crate) fn arrive<V>(stream: StreamId, voice: Arc<V>) -> (Arrivals, Arriving<V>) {
    let (sender, pieces) = mpsc::unbounded_channel();
    let arriving = Arriving {
        pieces,
        stream,
        voice,
        taken: 0,
        ended: false,
    };
    (Arrivals(sender), arriving)
}

impl Arrivals {
    pub(crate) fn chunk(&self, bytes: Bytes) {
        // Nobody may want it any longer.
        let _ = self.0.send(Piece::Bytes(bytes));
    }

    pub(crate) fn end(&self, end: StreamEnd) {
        let _ = self.0.send(Piece::End(end));
    }
}

impl<V: Voice> Body for Arriving<V> {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let piece = ready!(self.pieces.poll_recv(cx));
        Poll::Ready(match piece {
            Some(Piece::Bytes(bytes)) => {
                self.take(bytes.len());
                Some(Ok(Frame::data(bytes)))
            }
            Some(Piece::End(StreamEnd::Complete)) => {
                self.ended = true;
                None
            }
            Some(Piece::End(StreamEnd::Failed(why))) => {
                self.ended = true;
                Some(Err(why))
            }
            None => {
                self.ended = true;
                Some(Err("the call ended before the body".to_owned()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

impl<V: Voice> Arriving<V> {
    /// Half a window is told at once: rarely, and before the sender must wait.
    fn take(&mut self, bytes: usize) {
        self.taken += bytes;
        if self.taken >= WINDOW / 2 {
            // Below a window, which fits.
            self.voice.credit(self.stream, self.taken as u32);
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests;
