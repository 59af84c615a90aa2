//! Reading a request's body whole, within bounds.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use weft_function_engine::port::BodyError;

use crate::problem::{Kind, Problem};

/// How much of a body is read, and how long its next part is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// Most bytes.
    pub(crate) bytes: u64,
    /// Longest time without any.
    pub(crate) idle: Duration,
    /// What a body over the limit is called.
    pub(crate) too_large: Kind,
}

/// Takes the parts of a body as they come.
pub(crate) trait Collect {
    /// What the parts become.
    type Output;

    /// Takes the next part, which is not empty.
    fn part(&mut self, part: Bytes);

    /// Ends the body.
    fn finish(self) -> Self::Output;
}

/// Reads a body into `parts`.
///
/// # Errors
/// A problem where the body is longer than the bound (also before reading it, where its length is announced), stalls
/// or breaks off.
pub(crate) async fn collect<B, C>(body: B, mut parts: C, bound: Bound) -> Result<C::Output, Problem>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BodyError>,
    C: Collect,
{
    if body.size_hint().lower() > bound.bytes {
        return Err(bound.exceeded());
    }
    let mut body = pin!(body);
    let mut left = bound.bytes;
    while let Some(part) = next_part(body.as_mut(), bound.idle).await? {
        left = left
            .checked_sub(part.len() as u64)
            .ok_or_else(|| bound.exceeded())?;
        if !part.is_empty() {
            parts.part(part);
        }
    }
    Ok(parts.finish())
}

impl Bound {
    /// The answer to a body that is longer.
    pub(crate) fn exceeded(&self) -> Problem {
        Problem::new(
            self.too_large,
            format!("the body is larger than the limit of {} bytes", self.bytes),
        )
        .with("limit", self.bytes)
    }
}

/// The next part of a body. Sets a timer only where the part is not there yet, which for small bodies it is.
pub(crate) async fn next_part<B>(
    mut body: std::pin::Pin<&mut B>,
    idle: Duration,
) -> Result<Option<Bytes>, Problem>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BodyError>,
{
    loop {
        let ready = poll_fn(|context| match body.as_mut().poll_frame(context) {
            Poll::Ready(frame) => Poll::Ready(Some(frame)),
            Poll::Pending => Poll::Ready(None),
        });
        let frame = match ready.await {
            Some(frame) => frame,
            None => tokio::time::timeout(idle, body.frame())
                .await
                .map_err(|_| stalled(idle))?,
        };
        let Some(frame) = frame else { return Ok(None) };
        // Trailers are no part of the content.
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            return Ok(Some(data));
        }
    }
}

/// The next part of an upload.
pub(crate) fn stalled(idle: Duration) -> Problem {
    Problem::new(
        Kind::RequestTimeout,
        format!("no part of the body arrived for {} s", idle.as_secs_f32()),
    )
}

fn broken<E: Into<BodyError>>(error: E) -> Problem {
    Problem::new(
        Kind::UploadIncomplete,
        format!("the body broke off: {}", error.into()),
    )
}

#[cfg(test)]
mod tests;
