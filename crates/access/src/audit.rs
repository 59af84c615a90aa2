//! What was changed, by whom, when and from where.

use std::time::Duration;

use jiff::Timestamp;
use weft_types::ProjectName;

use crate::TokenId;
use crate::port::{Boxed, StoreError};

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// By whom; `anonymous` where nobody is asked and nobody said.
    pub who: String,
    /// With which token.
    pub token: Option<TokenId>,
    /// From which address.
    pub source: String,
    /// What, as the route that did it: `PUT /v1/projects/{project}/functions/{function}`.
    pub action: String,
    /// In which project.
    pub project: Option<ProjectName>,
    /// On what: the path that was asked for.
    pub target: String,
    /// How it was answered.
    pub status: u16,
}

/// A change as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number; later ones have higher ones.
    pub number: u64,
    /// The change.
    pub deed: Deed,
}

/// How much is kept of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How many; beyond, the oldest go.
    pub count: u64,
    /// For how long; none for ever.
    pub age: Option<Duration>,
}

/// Keeps what was changed.
pub trait AuditStore: Send + Sync + 'static {
    /// Writes a change down, and forgets those that are to be kept no longer.
    fn record<'a>(&'a self, deed: &'a Deed, keep: Retention) -> Boxed<'a, Result<(), StoreError>>;

    /// Up to `limit` changes, latest first, in a project or anywhere, before the one of a number.
    fn list<'a>(
        &'a self,
        project: Option<&'a ProjectName>,
        before: Option<u64>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<Recorded>, StoreError>>;
}
