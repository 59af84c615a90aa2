//! What the library writes down, and how.
//!
//! A record is its length, its kind, the length of a path, the path, a number and the rest, all integers little-endian.
//! It is appended in one write, so that several processes can share a log.

use std::fmt;

/// The directory that is watched; an absolute path without links. Unset, nothing is.
pub const ROOT: &str = "WEFT_POWERLOSS_ROOT";
/// The file that is appended to; it must lie outside the root.
pub const LOG: &str = "WEFT_POWERLOSS_LOG";
/// A file that says what goes wrong, read anew before each operation; see [`Recorder`](crate::Recorder).
pub const FAULTS: &str = "WEFT_POWERLOSS_FAULTS";

/// A change below the root, or a sync, in the order in which they happened. Paths are relative to the root, which is the
/// empty path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A file is there now, whether or not it was before.
    Create {
        /// Its path.
        path: Vec<u8>,
    },
    /// A directory was made.
    MakeDirectory {
        /// Its path.
        path: Vec<u8>,
    },
    /// Bytes were written.
    Write {
        /// The file.
        path: Vec<u8>,
        /// Where in it.
        offset: u64,
        /// What.
        data: Vec<u8>,
    },
    /// A file was cut or lengthened with zeros.
    Resize {
        /// The file.
        path: Vec<u8>,
        /// Its length now.
        length: u64,
    },
    /// A name was changed, replacing what had the new one.
    Rename {
        /// The old path.
        from: Vec<u8>,
        /// The new path.
        to: Vec<u8>,
    },
    /// A file or an empty directory was removed.
    Remove {
        /// Its path.
        path: Vec<u8>,
    },
    /// The data of a file, or the names in a directory, are on the disk.
    Sync {
        /// The file or directory.
        path: Vec<u8>,
    },
    /// A file opened only for reading is about to be synced, and has these contents: perhaps another process, which is not
    /// watched, has written them.
    Found {
        /// The file.
        path: Vec<u8>,
        /// All that is in it.
        data: Vec<u8>,
    },
    /// The program, or somebody who heard from it, made a note here.
    Mark {
        /// The note.
        text: Vec<u8>,
    },
}

impl Event {
    /// The record of the event.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let none: &[u8] = &[];
        let (kind, path, number, rest) = match self {
            Self::Create { path } => (0, path.as_slice(), 0, none),
            Self::MakeDirectory { path } => (1, path.as_slice(), 0, none),
            Self::Write { path, offset, data } => (2, path.as_slice(), *offset, data.as_slice()),
            Self::Resize { path, length } => (3, path.as_slice(), *length, none),
            Self::Rename { from, to } => (4, from.as_slice(), 0, to.as_slice()),
            Self::Remove { path } => (5, path.as_slice(), 0, none),
            Self::Sync { path } => (6, path.as_slice(), 0, none),
            Self::Mark { text } => (7, none, 0, text.as_slice()),
            Self::Found { path, data } => (8, path.as_slice(), 0, data.as_slice()),
        };
        encode(kind, path, number, rest)
    }

    /// The first event in `log` and what follows it; none where no whole record begins there.
    #[must_use]
    pub fn decode(log: &[u8]) -> Option<(Self, &[u8])> {
        let (length, log) = log.split_first_chunk()?;
        let (record, log) = log.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let (kind, record) = record.split_first()?;
        let (length, record) = record.split_first_chunk()?;
        let (path, record) = record.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let (number, rest) = record.split_first_chunk()?;
        let (path, number, rest) = (path.to_vec(), u64::from_le_bytes(*number), rest.to_vec());
        let event = match kind {
            0 => Self::Create { path },
            1 => Self::MakeDirectory { path },
            2 => Self::Write {
                path,
                offset: number,
                data: rest,
            },
            3 => Self::Resize { path, length: number },
            4 => Self::Rename { from: path, to: rest },
            5 => Self::Remove { path },
            6 => Self::Sync { path },
            7 => Self::Mark { text: rest },
            8 => Self::Found { path, data: rest },
            _ => return None,
        };
        Some((event, log))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy;
        match self {
            Self::Create { path } => write!(f, "create `{}`", text(path)),
            Self::MakeDirectory { path } => write!(f, "make directory `{}`", text(path)),
            Self::Write { path, offset, data } => {
                write!(f, "write {} bytes at {offset} of `{}`", data.len(), text(path))
            }
            Self::Resize { path, length } => write!(f, "resize `{}` to {length} bytes", text(path)),
            Self::Rename { from, to } => write!(f, "rename `{}` to `{}`", text(from), text(to)),
            Self::Remove { path } => write!(f, "remove `{}`", text(path)),
            Self::Sync { path } => write!(f, "sync `{}`", text(path)),
            Self::Found { path, data } => write!(f, "find {} bytes in `{}`", data.len(), text(path)),
            Self::Mark { text: note } => write!(f, "note `{}`", text(note)),
        }
    }
}

fn encode(kind: u8, path: &[u8], number: u64, rest: &[u8]) -> Vec<u8> {
    // No path is longer: the kernel takes none over 4,096 bytes.
    let path_length = u16::try_from(path.len()).unwrap_or(u16::MAX);
    let length = 1 + 2 + path.len() + 8 + rest.len();
    let mut record = Vec::with_capacity(8 + length);
    record.extend_from_slice(&(length as u64).to_le_bytes());
    record.push(kind);
    record.extend_from_slice(&path_length.to_le_bytes());
    record.extend_from_slice(path);
    record.extend_from_slice(&number.to_le_bytes());
    record.extend_from_slice(rest);
    record
}
