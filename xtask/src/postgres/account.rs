//! Who runs the server: PostgreSQL refuses to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fmt, io};

use anyhow::{Result, bail};

use crate::process;

/// Accounts that own next to nothing: the one that comes with Debian's package, and one that every machine has.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// An account that is not root's.
pub struct Account {
    name: String,
    /// Its number and its group's, where we have to become it.
    become_it: Option<(u32, u32)>,
}

impl Account {
    /// Our own, unless that is root's.
    pub fn find() -> Result<Self> {
        if number(&["-u"]) != Some(0) {
            let name = process::output(Command::new("id").arg("-un"))?;
            return Ok(Self {
                name: name.trim().to_owned(),
                become_it: None,
            });
        }
        for name in UNPRIVILEGED {
            if let (Some(user), Some(group)) = (number(&["-u", name]), number(&["-g", name])) {
                return Ok(Self {
                    name: name.to_owned(),
                    become_it: Some((user, group)),
                });
            }
        }
        bail!(
            "PostgreSQL does not run as root, and there is no account {} here",
            UNPRIVILEGED.join(" or ")
        )
    }

    /// A program that will run under this account.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        if let Some((user, group)) = self.become_it {
            command.uid(user).gid(group);
        }
        // Wherever we are, the account need not be allowed to be.
        command.current_dir("/");
        command
    }

    /// Gives it a directory.
    pub fn give(&self, directory: &Path) -> io::Result<()> {
        if let Some((user, group)) = self.become_it {
            chown(directory, Some(user), Some(group))?;
        }
        Ok(())
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What `id` answers, where it knows whom it is asked about.
fn number(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output();
    String::from_utf8(output.ok()?.stdout).ok()?.trim().parse().ok()
}
