//! Bodies, both ways.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use weft_function_engine::port::BodyError;

mod collect;
mod raw_image;
mod room;
mod whole;

pub(crate) use collect::{Bound, collect, next_part, stalled};
pub(crate) use raw_image::RawImage;
pub(crate) use whole::Whole;

/// A response's body: in one piece, without a box, or streamed.
#[derive(Debug)]
pub struct ResponseBody(Inner);

#[derive(Debug)]
enum Inner {
    Full(Bytes),
    Stream(axum::body::Body),
}

impl ResponseBody {
    /// All of it at once.
    pub fn full(bytes: Bytes) -> Self {
        Self(Inner::Full(bytes))
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self::full(Bytes::new())
    }

    /// Piece by piece.
    pub fn stream<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self(Inner::Stream(axum::body::Body::new(body)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut self.get_mut().0 {
            Inner::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Inner::Stream(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Full(bytes) => bytes.is_empty(),
            Inner::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(body) => body.size_hint(),
        }
    }
}
