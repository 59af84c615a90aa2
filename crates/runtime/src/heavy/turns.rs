//! Whose turn it is: projects share the time, the versions of a project share what that gets, and within a version the first who came
//! is next.

use std::collections::HashMap;
use std::time::Duration;

use weft_pool::{Party, Shares};

/// For whose account a guest executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) project: Party,
    pub(crate) version: u64,
}

/// Who waits for a turn.
pub(super) struct Turns<T> {
    /// One for each who waits.
    projects: Shares<Party, ()>,
    /// Those who wait, of each project that has any or executes.
    versions: HashMap<Party, Shares<u64, T>>,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            projects: Shares::default(),
            versions: HashMap::new(),
        }
    }
}

impl<T> Turns<T> {
    pub(super) fn join(&mut self, account: Account, who: T) {
        self.projects.join(account.project, ());
        self.versions
            .entry(account.project)
            .or_default()
            .join(account.version, who);
    }

    /// Who is next. What they execute is to be charged.
    pub(super) fn pop(&mut self) -> Option<(Account, T)> {
        let (project, ()) = self.projects.pop()?;
        // As many wait there as the project has been lined up.
        let (version, who) = self.versions.get_mut(&project)?.pop()?;
        Some((Account { project, version }, who))
    }

    /// Somebody executed for so long.
    pub(super) fn charge(&mut self, account: Account, time: Duration) {
        let Account { project, version } = account;
        self.projects.charge(project, time);
        if let Some(versions) = self.versions.get_mut(&project) {
            versions.charge(version, time);
            if versions.is_empty() {
                self.versions.remove(&project);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines up guests such as `a1`, of version 1 of the project `a`, and answers the order in which each has a slice.
    fn order(guests: &str) -> String {
        let mut turns = Turns::default();
        for guest in guests.split(' ') {
            let (project, version) = guest.split_at(1);
            let account = Account {
                project: Party::of(project),
                version: version.parse().unwrap_or_default(),
            };
            turns.join(account, guest);
        }
        let mut order = Vec::new();
        while let Some((account, guest)) = turns.pop() {
            turns.charge(account, Duration::from_millis(1));
            order.push(guest);
        }
        assert!(turns.versions.is_empty(), "nobody is left");
        order.join(" ")
    }

    #[test]
    fn projects_share_the_time_however_many_versions_they_have() {
        let check = |guests: &str, expected: &str| assert_eq!(order(guests), expected, "{guests}");
        check("a1 a1 a1 b2", "a1 b2 a1 a1");
        check("a1 a2 a3 a4 b5 b5 b5", "a1 b5 a2 b5 a3 b5 a4");
        check("a1 a1 a1 a2 b3 c4", "a1 b3 c4 a2 a1 a1");
    }
}
