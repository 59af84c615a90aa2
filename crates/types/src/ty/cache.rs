//! The digest of a type, remembered.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

/// Says nothing about the type that its shape does not: all are equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest(OnceLock<Box<crate::Digest>>);

impl Digest {
    pub(super) fn get_or(&self, compute: impl FnOnce() -> crate::Digest) -> crate::Digest {
        **self.0.get_or_init(|| Box::new(compute()))
    }
}

impl PartialEq for Digest {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
