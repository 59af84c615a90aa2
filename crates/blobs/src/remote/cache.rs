//! Local copies of blobs, the most recently used ones.

use std::collections::{BTreeMap, HashMap};
use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use weft_types::Digest;
use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::failure;
use crate::opening::{self, DirectoryLock};
use crate::temporary::{Temporary, empty, remove};

/// Files in one directory that live as long as this process: what is there was written and compared with its hash by it, and need
/// neither be synced nor verified.
#[derive(Debug)]
pub(super) struct Cache {
    files: PathBuf,
    limit: u64,
    held: Mutex<Held>,
    _lock: DirectoryLock,
}

/// What is there, by hash and by last use.
#[derive(Debug, Default)]
struct Held {
    blobs: HashMap<Digest, Copy>,
    by_use: BTreeMap<u64, Digest>,
    bytes: u64,
    uses: u64,
}

#[derive(Clone, Copy, Debug)]
struct Copy {
    length: u64,
    last_use: u64,
}

impl Cache {
    /// None where another process has the directory.
    pub(super) fn take(directory: PathBuf, limit: u64) -> Result<Option<Self>, BlobError> {
        let files = directory.join("copies");
        let made = DirBuilder::new().mode(0o700).recursive(true).create(&files);
        made.map_err(|error| failure("creating a directory", &error))?;
        let Some(lock) = opening::lock(&directory)? else {
            return Ok(None);
        };
        empty(&files)?;
        Ok(Some(Self {
            files,
            limit,
            held: Mutex::default(),
            _lock: lock,
        }))
    }

    /// A file that may become a copy.
    pub(super) fn temporary(&self) -> Result<Temporary, BlobError> {
        Temporary::create(&self.files, "blob")
    }

    /// Takes a whole blob in, in the place of those that were not used for longest. One larger than the cache is not taken.
    pub(super) fn add(
        &self,
        temporary: &mut Temporary,
        digest: Digest,
        length: u64,
    ) -> Result<(), BlobError> {
        if length > self.limit {
            return Ok(());
        }
        let mut held = self.held();
        held.remove(digest);
        while held.bytes > self.limit - length {
            let Some(oldest) = held.oldest() else { break };
            held.remove(oldest);
            remove(&self.path(oldest))?;
        }
        temporary.rename(&self.path(digest))?;
        held.insert(digest, length);
        Ok(())
    }

    /// The copy of a blob, if there is one of this length.
    pub(super) fn get(&self, digest: Digest, length: u64) -> Result<Option<File>, BlobError> {
        let mut held = self.held();
        match held.blobs.get(&digest) {
            Some(copy) if copy.length == length => {}
            _ => return Ok(None),
        }
        match File::open(self.path(digest)) {
            Ok(file) => {
                held.insert(digest, length);
                Ok(Some(file))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                held.remove(digest);
                Ok(None)
            }
            Err(error) => Err(failure("opening a copy", &error)),
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.files.join(digest.hex())
    }

    /// Held while files are named and removed: both are quick.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Notes a blob as the last one used.
    fn insert(&mut self, digest: Digest, length: u64) {
        self.remove(digest);
        self.uses += 1;
        let last_use = self.uses;
        self.blobs.insert(digest, Copy { length, last_use });
        self.by_use.insert(last_use, digest);
        self.bytes += length;
    }

    fn remove(&mut self, digest: Digest) {
        if let Some(copy) = self.blobs.remove(&digest) {
            self.by_use.remove(&copy.last_use);
            self.bytes -= copy.length;
        }
    }

    fn oldest(&self) -> Option<Digest> {
        self.by_use.first_key_value().map(|(_, digest)| *digest)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use std::path::Path;

    use super::*;

    fn add(cache: &Cache, content: &[u8]) -> Digest {
        let mut temporary = cache.temporary().unwrap();
        temporary.write(content).unwrap();
        let digest = Digest::of(content);
        cache.add(&mut temporary, digest, content.len() as u64).unwrap();
        digest
    }

    fn files(cache: &Cache) -> usize {
        std::fs::read_dir(&cache.files).unwrap().count()
    }

    fn open(directory: &Path) -> Cache {
        Cache::take(directory.to_owned(), 10).unwrap().unwrap()
    }

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let cache = open(directory.path());
        let [a, b] = [b"aaaa", b"bbbb"].map(|content| add(&cache, content));
        assert!(cache.get(a, 4).unwrap().is_some());
        let c = add(&cache, b"cccc");
        assert!(cache.get(b, 4).unwrap().is_none());
        assert!(cache.get(a, 4).unwrap().is_some() && cache.get(c, 4).unwrap().is_some());
        assert_eq!(files(&cache), 2);
        add(&cache, b"0123456789");
        assert_eq!(files(&cache), 1);
    }

    #[test]
    fn what_is_too_large_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let cache = open(directory.path());
        let large = add(&cache, b"01234567890");
        assert!(cache.get(large, 11).unwrap().is_none());
        assert_eq!(files(&cache), 0);
    }

    #[test]
    fn what_an_earlier_process_left_is_not_trusted() {
        let directory = tempfile::tempdir().unwrap();
        let cache = open(directory.path());
        let digest = add(&cache, b"abc");
        assert!(
            Cache::take(directory.path().to_owned(), 10).unwrap().is_none(),
            "it is in use"
        );
        drop(cache);
        let again = open(directory.path());
        assert!(again.get(digest, 3).unwrap().is_none());
        assert_eq!(files(&again), 0);
    }

    #[test]
    fn a_copy_that_somebody_removed_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let cache = open(directory.path());
        let digest = add(&cache, b"abc");
        std::fs::remove_file(cache.path(digest)).unwrap();
        assert!(cache.get(digest, 3).unwrap().is_none());
    }
}
