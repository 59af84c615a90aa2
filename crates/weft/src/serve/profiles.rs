//! The pool profiles.

use std::path::Path;

use anyhow::Result;
use weft_function_engine::Profiles;
use weft_pool::Profile;

/// Those that need no directory.
const BUILT_IN: [(&str, &str); 4] = [
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

/// The built-in profiles, and those of the directory, which go first, where one is given.
pub(crate) fn load(directory: &Path) -> Result<Profiles> {
    let mut profiles = Profiles::new();
    for (name, text) in BUILT_IN {
        profiles.insert(name.to_owned(), Profile::parse(name, text)?);
    }
    if !directory.as_os_str().is_empty() {
        profiles.extend(Profile::read_dir(directory)?);
    }
    Ok(profiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_are_valid() {
        let profiles = load(Path::new("")).unwrap();
        assert_eq!(profiles["sandbox"], Profile::default());
        assert!(profiles["sandbox-warm"].reuse > 1);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        assert!(load(Path::new("/proc/nowhere")).is_err());
    }
}
