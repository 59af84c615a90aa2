//! Inputs that were kept, as each covered something new when it was found.

use std::path::PathBuf;

use crate::Target;

/// The kept inputs of a target, in the order of their names.
///
/// # Panics
/// Where they cannot be read.
#[must_use]
pub fn kept(target: &Target) -> Vec<Vec<u8>> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    let entries =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}
