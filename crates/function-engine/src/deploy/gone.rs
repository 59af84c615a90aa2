//! Versions that were deleted while calls of them may be under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use weft_types::Digest;

use crate::deployed::Deployed;

/// Versions that nothing leads to any longer, as long as somebody has them: as many as calls under way have at most, but for those that
/// were not looked at since.
#[derive(Default)]
pub(crate) struct Gone(Mutex<Vec<(Digest, Weak<Deployed>)>>);

impl Gone {
    pub(crate) fn add(&self, deployed: &Arc<Deployed>) {
        self.lock()
            .push((deployed.record().digest, Arc::downgrade(deployed)));
    }

    /// Whether somebody has one that is made of this code.
    pub(crate) fn has(&self, code: Digest) -> bool {
        self.lock()
            .iter()
            .any(|(digest, deployed)| *digest == code && deployed.strong_count() > 0)
    }

    /// The code of those that nobody has any longer, which are forgotten.
    pub(crate) fn take_unused(&self) -> Vec<Digest> {
        let mut gone = self.lock();
        let unused = gone.extract_if(.., |(_, deployed)| deployed.strong_count() == 0);
        unused.map(|(digest, _)| digest).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Digest, Weak<Deployed>)>> {
        // Nothing that can panic half-way runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
