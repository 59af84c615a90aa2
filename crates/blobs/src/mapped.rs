//! A file's content as bytes in memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::Mmap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::failure;

/// From this length on a file is mapped: a shorter one is read faster than its mapping is made and undone.
pub(crate) const MAPPED_FROM: u64 = 256 << 10;

/// Maps files, so many at once.
#[derive(Clone, Debug)]
pub(crate) struct Maps(Arc<Semaphore>);

/// A mapped file. It stays readable when its name is removed or given to another file.
struct Map {
    content: Mmap,
    _turn: OwnedSemaphorePermit,
}

impl Maps {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))))
    }

    /// The content of a finished file of this length: mapped, or read where it is short or too many are mapped.
    pub(crate) fn content(&self, file: &File, length: u64) -> Result<Bytes, BlobError> {
        match Arc::clone(&self.0).try_acquire_owned() {
            Ok(turn) if length >= MAPPED_FROM => {
                let content = map(file).map_err(|error| failure("mapping a blob", &error))?;
                Ok(Bytes::from_owner(Map { content, _turn: turn }))
            }
            _ => read(file, 0, length),
        }
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: what is mapped must not change or shrink while it is. Files come here only when they are finished and have their name:
    // from then on they are opened for reading alone, and may be removed or have their name taken, both of which leave the content to
    // those who have it. They lie in a directory that is this user's own and locked by this process. Whether the disk still has what
    // was written was checked by reading it in this process before; a disk that fails later ends the process, as it does for its code.
    unsafe { Mmap::map(file) }
}

/// Reads a part of a file that is there.
pub(crate) fn read(file: &File, offset: u64, length: u64) -> Result<Bytes, BlobError> {
    let reading = |error: io::Error| failure("reading a blob", &error);
    let length = usize::try_from(length).map_err(|error| reading(io::Error::other(error)))?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset).map_err(reading)?;
    Ok(bytes.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(length: u64) -> (File, Vec<u8>) {
        let content: Vec<u8> = (0..length).map(|position| (position % 251) as u8).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        (file, content)
    }

    #[test]
    fn short_and_long_files_have_their_content() {
        let maps = Maps::new(1);
        for length in [0, 1, MAPPED_FROM - 1, MAPPED_FROM, MAPPED_FROM + 5000] {
            let (file, content) = file(length);
            assert_eq!(maps.content(&file, length).unwrap(), content, "{length}");
        }
    }

    #[test]
    fn no_more_are_mapped_at_once_than_may_be() {
        let maps = Maps::new(2);
        let (file, content) = file(MAPPED_FROM);
        let held: Vec<_> = (0..5)
            .map(|_| maps.content(&file, MAPPED_FROM).unwrap())
            .collect();
        assert_eq!(maps.0.available_permits(), 0);
        assert!(held.iter().all(|bytes| *bytes == content));
        let part = held[0].slice(10..20);
        drop(held);
        assert_eq!(maps.0.available_permits(), 1, "a part keeps the whole mapped");
        drop(part);
        assert_eq!(maps.0.available_permits(), 2);
    }

    #[test]
    fn a_file_that_is_too_short_is_an_error() {
        let (file, _) = file(10);
        assert!(matches!(read(&file, 5, 6), Err(BlobError::Store(_))));
    }
}
