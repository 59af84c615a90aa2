//! Where tokens and members are kept.

use std::future::Future;
use std::pin::Pin;

use crate::{Change, Model};

/// A future that a port answers with.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps a [`Model`].
pub trait AccessStore: Send + Sync + 'static {
    /// Everything that is kept.
    fn load(&self) -> Boxed<'_, Result<Model, StoreError>>;

    /// Makes a change, whole or not at all; once this has answered `Ok` it survives a crash. Loading afterwards answers what
    /// [`Model::apply`] would have made of what was loaded before.
    fn apply<'a>(&'a self, change: &'a Change) -> Boxed<'a, Result<(), StoreError>>;
}

/// Why a change was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: nothing was changed.
    #[error("the disk is full")]
    Full,
    /// The store failed. Nothing was acknowledged.
    #[error("the store of tokens failed: {0}")]
    Failed(String),
}
