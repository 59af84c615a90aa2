//! Whom a lease is for, as far as it matters for whose turn it is.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Those who share a turn while they wait, such as the callers of one project. Two parties that wait are served alternately, however
/// many of each there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Party(u64);

impl Party {
    /// Those to whom what the pool serves belongs.
    pub const OWN: Self = Self(0);

    /// Those of a name. Drawn by a key that is new with each process, so that nobody can choose a name to share another's turn.
    #[must_use]
    pub fn of(name: &str) -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(KEY.hash_one(name).max(1))
    }
}
