//! What servers that are gone left behind.

use std::io;
use std::path::Path;

use super::EndError;
use crate::group::{self, ContainerGroups, Groups};

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Groups, one for each hierarchy.
    pub groups: usize,
    /// Processes that were left in them, now killed.
    pub processes: usize,
    /// Directories of containers.
    pub directories: usize,
}

/// Ends the workers of servers that are gone, at every level, and removes what was made for them: groups, and what lies in the
/// directory of containers. To be called when a server starts.
///
/// # Errors
/// The first of what cannot be ended or removed; what can be is.
pub fn sweep(containers: &Path) -> Result<Swept, EndError> {
    // Those who start containers first: they would go on making what is removed.
    let started = Groups::find().and_then(|groups| groups.sweep());
    let contained = ContainerGroups::find().and_then(|groups| groups.sweep());
    let directories = directories(containers).map_err(|error| EndError::Directory {
        path: containers.to_owned(),
        error,
    });
    let (started, contained) = (started?, contained?);
    Ok(Swept {
        groups: started.groups + contained.groups,
        processes: started.processes + contained.processes,
        directories: directories?,
    })
}

fn directories(containers: &Path) -> io::Result<usize> {
    let listing = match std::fs::read_dir(containers) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        listing => listing?,
    };
    let mut removed = 0;
    for entry in listing {
        let entry = entry?;
        if group::is_gone(&entry.file_name().to_string_lossy()) {
            std::fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
