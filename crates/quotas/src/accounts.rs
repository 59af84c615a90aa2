//! The accounts of a server.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use weft_types::ProjectName;

use crate::{Account, Limits};

/// The account of every project that was asked for. Cheap to clone; all clones are the same. By default nothing is limited.
///
/// There are no more than projects were ever made, whose names are not given again.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    defaults: Limits,
    known: RwLock<HashMap<ProjectName, Arc<Account>>>,
}

impl Accounts {
    /// Accounts without any use yet, with these limits for all.
    #[must_use]
    pub fn new(defaults: Limits) -> Self {
        Self(Arc::new(Inner {
            defaults,
            known: RwLock::default(),
        }))
    }

    /// The account of a project.
    #[must_use]
    pub fn of(&self, project: &ProjectName) -> Arc<Account> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = known.get(project) {
            return Arc::clone(account);
        }
        drop(known);
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let account = known
            .entry(project.clone())
            .or_insert_with(|| Arc::new(Account::new(project.clone(), &self.0.defaults)));
        Arc::clone(account)
    }

    pub(crate) fn set(&self, project: &ProjectName, own: &Limits) {
        self.of(project).set_limits(&own.over(&self.0.defaults));
    }
}
