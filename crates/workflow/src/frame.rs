//! How events are written down: the journal's frames, version 1.
//!
//! A frame is one event of one run, in one run of bytes. Numbers are little-endian.
//!
//! | offset | length | content |
//! |---|---|---|
//! | 0 | 4 | the length of all that follows the checksum |
//! | 4 | 4 | CRC-32 (IEEE) of the length and of all that follows the checksum |
//! | 8 | 1 | the version, 1 |
//! | 9 | 16 | the run |
//! | 25 | 4 | the number of the event within its run, from 0 |
//! | 29 | rest | the body |
//!
//! The body is the [`Stamped`](crate::Stamped) event in [postcard]'s format, without the bytes of images; then, for each image in the order in
//! which the event holds them, its length in 4 bytes and its bytes as they are. So an image enters a frame as one copy and
//! leaves it as none: what is read is a slice of the frame.
//!
//! Frames follow each other without anything between. Whatever changes in one is noticed: any bit (by the checksum, which
//! covers the length), any frame that is missing between two of a run (by its number), any end that is cut off. A length that
//! is damaged upwards looks like a cut end; where an end cannot be cut, that is damage as well.

use weft_types::RunId;

pub use read::{Frame, RawFrame, Reader};
pub use write::{TooLarge, Writer, write};

/// The version that is written, and the only one that is read.
pub const VERSION: u8 = 1;

/// The largest frame, in bytes behind its checksum: 256 MiB.
pub const MAX_LEN: u32 = 256 << 20;

/// Bytes of the length and the checksum.
const PREFIX: usize = 8;
/// Bytes before the body.
const HEAD: usize = PREFIX + 1 + 16 + 4;

/// Why bytes are not frames.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The last frame is not all there.
    #[error("the frame at byte {at} is cut off: {missing} more bytes belong to it")]
    Torn {
        /// Where the frame begins.
        at: usize,
        /// How many bytes are missing, as far as is known.
        missing: usize,
    },
    /// The length cannot be that of a frame.
    #[error("the frame at byte {at} says that it has {length} bytes, which no frame has")]
    Length {
        /// Where the frame begins.
        at: usize,
        /// What it says.
        length: u32,
    },
    /// The bytes are not those that were written.
    #[error("the frame at byte {at} is damaged: its checksum does not match")]
    Checksum {
        /// Where the frame begins.
        at: usize,
    },
    /// The frame is of another version.
    #[error("the frame at byte {at} has version {found}, this program reads version {VERSION}")]
    Version {
        /// Where the frame begins.
        at: usize,
        /// Its version.
        found: u8,
    },
    /// Frames of a run are missing, or out of order.
    #[error("the frame at byte {at} is event {found} of run {run}, where event {expected} follows")]
    Gap {
        /// Where the frame begins.
        at: usize,
        /// The run.
        run: RunId,
        /// The number that follows.
        expected: u32,
        /// The number that is there.
        found: u32,
    },
    /// The frame is of another run.
    #[error("the frame at byte {at} belongs to run {found}, not to {expected}")]
    Run {
        /// Where the frame begins.
        at: usize,
        /// The run that is read.
        expected: RunId,
        /// The run that is there.
        found: RunId,
    },
    /// The body is not an event, although its checksum matches.
    #[error("the frame at byte {at} holds no event: {why}")]
    Body {
        /// Where the frame begins.
        at: usize,
        /// Why not.
        why: String,
    },
}

mod read;
mod values;
mod write;
