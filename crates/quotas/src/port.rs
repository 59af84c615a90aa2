//! Where limits are kept.

use std::future::Future;
use std::pin::Pin;

use weft_types::ProjectName;

use crate::Limits;

/// A future that a port answers with.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps the limits of projects. A change that has answered `Ok` survives a crash.
pub trait QuotaStore: Send + Sync + 'static {
    /// The projects that have limits of their own.
    fn load(&self) -> Boxed<'_, Result<Vec<(ProjectName, Limits)>, StoreError>>;

    /// Keeps the limits of a project in place of those before; where all are the server's, forgets them.
    fn set<'a>(&'a self, project: &'a ProjectName, limits: Limits) -> Boxed<'a, Result<(), StoreError>>;
}

/// Why a change was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: nothing was changed.
    #[error("the disk is full")]
    Full,
    /// The store failed. Nothing was acknowledged.
    #[error("the store of quotas failed: {0}")]
    Failed(String),
}
