//! The pool profiles.

use std::path::{Path, PathBuf};

use anyhow::Result;
use weft_function_engine::Profiles;
use weft_pool::Profile;
use weft_pool::profile::ProfileError;

use crate::failure::{Exit, Failure};

mod directory;
mod watch;

pub(crate) use directory::Directory;
pub(crate) use watch::Watch;

/// Those that need no directory.
const BUILT_IN: [(&str, &str); 5] = [
    ("batch", include_str!("../../../../runtime-pools/batch.toml")),
    (
        "container",
        include_str!("../../../../runtime-pools/container.toml"),
    ),
    ("process", include_str!("../../../../runtime-pools/process.toml")),
    ("sandbox", include_str!("../../../../runtime-pools/sandbox.toml")),
    (
        "sandbox-warm",
        include_str!("../../../../runtime-pools/sandbox-warm.toml"),
    ),
];

/// Where profiles are: the directory that is configured, or one in that of the data, which need not be there.
pub(crate) fn place(configured: &Path, data: &Path) -> PathBuf {
    match configured.as_os_str().is_empty() {
        true => data.join("runtime-pools"),
        false => configured.to_owned(),
    }
}

/// The built-in profiles.
pub(crate) fn built_in() -> Result<Profiles> {
    let mut profiles = Profiles::new();
    for (name, text) in BUILT_IN {
        profiles.insert(name.to_owned(), Profile::parse(name, text)?);
    }
    Ok(profiles)
}

/// The built-in profiles, and those of the directory, which go first. Only one that is configured must be there.
pub(crate) fn load(configured: &Path, data: &Path) -> Result<Profiles> {
    let mut profiles = built_in()?;
    let directory = place(configured, data);
    if !configured.as_os_str().is_empty() || directory.exists() {
        // So that whoever reads of a file finds it, wherever the server was started.
        let directory = std::path::absolute(&directory).unwrap_or(directory);
        let read = Profile::read_dir(&directory);
        profiles.extend(read.map_err(|error| unusable(&directory, &error))?);
    }
    Ok(profiles)
}

/// A start takes all profiles or none: which versions would execute elsewhere without one is not to be guessed.
fn unusable(directory: &Path, error: &ProfileError) -> Failure {
    const MEND: &str =
        "mend the file, or move it elsewhere: the server starts with all its pool profiles or not at all";
    match error {
        ProfileError::Invalid {
            name,
            line,
            column,
            message,
        } => {
            let file = directory.join(format!("{name}.toml"));
            let told = format!("{}:{line}:{column}: {message}", file.display());
            Failure::new(Exit::Error, told).hint(MEND)
        }
        ProfileError::Name(_) => Failure::new(Exit::Error, error.to_string()).hint(MEND),
        ProfileError::Io { .. } => Failure::new(Exit::Error, error.to_string())
            .hint("`--profiles` names the directory of pool profiles, which the server must be able to read"),
    }
}

#[cfg(test)]
mod tests {
    use weft_pool::Level;
    use weft_pool::profile::{Needs, choose};

    use super::*;

    #[test]
    fn the_built_in_profiles_are_valid() {
        let profiles = load(Path::new(""), Path::new("/proc/nowhere")).unwrap();
        assert_eq!(profiles["sandbox"], Profile::default());
        assert!(profiles["sandbox-warm"].reuse > 1);
        assert_eq!(profiles["batch"].slots, 1);
    }

    /// One that is made for something else should not be what a version without wishes gets.
    #[test]
    fn the_cheapest_profiles_are_the_plain_ones() {
        let profiles = load(Path::new(""), Path::new("/proc/nowhere")).unwrap();
        for (level, expected) in [
            (Level::Sandbox, "sandbox"),
            (Level::Process, "process"),
            (Level::Container, "container"),
        ] {
            let needs = Needs {
                level: Some(level),
                ..Needs::default()
            };
            assert_eq!(choose(&profiles, &needs).unwrap().profile, expected);
        }
    }

    #[test]
    fn a_file_that_keeps_the_server_from_starting_can_be_found() {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().join("runtime-pools");
        std::fs::create_dir(&directory).unwrap();
        for (file, text, told) in [
            ("mine.toml", "\nlevel = 'proces'\n", "mine.toml:2:9: "),
            ("My.toml", "", "My.toml` cannot name a profile"),
        ] {
            let file = directory.join(file);
            std::fs::write(&file, text).unwrap();
            let error = load(Path::new(""), data.path()).unwrap_err();
            let told = format!("{}/{told}", directory.display());
            assert!(error.to_string().contains(&told), "{error}");
            let hint = error.downcast_ref::<Failure>().and_then(Failure::as_hint);
            assert!(
                hint.is_some_and(|hint| hint.contains("mend the file")),
                "{hint:?}"
            );
            std::fs::remove_file(&file).unwrap();
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        assert!(load(Path::new("/proc/nowhere"), Path::new("/")).is_err());
    }
}
