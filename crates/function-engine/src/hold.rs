//! Holding back what removes something, while all that is kept is copied.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::Engine;

/// What can be held back. Who removes shares it, who wants that nothing is removed has it alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    versions: Arc<RwLock<()>>,
    code: Arc<RwLock<()>>,
}

/// While it is there, something is not removed.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "dropping it is all there is to do")] OwnedRwLockWriteGuard<()>);

/// Somebody may remove something.
pub(crate) type May = OwnedRwLockReadGuard<()>;

impl Engine {
    /// Keeps every version that is there until the answer is dropped. Who deletes a version or a function waits for that; versions
    /// that a function does not keep are left until its next one comes.
    pub async fn hold_versions(&self) -> Held {
        Held(Arc::clone(&self.0.holds.versions).write_owned().await)
    }

    /// Keeps the code of every version that was there, deleted or not, until the answer is dropped. Nobody waits for that.
    pub async fn hold_code(&self) -> Held {
        Held(Arc::clone(&self.0.holds.code).write_owned().await)
    }
}

impl Holds {
    /// Waits until versions may be deleted. To be asked for before the right to write, so that deploys do not wait along.
    pub(crate) async fn may_delete(&self) -> May {
        Arc::clone(&self.versions).read_owned().await
    }

    /// The same, if they may be now.
    pub(crate) fn may_delete_now(&self) -> Option<May> {
        Arc::clone(&self.versions).try_read_owned().ok()
    }

    /// Waits until code may be removed.
    pub(crate) async fn may_remove(&self) -> May {
        Arc::clone(&self.code).read_owned().await
    }

    /// The same, if it may be now.
    pub(crate) fn may_remove_now(&self) -> Option<May> {
        Arc::clone(&self.code).try_read_owned().ok()
    }
}
