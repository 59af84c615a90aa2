//! Reading frames.

use bytes::{Buf, Bytes};
use uuid::Uuid;
use weft_types::RunId;

use super::values::images_mut;
use super::write::checksum;
use super::{FrameError, HEAD, MAX_LEN, PREFIX, VERSION};
use crate::event::Stamped;

/// An event as it was read. Its images are slices of what it was read from, and not verified: see
/// [`Stored::verify`](crate::Stored::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The run.
    pub run: RunId,
    /// The number of the event within the run, from 0.
    pub seq: u32,
    /// The event.
    pub stamped: Stamped,
}

/// A frame whose checksum matches and whose event was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// The run.
    pub run: RunId,
    /// The number of the event within the run, from 0.
    pub seq: u32,
    /// The whole frame.
    pub bytes: Bytes,
    /// Where it began in what was read.
    pub at: usize,
}

/// Goes over the frames in a run of bytes. Ends with the first error.
#[derive(Clone, Debug)]
pub struct Reader {
    rest: Bytes,
    at: usize,
    expected: Expected,
    failed: bool,
}

/// Which frame may come next.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// Frames of any runs. The number must follow where two neighbours are of one run.
    Any(Option<(RunId, u32)>),
    /// This one.
    Only(RunId, u32),
}

impl Reader {
    /// Over frames of any runs, mixed.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        Self::expecting(bytes, Expected::Any(None))
    }

    /// Over the frames of one run, from number `seq` on without a gap.
    #[must_use]
    pub fn of(run: RunId, seq: u32, bytes: Bytes) -> Self {
        Self::expecting(bytes, Expected::Only(run, seq))
    }

    /// Where the next frame begins: behind all that were read without an error.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next frame, without its event.
    pub fn next_raw(&mut self) -> Option<Result<RawFrame, FrameError>> {
        if self.failed || self.rest.is_empty() {
            return None;
        }
        let frame = self.take();
        self.failed = frame.is_err();
        Some(frame)
    }

    fn expecting(bytes: Bytes, expected: Expected) -> Self {
        Self {
            rest: bytes,
            at: 0,
            expected,
            failed: false,
        }
    }

    fn take(&mut self) -> Result<RawFrame, FrameError> {
        let at = self.at;
        let end = self.end_of_frame()?;
        let bytes = self.rest.slice(..end);
        let frame = parse(at, bytes)?;
        self.expected = self.expected.after(&frame)?;
        self.rest.advance(end);
        self.at += end;
        Ok(frame)
    }

    /// Where the frame ends that begins here.
    fn end_of_frame(&self) -> Result<usize, FrameError> {
        let at = self.at;
        let Some(length) = self.rest.first_chunk() else {
            let missing = HEAD - self.rest.len();
            return Err(FrameError::Torn { at, missing });
        };
        let length = u32::from_le_bytes(*length);
        let end = PREFIX + length as usize;
        if end <= HEAD || length > MAX_LEN {
            return Err(FrameError::Length { at, length });
        }
        match end.checked_sub(self.rest.len()) {
            None | Some(0) => Ok(end),
            Some(missing) => Err(FrameError::Torn { at, missing }),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Frame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.next_raw()?.and_then(|frame| frame.decode());
        self.failed = frame.is_err();
        Some(frame)
    }
}

impl Expected {
    /// What follows a frame, if that one may be here.
    fn after(self, frame: &RawFrame) -> Result<Self, FrameError> {
        let (expected_run, expected) = match self {
            Self::Any(None) => (frame.run, frame.seq),
            Self::Any(Some((run, _))) if run != frame.run => (frame.run, frame.seq),
            Self::Any(Some((run, seq))) | Self::Only(run, seq) => (run, seq),
        };
        if expected_run != frame.run {
            return Err(FrameError::Run {
                at: frame.at,
                expected: expected_run,
                found: frame.run,
            });
        }
        if expected != frame.seq {
            return Err(FrameError::Gap {
                at: frame.at,
                run: frame.run,
                expected,
                found: frame.seq,
            });
        }
        // The last number that there is has no successor: whatever follows is a gap.
        let next = frame.seq.wrapping_add(1);
        Ok(match self {
            Self::Any(_) => Self::Any(Some((frame.run, next))),
            Self::Only(run, _) => Self::Only(run, next),
        })
    }
}

impl RawFrame {
    /// The frame with its event.
    ///
    /// # Errors
    /// Where the body is not an event.
    pub fn decode(&self) -> Result<Frame, FrameError> {
        let stamped =
            decode(&self.bytes.slice(HEAD..)).map_err(|why| FrameError::Body { at: self.at, why })?;
        Ok(Frame {
            run: self.run,
            seq: self.seq,
            stamped,
        })
    }
}

/// A whole frame: longer than its head, as `end_of_frame` made sure.
fn parse(at: usize, bytes: Bytes) -> Result<RawFrame, FrameError> {
    let mut head = &bytes[..HEAD];
    let length = head.get_u32_le();
    if head.get_u32_le() != checksum(length.to_le_bytes(), &bytes[PREFIX..]) {
        return Err(FrameError::Checksum { at });
    }
    let found = head.get_u8();
    if found != VERSION {
        return Err(FrameError::Version { at, found });
    }
    let run = RunId(Uuid::from_u128(head.get_u128()));
    let seq = head.get_u32_le();
    Ok(RawFrame { run, seq, bytes, at })
}

fn decode(body: &Bytes) -> Result<Stamped, String> {
    let (mut stamped, rest) =
        postcard::take_from_bytes::<Stamped>(body).map_err(|error| error.to_string())?;
    let mut rest = body.slice_ref(rest);
    for image in images_mut(&mut stamped.event) {
        let length = rest.try_get_u32_le().map_err(|_| "an image is missing")? as usize;
        if length > rest.len() {
            return Err("an image is cut off".into());
        }
        *image = rest.split_to(length);
    }
    if rest.is_empty() {
        Ok(stamped)
    } else {
        Err(format!("{} bytes too many", rest.len()))
    }
}
