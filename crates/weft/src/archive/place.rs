//! Putting an archive into place: all of it, or nothing.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use weft_store::RESTORING;

use super::problem::at;
use super::{Contents, Problem, read};

/// Bytes that are read at a time.
const PIECE: usize = 256 << 10;

/// Verifies an archive and puts what is in it at `target`, which must be empty or not there.
///
/// Everything is written to a directory in `target`, verified and synced, and then moved up. No server opens a directory in which
/// that one still is, so it does not matter when this is interrupted.
pub(crate) fn restore(archive: impl Read, target: &Path) -> Result<Contents, Problem> {
    let target = std::path::absolute(target).map_err(at(target))?;
    let made = make_target(&target)?;
    let staging = target.join(RESTORING);
    let unpacked = make_directory(&staging).and_then(|()| unpack(archive, &staging));
    if unpacked.is_err() {
        // What cannot be removed keeps a server from starting there, and harms nobody else.
        let _ = fs::remove_dir_all(&staging);
        for directory in made {
            let _ = fs::remove_dir(directory);
        }
    }
    let contents = unpacked?;
    // From here on what fails leaves it unfinished, and a server says so.
    move_up(&staging, &target)?;
    Ok(contents)
}

/// Makes the directory, and whatever is missing above it. Answers what was made, the deepest first.
fn make_target(target: &Path) -> Result<Vec<PathBuf>, Problem> {
    let missing = target.ancestors().take_while(|path| !path.exists());
    let missing: Vec<_> = missing.map(Path::to_owned).collect();
    let occupied = |found: String| Problem::Occupied {
        directory: target.to_owned(),
        found,
    };
    if missing.is_empty() {
        let mut found = fs::read_dir(target).map_err(at(target))?;
        return match found.next() {
            None => Ok(missing),
            Some(first) => {
                let name = first.map_err(at(target))?.file_name();
                Err(occupied(name.to_string_lossy().into_owned()))
            }
        };
    }
    for directory in missing.iter().rev() {
        make_directory(directory)?;
    }
    Ok(missing)
}

fn unpack(archive: impl Read, staging: &Path) -> Result<Contents, Problem> {
    let mut directories = BTreeSet::from([staging.to_owned()]);
    let contents = read(archive, |path, content| {
        let place = staging.join(path);
        make_parents(&place, &mut directories)?;
        write(path, &place, content)
    })?;
    sync_all(staging)?;
    Ok(contents)
}

fn make_parents(place: &Path, made: &mut BTreeSet<PathBuf>) -> Result<(), Problem> {
    let parents = place.ancestors().skip(1);
    let missing: Vec<_> = parents.take_while(|parent| !made.contains(*parent)).collect();
    for directory in missing.into_iter().rev() {
        make_directory(directory)?;
        made.insert(directory.to_owned());
    }
    Ok(())
}

/// Writes a file. It is synced later, with all the others.
fn write(path: &str, place: &Path, content: &mut dyn Read) -> Result<(), Problem> {
    let failed = at(place);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(place)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Problem::Altered(format!("`{path}` is in it twice")),
            _ => failed(error),
        })?;
    let mut piece = vec![0; PIECE];
    loop {
        match content.read(&mut piece).map_err(Problem::Unread)? {
            0 => return Ok(()),
            read => file.write_all(&piece[..read]).map_err(&failed)?,
        }
    }
}

fn move_up(staging: &Path, target: &Path) -> Result<(), Problem> {
    for entry in fs::read_dir(staging).map_err(at(staging))? {
        let entry = entry.map_err(at(staging))?;
        fs::rename(entry.path(), target.join(entry.file_name())).map_err(at(&entry.path()))?;
    }
    sync_all(target)?;
    fs::remove_dir(staging).map_err(at(staging))?;
    let parent = target.parent().unwrap_or(target);
    for directory in [target, parent] {
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(at(directory))?;
    }
    Ok(())
}

/// Syncs all that was written to the file system on which a directory is: one by one, many small files would take minutes.
fn sync_all(directory: &Path) -> Result<(), Problem> {
    let synced = File::open(directory).and_then(|file| Ok(rustix::fs::syncfs(file)?));
    synced.map_err(at(directory))
}

/// For the server's own user alone, as the server makes them.
fn make_directory(path: &Path) -> Result<(), Problem> {
    DirBuilder::new().mode(0o700).create(path).map_err(at(path))
}
