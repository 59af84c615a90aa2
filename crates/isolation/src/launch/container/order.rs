//! What a starter is told to start.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::Runtime;

/// A container to be started, and all that its starter needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who makes it.
    pub runtime: Runtime,
    /// The directory with its configuration, in which the runtime may keep what it knows of the container.
    pub bundle: PathBuf,
    /// The directory that is its root, where the worker's program is to be.
    pub root: PathBuf,
    /// The worker's program.
    pub worker: PathBuf,
    /// Its name.
    pub name: String,
    /// The file that bounds its threads and how many they may be from when the runtime has left it; none where that is
    /// configured.
    pub threads: Option<(PathBuf, u64)>,
}

/// Why arguments are no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// One is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// One is not what it should be.
    #[error("`{name}` is `{found}`, which is no {expected}")]
    Invalid {
        /// Which one.
        name: &'static str,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
}

impl Order {
    /// Its form as arguments, which [`Order::from_arguments`] reads.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<OsString> {
        let argument = |name: &str, value: &OsStr| {
            let mut argument = OsString::from(name);
            argument.push("=");
            argument.push(value);
            argument
        };
        let mut arguments = vec![
            argument("runtime", &self.runtime.as_argument()),
            argument("bundle", self.bundle.as_os_str()),
            argument("root", self.root.as_os_str()),
            argument("worker", self.worker.as_os_str()),
            argument("name", self.name.as_ref()),
        ];
        if let Some((file, most)) = &self.threads {
            arguments.push(argument("threads-file", file.as_os_str()));
            arguments.push(argument("threads", most.to_string().as_ref()));
        }
        arguments
    }

    /// Reads its form as arguments.
    ///
    /// # Errors
    /// Where one is missing or wrong.
    pub fn from_arguments(arguments: &[OsString]) -> Result<Self, OrderError> {
        let find = |name: &'static str| {
            arguments.iter().find_map(|argument| {
                let value = argument
                    .as_bytes()
                    .strip_prefix(name.as_bytes())?
                    .strip_prefix(b"=")?;
                Some(OsStr::from_bytes(value))
            })
        };
        let value = |name| find(name).ok_or(OrderError::Missing(name));
        let text = |name, expected| {
            let found = value(name)?;
            found.to_str().ok_or_else(|| invalid(name, found, expected))
        };
        let threads = match find("threads-file") {
            None => None,
            Some(file) => {
                let most = text("threads", "number")?;
                let most = most
                    .parse()
                    .map_err(|_| invalid("threads", most.as_ref(), "number"))?;
                Some((PathBuf::from(file), most))
            }
        };
        Ok(Self {
            runtime: Runtime::of(value("runtime")?),
            bundle: value("bundle")?.into(),
            root: value("root")?.into(),
            worker: value("worker")?.into(),
            name: text("name", "text")?.to_owned(),
            threads,
        })
    }
}

fn invalid(name: &'static str, found: &OsStr, expected: &'static str) -> OrderError {
    OrderError::Invalid {
        name,
        found: found.to_string_lossy().into_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(threads: Option<(PathBuf, u64)>) -> Order {
        Order {
            runtime: Runtime::Program("/usr/bin/runc".into()),
            bundle: "/run/weft/1-2/3".into(),
            root: "/run/weft/1-2/root".into(),
            worker: OsStr::from_bytes(b"/not text \xff/weft-worker").into(),
            name: "weft-3".to_owned(),
            threads,
        }
    }

    #[test]
    fn arguments_are_read_back() {
        for threads in [None, Some((PathBuf::from("/sys/fs/cgroup/pids.max"), 4))] {
            let order = order(threads);
            assert_eq!(Order::from_arguments(&order.to_arguments()), Ok(order));
        }
    }

    #[test]
    fn arguments_that_are_wrong_are_named() {
        let with = |at: usize, instead: &str| {
            let mut arguments = order(Some(("/file".into(), 4))).to_arguments();
            arguments[at] = instead.into();
            Order::from_arguments(&arguments).expect_err("wrong").to_string()
        };
        assert_eq!(with(1, "bundles=/x"), "`bundle` is missing");
        assert_eq!(with(6, "threads=few"), "`threads` is `few`, which is no number");
        assert_eq!(with(6, ""), "`threads` is missing");
    }
}
