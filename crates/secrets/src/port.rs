//! Where secrets are kept.

use std::future::Future;
use std::pin::Pin;

use weft_types::{ProjectName, SecretName};

use crate::Sealed;

/// A future that a port answers with.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps sealed secrets. Every change is made whole or not at all; once it has answered `Ok` it survives a crash.
pub trait SecretStore: Send + Sync + 'static {
    /// Everything that is kept.
    fn load(&self) -> Boxed<'_, Result<Vec<Sealed>, StoreError>>;

    /// Keeps secrets, in place of those with the same names.
    fn put(&self, secrets: Vec<Sealed>) -> Boxed<'_, Result<(), StoreError>>;

    /// Forgets one secret of a project, or all it has.
    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        name: Option<&'a SecretName>,
    ) -> Boxed<'a, Result<(), StoreError>>;
}

/// Why a change was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: nothing was changed.
    #[error("the disk is full")]
    Full,
    /// The store failed. Nothing was acknowledged.
    #[error("the store of secrets failed: {0}")]
    Failed(String),
}
