//! Who makes containers.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What makes a container of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The library that the starter was built with.
    Library,
    /// A program such as `runc` or `crun`, which is told what to do as the Open Container Initiative's command line says.
    Program(PathBuf),
}

/// The library's name.
const LIBRARY: &str = "libcontainer";
/// Where programs are that administrators use, which the search path of others lacks.
const SYSTEM: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Runtime {
    /// The programs that are looked for where none is named, the first of which works is taken.
    pub const PROGRAMS: [&str; 2] = ["runc", "crun"];

    /// The runtime of a name: `libcontainer`, a program's path, or its name, which is looked for on the search path and where
    /// administrators' programs are.
    ///
    /// # Errors
    /// Where no program of that name is found.
    pub fn find(name: &Path) -> Result<Self, String> {
        if name == Path::new(LIBRARY) {
            return Ok(Self::Library);
        }
        if name.components().count() > 1 {
            return match name.is_file() {
                true => Ok(Self::Program(name.to_owned())),
                false => Err(format!("there is no {}", name.display())),
            };
        }
        let mut searched = std::env::var_os("PATH").unwrap_or_default();
        searched.push(":");
        searched.push(SYSTEM);
        let mut places = std::env::split_paths(&searched).map(|directory| directory.join(name));
        let found = places.find(|path| path.is_absolute() && path.is_file());
        found
            .map(Self::Program)
            .ok_or_else(|| format!("no `{}` is found", name.display()))
    }

    /// Its form as an argument, which [`Runtime::of`] reads.
    pub(super) fn as_argument(&self) -> OsString {
        match self {
            Self::Library => LIBRARY.into(),
            Self::Program(path) => path.into(),
        }
    }

    /// Reads its form as an argument.
    pub(super) fn of(argument: &OsStr) -> Self {
        match argument == LIBRARY {
            true => Self::Library,
            false => Self::Program(argument.into()),
        }
    }
}

impl std::fmt::Display for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Library => f.write_str(LIBRARY),
            Self::Program(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_found_by_its_name_or_its_path() {
        assert_eq!(Runtime::find(Path::new("libcontainer")), Ok(Runtime::Library));
        let shell = Runtime::find(Path::new("sh")).expect("every system has one");
        assert!(matches!(&shell, Runtime::Program(path) if path.is_absolute() && path.ends_with("sh")));
        assert_eq!(
            Runtime::find(Path::new("/bin/sh")),
            Ok(Runtime::Program("/bin/sh".into()))
        );
    }

    #[test]
    fn a_runtime_that_is_not_there_is_named() {
        let missing = |name: &str| Runtime::find(Path::new(name)).expect_err("not there");
        assert_eq!(missing("weft-no-runtime"), "no `weft-no-runtime` is found");
        assert_eq!(missing("/nowhere/runc"), "there is no /nowhere/runc");
    }
}
