//! What the writes of a transaction add to what projects have.

use std::sync::Arc;

use weft_quotas::{Account, Accounts, Exceeded, Part};
use weft_types::ProjectName;

/// What a transaction takes and gives back. Dropped before it was committed, nothing was taken.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    accounts: Option<&'a Accounts>,
    taken: Vec<(Arc<Account>, u64)>,
    given_back: Vec<(Arc<Account>, u64)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(accounts: Option<&'a Accounts>) -> Self {
        Self {
            accounts,
            taken: Vec::new(),
            given_back: Vec::new(),
        }
    }

    /// An entry that had so many bytes is to have so many.
    pub(super) fn change(&mut self, project: &ProjectName, before: u64, after: u64) -> Result<(), Exceeded> {
        let Some(accounts) = self.accounts else {
            return Ok(());
        };
        let account = accounts.of(project);
        if after > before {
            account.store(Part::KeyValues, after - before)?;
            self.taken.push((account, after - before));
        } else if before > after {
            // Not before it is committed: somebody else might take it.
            self.given_back.push((account, before - after));
        }
        Ok(())
    }

    pub(super) fn committed(mut self) {
        self.taken.clear();
        for (account, bytes) in self.given_back.drain(..) {
            account.free(Part::KeyValues, bytes);
        }
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        for (account, bytes) in self.taken.drain(..) {
            account.free(Part::KeyValues, bytes);
        }
    }
}
