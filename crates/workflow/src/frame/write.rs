//! Writing frames.

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use weft_types::RunId;

use super::values::{images, without_images};
use super::{HEAD, MAX_LEN, PREFIX, VERSION};
use crate::event::{Event, Stamped};

/// Writes the events of one run, numbering them.
#[derive(Clone, Debug)]
pub struct Writer {
    run: RunId,
    next: u32,
}

/// An event that is larger than a frame may be: it was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of {bytes} bytes is larger than a frame may be ({MAX_LEN} bytes)")]
pub struct TooLarge {
    /// Its size, at least.
    pub bytes: usize,
}

impl Writer {
    /// For a run whose events so far are `next` many.
    #[must_use]
    pub fn new(run: RunId, next: u32) -> Self {
        Self { run, next }
    }

    /// Appends the frame of the run's next event, and answers its number. A run has fewer than 2^32 events: a plan and its
    /// lists are bounded far below that.
    ///
    /// # Errors
    /// Where the event is too large; nothing is appended then.
    pub fn append(&mut self, event: &Stamped, out: &mut Vec<u8>) -> Result<u32, TooLarge> {
        let seq = self.next;
        write(self.run, seq, event, out)?;
        self.next = seq.wrapping_add(1);
        Ok(seq)
    }
}

/// Appends the frame of event number `seq` of a run.
///
/// # Errors
/// Where the event is too large; nothing is appended then.
pub fn write(run: RunId, seq: u32, event: &Stamped, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    let images: usize = images(&event.event).map(|image| image.len() + 4).sum();
    let too_large = TooLarge { bytes: images };
    if images > MAX_LEN as usize {
        return Err(too_large);
    }
    let start = out.len();
    out.reserve(HEAD + 64 + images);
    out.extend_from_slice(&[0; PREFIX]);
    out.push(VERSION);
    out.extend_from_slice(run.0.as_bytes());
    out.extend_from_slice(&seq.to_le_bytes());
    let written = body(out, event).map_err(|_| too_large);
    let written = written.and_then(|()| seal(&mut out[start..]));
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// The part of an event before its images, borrowed.
#[derive(Serialize)]
struct Hollow<'a> {
    at: i64,
    event: &'a Event,
}

fn body(out: &mut Vec<u8>, stamped: &Stamped) -> postcard::Result<()> {
    let hollow = Hollow {
        at: stamped.at.as_microsecond(),
        event: &without_images(&stamped.event),
    };
    postcard::serialize_with_flavor(&hollow, Appending(out))?;
    for image in images(&stamped.event) {
        // No image is longer than a frame: that was looked at before.
        out.extend_from_slice(&(image.len() as u32).to_le_bytes());
        out.extend_from_slice(image);
    }
    Ok(())
}

/// Fills in length and checksum.
fn seal(frame: &mut [u8]) -> Result<(), TooLarge> {
    let length = frame.len() - PREFIX;
    let too_large = TooLarge { bytes: length };
    let length = u32::try_from(length).ok().filter(|length| *length <= MAX_LEN);
    let length = length.ok_or(too_large)?.to_le_bytes();
    let checksum = checksum(length, &frame[PREFIX..]);
    frame[..4].copy_from_slice(&length);
    frame[4..PREFIX].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// Of a frame's length and all that follows its checksum.
pub(super) fn checksum(length: [u8; 4], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(rest);
    hasher.finalize()
}

/// Lets postcard append to a vector, many bytes at once.
struct Appending<'a>(&'a mut Vec<u8>);

impl Flavor for Appending<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
