//! A request's body that can be sent once more, as far as it is kept.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::port::{Body, BodyError};

/// Most bytes that are kept of a body, so that it can be sent once more.
pub(super) const KEPT: usize = 1 << 20;

/// A body, what was taken of it so far, and who may take more.
#[derive(Clone)]
pub(super) struct Replay(Arc<Mutex<Source>>);

struct Source {
    body: Body,
    /// What was taken, in pieces.
    taken: Vec<Bytes>,
    kept: usize,
    /// Whether more was taken than is kept, or something that cannot be.
    lost: bool,
    /// Counts who took: only the last one may.
    turn: u32,
    ended: bool,
}

/// The body from its beginning, for one of those who take it.
struct Taking {
    source: Replay,
    turn: u32,
    next: usize,
}

impl Replay {
    pub(super) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Source {
            ended: body.is_end_stream(),
            body,
            taken: Vec::new(),
            kept: 0,
            lost: false,
            turn: 0,
        })))
    }

    /// The body from its beginning; none where that is not kept. Who took it before gets no more of it.
    pub(super) fn take(&self) -> Option<Body> {
        let mut source = self.source();
        if source.lost {
            return None;
        }
        source.turn += 1;
        let taking = Taking {
            source: self.clone(),
            turn: source.turn,
            next: 0,
        };
        Some(taking.boxed_unsync())
    }

    /// Whether it could be taken from its beginning once more.
    pub(super) fn is_kept(&self) -> bool {
        !self.source().lost
    }

    fn source(&self) -> MutexGuard<'_, Source> {
        // A body that panicked is not asked for more.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.keep(frame.data_ref());
                self.ended |= self.body.is_end_stream();
            }
            Poll::Ready(Some(Err(_))) => self.lost = true,
            Poll::Ready(None) => self.ended = true,
            Poll::Pending => {}
        }
        polled
    }

    /// Keeps a piece. Trailers are not passed on to functions in workers, so that they need not be kept.
    fn keep(&mut self, piece: Option<&Bytes>) {
        let Some(piece) = piece else { return };
        self.kept += piece.len();
        if self.kept > KEPT {
            self.lost = true;
            self.taken.clear();
        }
        if !self.lost {
            self.taken.push(piece.clone());
        }
    }
}

impl http_body::Body for Taking {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let mut source = this.source.source();
        if source.turn != this.turn {
            return Poll::Ready(Some(Err("the request is made again elsewhere".into())));
        }
        if let Some(piece) = source.taken.get(this.next) {
            this.next += 1;
            return Poll::Ready(Some(Ok(Frame::data(piece.clone()))));
        }
        if source.ended {
            return Poll::Ready(None);
        }
        let polled = source.poll_piece(context);
        // Where nothing is kept any longer nobody reads from the beginning again.
        this.next = source.taken.len();
        polled
    }

    fn is_end_stream(&self) -> bool {
        let source = self.source.source();
        source.ended && self.next >= source.taken.len()
    }

    fn size_hint(&self) -> SizeHint {
        let source = self.source.source();
        let left: usize = source.taken.iter().skip(self.next).map(Bytes::len).sum();
        let hint = source.body.size_hint();
        match hint.exact() {
            Some(exact) => SizeHint::with_exact(exact + left as u64),
            None => SizeHint::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Full, StreamBody};

    use super::*;

    fn whole(bytes: &'static [u8]) -> Body {
        Full::new(Bytes::from_static(bytes))
            .map_err(|never| match never {})
            .boxed_unsync()
    }

    fn pieces(pieces: &[usize]) -> Body {
        let frames: Vec<_> = pieces
            .iter()
            .map(|length| Ok::<_, BodyError>(Frame::data(Bytes::from(vec![7; *length]))))
            .collect();
        StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
    }

    async fn read(body: Body) -> Result<usize, BodyError> {
        body.collect().await.map(|body| body.to_bytes().len())
    }

    #[tokio::test]
    async fn a_body_is_read_again_from_its_beginning() {
        for (body, length) in [
            (whole(b""), 0),
            (whole(b"hello"), 5),
            (pieces(&[3, 4]), 7),
            (pieces(&[KEPT / 2, KEPT / 2]), KEPT),
        ] {
            let replay = Replay::new(body);
            for _ in 0..2 {
                let taken = replay.take().unwrap();
                assert_eq!(taken.is_end_stream(), length == 0);
                assert_eq!(read(taken).await.unwrap(), length);
            }
        }
    }

    #[tokio::test]
    async fn what_was_taken_in_part_goes_on_from_the_beginning_for_the_next_one() {
        let replay = Replay::new(pieces(&[3, 4, 5]));
        let mut first = replay.take().unwrap();
        assert_eq!(
            first.frame().await.unwrap().unwrap().into_data().unwrap().len(),
            3
        );
        let second = replay.take().unwrap();
        assert!(first.frame().await.unwrap().is_err(), "it is another's by now");
        assert_eq!(read(second).await.unwrap(), 12);
    }

    #[tokio::test]
    async fn what_is_too_large_or_fails_is_not_read_again() {
        let replay = Replay::new(pieces(&[KEPT, 1, 1]));
        assert_eq!(read(replay.take().unwrap()).await.unwrap(), KEPT + 2);
        assert!(replay.take().is_none());
        let failing = futures_util::stream::iter([Err::<Frame<Bytes>, BodyError>("gone".into())]);
        let replay = Replay::new(StreamBody::new(failing).boxed_unsync());
        assert!(read(replay.take().unwrap()).await.is_err());
        assert!(replay.take().is_none());
    }
}
