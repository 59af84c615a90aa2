//! What is refused for quotas, as problems.

use weft_quotas::{Error, Exceeded, StoreError};

use super::{Kind, Problem};

/// How long what is used takes to be worth another look, in seconds.
const RETRY_AFTER: u32 = 1;

impl From<Exceeded> for Problem {
    fn from(exceeded: Exceeded) -> Self {
        let passing = exceeded.quota.is_passing();
        let kind = if passing {
            Kind::QuotaBusy
        } else {
            Kind::QuotaExceeded
        };
        let problem = Problem::new(kind, exceeded.to_string())
            .with("quota", exceeded.quota.name())
            .with("limit", exceeded.limit)
            .with("used", exceeded.used)
            .with("more", exceeded.more);
        match passing {
            true => problem.retry_after(RETRY_AFTER),
            false => problem,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::TooLarge(_) => Kind::InvalidRequest,
            Error::Store(StoreError::Full) => Kind::StorageFull,
            Error::Store(StoreError::Failed(_)) => Kind::StorageFailed,
        };
        if kind == Kind::StorageFailed {
            tracing::error!(%error, "quotas could not be changed");
        }
        Problem::new(kind, error.to_string())
    }
}
