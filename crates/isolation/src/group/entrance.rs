//! How a process enters a group by itself.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::place::{Controller, Place};
use super::{Group, GroupError, file};

/// The name of the arguments that tell an entrance.
const ARGUMENT: &str = "group=";
/// Who is to enter: whoever writes it.
const SELF: &str = "0";

/// Where a process that is started for a group enters it, before it does anything else.
///
/// To be moved by another takes a lock for which the kernel waits until every core has passed a quiescent state, 5 to 30 ms: most
/// of what it takes to start a process. A process of one thread that moves itself, by the file `tasks` in version 1, does without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entrance(Vec<PathBuf>);

impl Entrance {
    /// Its form as arguments, one for each hierarchy, which [`Entrance::from_arguments`] finds among others.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<OsString> {
        let argument = |path: &PathBuf| {
            let mut argument = OsString::from(ARGUMENT);
            argument.push(path);
            argument
        };
        self.0.iter().map(argument).collect()
    }

    /// The one that arguments tell; none to be entered where they tell nothing.
    #[must_use]
    pub fn from_arguments(arguments: &[impl AsRef<OsStr>]) -> Self {
        let path = |argument: &OsStr| {
            let path = argument.as_bytes().strip_prefix(ARGUMENT.as_bytes())?;
            Some(PathBuf::from(OsStr::from_bytes(path)))
        };
        let arguments = arguments.iter().map(AsRef::as_ref);
        Self(arguments.filter_map(path).collect())
    }

    /// Whether there is no group to be entered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Enters the group, with all that this process starts from now on. It must have one thread.
    ///
    /// # Errors
    /// Where the group is gone, or this process may not.
    pub fn enter(&self) -> Result<(), GroupError> {
        let enter = |path: &PathBuf| std::fs::write(path, SELF).map_err(|error| file(path, error));
        self.0.iter().try_for_each(enter)
    }
}

impl Group {
    /// Where a process enters it.
    #[must_use]
    pub fn entrance(&self) -> Entrance {
        let file = |place: &Place| match place.controller {
            Controller::Unified => place.path.join("cgroup.procs"),
            Controller::Memory
            | Controller::Pids
            | Controller::Cpu
            | Controller::CpuAccounting
            | Controller::Other => place.path.join("tasks"),
        };
        Entrance(self.places.iter().map(file).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_back_among_others() {
        let entrance = Entrance(vec![
            "/sys/fs/cgroup/pids/a/tasks".into(),
            OsStr::from_bytes(b"/not text \xff/tasks").into(),
        ]);
        let mut arguments = entrance.to_arguments();
        arguments.insert(1, "memory=1".into());
        assert_eq!(Entrance::from_arguments(&arguments), entrance);
        assert!(Entrance::from_arguments(&["groups=/x", "user=1"]).is_empty());
    }

    #[test]
    fn a_group_that_is_gone_is_named() {
        let entrance = Entrance::from_arguments(&["group=/nowhere/tasks"]);
        let error = entrance.enter().expect_err("no such group").to_string();
        assert!(error.starts_with("/nowhere/tasks: "), "{error}");
    }
}
