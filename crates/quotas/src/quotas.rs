//! Limits, set and kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use weft_types::ProjectName;

use crate::port::{QuotaStore, StoreError};
use crate::{Accounts, Limits};

/// The largest limit: what the store can keep.
const MAX: u64 = i64::MAX as u64;

/// The limits of a server's projects.
pub struct Quotas {
    store: Arc<dyn QuotaStore>,
    accounts: Accounts,
    /// Held while something changes, the store's answer included: changes happen one after another.
    own: Mutex<BTreeMap<ProjectName, Limits>>,
    /// Changes that have begun go on here, whoever waits for them.
    background: Handle,
}

/// Why limits were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A limit that is too large to be kept.
    #[error("{0} is too large for a limit: {MAX} is the largest, and 0 is none")]
    TooLarge(u64),
    /// They were not kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Quotas {
    /// Reads what the store keeps. Changes are made on the current tokio runtime.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn open(store: Arc<dyn QuotaStore>, defaults: Limits) -> Result<Arc<Self>, StoreError> {
        let own: BTreeMap<_, _> = store.load().await?.into_iter().collect();
        let accounts = Accounts::new(defaults);
        for (project, limits) in &own {
            accounts.set(project, limits);
        }
        Ok(Arc::new(Self {
            store,
            accounts,
            own: Mutex::new(own),
            background: Handle::current(),
        }))
    }

    /// What is counted, for those who count.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The limits that a project has of its own.
    pub async fn own(&self, project: &ProjectName) -> Limits {
        self.own.lock().await.get(project).copied().unwrap_or_default()
    }

    /// Gives a project limits of its own, in force at once. What it has beyond them it keeps.
    ///
    /// # Errors
    /// Where one is too large, or they were not kept; nothing has changed then.
    pub async fn set(self: &Arc<Self>, project: ProjectName, limits: Limits) -> Result<(), Error> {
        let said = crate::Quota::ALL
            .into_iter()
            .filter_map(|quota| limits.get(quota));
        if let Some(large) = said.into_iter().find(|limit| *limit > MAX) {
            return Err(Error::TooLarge(large));
        }
        let this = Arc::clone(self);
        let changed = self.background.spawn(async move {
            let mut own = this.own.lock().await;
            this.store.set(&project, limits).await?;
            this.accounts.set(&project, &limits);
            if limits == Limits::default() {
                own.remove(&project);
            } else {
                own.insert(project, limits);
            }
            Ok::<_, StoreError>(())
        });
        let changed = changed.await;
        changed.map_err(|error| StoreError::Failed(error.to_string()))??;
        Ok(())
    }
}

impl fmt::Debug for Quotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quotas").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Boxed, Quota};

    /// Keeps nothing but what is loaded, or fails.
    struct Fixed {
        kept: Vec<(ProjectName, Limits)>,
        fails: bool,
    }

    impl QuotaStore for Fixed {
        fn load(&self) -> Boxed<'_, Result<Vec<(ProjectName, Limits)>, StoreError>> {
            Box::pin(std::future::ready(Ok(self.kept.clone())))
        }

        fn set<'a>(&'a self, _: &'a ProjectName, _: Limits) -> Boxed<'a, Result<(), StoreError>> {
            let answer = if self.fails { Err(StoreError::Full) } else { Ok(()) };
            Box::pin(std::future::ready(answer))
        }
    }

    fn functions(limit: u64) -> Limits {
        Limits {
            functions: Some(limit),
            ..Limits::default()
        }
    }

    async fn opened(fails: bool) -> Arc<Quotas> {
        let kept = vec![("shop".parse().unwrap(), functions(3))];
        Quotas::open(Arc::new(Fixed { kept, fails }), functions(9))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn limits_are_a_project_s_own_or_the_server_s() {
        let quotas = opened(false).await;
        let (shop, other): (ProjectName, ProjectName) = ("shop".parse().unwrap(), "other".parse().unwrap());
        let limit = |project| quotas.accounts().of(project).limit(Quota::Functions);
        assert_eq!((limit(&shop), limit(&other)), (3, 9));
        quotas.set(other.clone(), functions(0)).await.unwrap();
        quotas.set(shop.clone(), Limits::default()).await.unwrap();
        assert_eq!((limit(&shop), limit(&other)), (9, 0));
        assert_eq!(quotas.own(&other).await, functions(0));
        assert_eq!(quotas.own(&shop).await, Limits::default());
    }

    #[tokio::test]
    async fn what_is_not_kept_is_not_in_force() {
        let quotas = opened(true).await;
        let shop: ProjectName = "shop".parse().unwrap();
        let refused = quotas.set(shop.clone(), functions(4)).await;
        assert_eq!(refused, Err(Error::Store(StoreError::Full)));
        let refused = quotas.set(shop.clone(), functions(u64::MAX)).await;
        assert_eq!(refused, Err(Error::TooLarge(u64::MAX)));
        assert_eq!(quotas.accounts().of(&shop).limit(Quota::Functions), 3);
        assert_eq!(quotas.own(&shop).await, functions(3));
    }
}
