//! How much of each a project may have.

use crate::Quota;

/// The limits of a project as far as they are its own. 0 is no limit; none leaves it to the server's defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Functions and workflows.
    pub functions: Option<u64>,
    /// Versions of all of them.
    pub versions: Option<u64>,
    /// Bytes of code, blobs and key-values.
    pub storage_bytes: Option<u64>,
    /// Runs that have not ended.
    pub open_runs: Option<u64>,
    /// Calls at once.
    pub concurrent_calls: Option<u64>,
}

impl Limits {
    /// What they say of a quota.
    #[must_use]
    pub fn get(&self, quota: Quota) -> Option<u64> {
        match quota {
            Quota::Functions => self.functions,
            Quota::Versions => self.versions,
            Quota::StorageBytes => self.storage_bytes,
            Quota::OpenRuns => self.open_runs,
            Quota::ConcurrentCalls => self.concurrent_calls,
        }
    }

    /// These, and `defaults` where they say nothing.
    #[must_use]
    pub fn over(&self, defaults: &Self) -> Self {
        Self {
            functions: self.functions.or(defaults.functions),
            versions: self.versions.or(defaults.versions),
            storage_bytes: self.storage_bytes.or(defaults.storage_bytes),
            open_runs: self.open_runs.or(defaults.open_runs),
            concurrent_calls: self.concurrent_calls.or(defaults.concurrent_calls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_s_own_limits_come_first() {
        let own = Limits {
            functions: Some(0),
            versions: Some(7),
            ..Limits::default()
        };
        let defaults = Limits {
            functions: Some(5),
            open_runs: Some(9),
            ..Limits::default()
        };
        let expected = [Some(0), Some(7), None, Some(9), None];
        assert_eq!(Quota::ALL.map(|quota| own.over(&defaults).get(quota)), expected);
    }
}
