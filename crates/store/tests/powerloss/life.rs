//! Lives of a server, recorded under the library.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use weft_powerloss::{Event, Loss, Recorder, State, read};

use crate::child;

/// Where the data lies below the watched directory.
pub(crate) const DATA: &str = "data";

/// A part of a life: what a process does, and at which sync of which path it is killed.
type Part = (&'static str, Option<(u32, &'static str)>);

/// Nobody is killed.
const QUIET: &[Part] = &[("live", None), ("replace", None)];

/// Each process is killed when it has changed names and is about to sync them, and the next one finds them so.
const KILLED: &[Part] = &[
    ("live", Some((1, ""))),
    ("live", Some((1, "data/artifacts"))),
    ("live", Some((1, "data/artifacts/compiled"))),
    ("live", None),
    // The first sync is of what it finds, the second of a sidecar's removal.
    ("replace", Some((2, "data/artifacts/compiled/v1"))),
    ("finish", None),
];

/// What is recorded of a server that is left in peace.
pub(crate) fn quiet() -> Vec<Event> {
    recorded(QUIET)
}

/// What is recorded of one that is killed again and again.
pub(crate) fn killed() -> Vec<Event> {
    recorded(KILLED)
}

fn recorded(parts: &[Part]) -> Vec<Event> {
    let directory = scratch();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let recorder = Recorder::new(&root, directory.path()).unwrap();
    let data = root.canonicalize().unwrap().join(DATA);
    for (part, killed) in parts {
        match killed {
            Some((count, path)) => recorder.kill_at_sync(*count, path).unwrap(),
            None => recorder.heal().unwrap(),
        }
        let output = child::command(&recorder, part, &data).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            output.status.success(),
            killed.is_none(),
            "{part} ended with {}: {told}",
            output.status
        );
    }
    let events = read(recorder.log()).unwrap();
    assert_complete(&events, &root);
    events
}

/// The record, played back, gives the directory as it is: nothing was missed.
fn assert_complete(events: &[Event], root: &Path) {
    let mut state = State::default();
    events.iter().for_each(|event| state.apply(event));
    let directory = scratch();
    state.build(directory.path(), Loss::Nothing).unwrap();
    assert_eq!(tree(directory.path(), directory.path()), tree(root, root));
}

fn tree(root: &Path, directory: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_owned();
        if path.is_dir() {
            found.extend(tree(root, &path));
            found.insert(name, None);
        } else if !name.to_string_lossy().ends_with("-shm") {
            found.insert(name, Some(fs::read(&path).unwrap()));
        }
    }
    found
}

/// A directory in memory where there is such a thing: thousands are filled.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
    .unwrap()
}
