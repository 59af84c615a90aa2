//! What each project has stored, counted once from what is there and kept up from then on.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use weft_quotas::{Account, Accounts, Part, Quota};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::Inner;
use super::collect::Shard;

/// What is counted so far.
#[derive(Debug, Default)]
pub(super) struct Counting {
    accounts: Accounts,
    /// So many of the directories are counted, in their order. Changed by whoever holds the names alone.
    shards: AtomicUsize,
    ended: Arc<Ended>,
    /// Held while it is looked whether an owner is there and until it is: two who store the same count it once.
    owning: Mutex<()>,
}

/// Whether the count of what was there has ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    ended: Mutex<bool>,
    told: Condvar,
}

/// The count of what was there, until it is dropped.
#[derive(Debug)]
pub(super) struct Count(Arc<Ended>);

/// Whether a project may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Somebody asks for room.
    FromOutside,
    /// A run that was accepted stores a value.
    ByRun,
}

/// Room for a new owner, until it is kept.
pub(super) struct Room<'a> {
    taken: Option<(Arc<Account>, u64)>,
    _owning: MutexGuard<'a, ()>,
}

impl Room<'_> {
    /// The owner is there.
    pub(super) fn keep(mut self) {
        self.taken = None;
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Some((account, bytes)) = &self.taken {
            account.free(Part::Blobs, *bytes);
        }
    }
}

impl Counting {
    pub(super) fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            ..Self::default()
        }
    }

    /// The count, of which there is one.
    pub(super) fn begin(&self) -> Count {
        Count(Arc::clone(&self.ended))
    }

    /// For who waits for its end.
    pub(super) fn end(&self) -> Arc<Ended> {
        Arc::clone(&self.ended)
    }
}

impl Ended {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for it.
    pub(super) fn wait(&self) {
        let mut ended = self.lock();
        while !*ended {
            let woken = self.told.wait(ended);
            ended = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        *self.0.lock() = true;
        self.0.told.notify_all();
    }
}

impl Count {
    /// Counts what is there, as long as somebody has the blobs. What is stored meanwhile is counted once.
    pub(super) fn run(self, blobs: &Weak<Inner>) {
        let mut place = 0;
        // Let go of after each, so that who lets go of the blobs can open them again.
        while let Some(inner) = blobs.upgrade() {
            let Some(shard) = inner.layout.shards().nth(place) else {
                return;
            };
            place += 1;
            inner.count_next(&shard, place);
        }
    }
}

impl Inner {
    /// Counts one directory, with which so many are counted.
    fn count_next(&self, shard: &Path, counted: usize) {
        let _alone = self.naming.write().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.count_shard(shard) {
            tracing::error!(%error, directory = %shard.display(), "blobs cannot be counted, and do not count");
        }
        self.counting.shards.store(counted, SeqCst);
    }

    fn count_shard(&self, directory: &Path) -> Result<(), BlobError> {
        for (digest, project) in Shard::list(directory)?.owners {
            if let Some(length) = self.read_owner(&project, digest)? {
                self.counting
                    .accounts
                    .of(&project)
                    .note_stored(Part::Blobs, length);
            }
        }
        Ok(())
    }

    /// Waits until all is counted, where it matters how much that is.
    pub(super) fn await_count(&self, project: &ProjectName, asked: Asked) {
        let limit = self.counting.accounts.of(project).limit(Quota::StorageBytes);
        if asked == Asked::ByRun || limit == 0 {
            return;
        }
        self.counting.ended.wait();
    }

    /// Takes the room that a blob needs where the project does not have it already. Whoever calls this holds the names.
    pub(super) fn room_for(
        &self,
        project: &ProjectName,
        (digest, length): (Digest, u64),
        asked: Asked,
    ) -> Result<Room<'_>, BlobError> {
        let owning = self.counting.owning.lock();
        let mut room = Room {
            taken: None,
            _owning: owning.unwrap_or_else(PoisonError::into_inner),
        };
        if self.is_counted(digest) && self.read_owner(project, digest)?.is_none() {
            let account = self.counting.accounts.of(project);
            match asked {
                Asked::FromOutside => account.store(Part::Blobs, length)?,
                Asked::ByRun => account.note_stored(Part::Blobs, length),
            }
            room.taken = Some((account, length));
        }
        Ok(room)
    }

    /// An owner is about to go. Whoever calls this holds the names alone.
    pub(super) fn uncount(&self, project: &ProjectName, digest: Digest) -> Result<(), BlobError> {
        if self.is_counted(digest)
            && let Some(length) = self.read_owner(project, digest)?
        {
            self.counting.accounts.of(project).free(Part::Blobs, length);
        }
        Ok(())
    }

    /// Whether the directory of a blob is counted already. It stays so as long as the names are held.
    fn is_counted(&self, digest: Digest) -> bool {
        usize::from(digest.as_bytes()[0]) < self.counting.shards.load(SeqCst)
    }
}
