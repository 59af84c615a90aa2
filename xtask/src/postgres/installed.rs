//! PostgreSQL's programs: where they are, and getting them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{prerequisites, process, report};

/// Debian keeps the programs of each version apart, most of them off the search path.
const VERSIONS: &str = "/usr/lib/postgresql";

/// What is needed of them.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "pg_isready", "postgres"];

/// Where Debian's package looks whether to make and start a database of its own.
const CREATION: &str = "/etc/postgresql-common/createcluster.d/weft.conf";

/// The directory of the programs; installs them where there are none.
pub fn programs() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    report::note("PostgreSQL is not here, and the store is tested on it");
    install().context(
        "without PostgreSQL not all can be tested; WEFT_TEST_POSTGRES=postgres://… names one elsewhere",
    )?;
    find().with_context(|| format!("PostgreSQL was installed, but is not in {VERSIONS}"))
}

/// Installs the package without the database that it would make and start.
fn install() -> Result<()> {
    let directory = Path::new(CREATION).parent().unwrap_or(Path::new("/")).display();
    shell(&format!(
        "mkdir -p {directory} && echo create_main_cluster = false > {CREATION}"
    ))?;
    let installed = prerequisites::packages(&["postgresql"]);
    // Whoever installs another version later gets what that package usually does.
    shell(&format!("rm {CREATION}"))?;
    installed
}

fn shell(line: &str) -> Result<()> {
    process::run(prerequisites::as_root("sh")?.args(["-c", line]))
}

/// On the search path, or else the newest of Debian's.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> = std::env::split_paths(&path).chain(versions()).collect();
    directories.into_iter().find(|directory| is_complete(directory))
}

fn versions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    newest_first(entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

fn newest_first(versions: impl Iterator<Item = u32>) -> Vec<PathBuf> {
    let mut versions: Vec<_> = versions.collect();
    versions.sort_unstable();
    let directory = |version: &u32| Path::new(VERSIONS).join(version.to_string()).join("bin");
    versions.iter().rev().map(directory).collect()
}

fn is_complete(directory: &Path) -> bool {
    PROGRAMS.iter().all(|program| directory.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let found = newest_first([9, 17, 15].into_iter());
        let expected = [17, 15, 9].map(|version| format!("/usr/lib/postgresql/{version}/bin"));
        assert_eq!(found, expected.map(PathBuf::from));
    }
}
