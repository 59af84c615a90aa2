//! Lives of a directory of blobs, recorded under the library.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use weft_powerloss::{Event, Loss, Recorder, State, read};

use crate::child;
use crate::workload::shard;

/// Where the blobs lie below the watched directory.
pub(crate) const DATA: &str = "blobs";

/// A part of a life: what a process does, and at which sync of which path it is killed.
type Part = (&'static str, Option<(u32, String)>);

/// What is recorded of a server that is left in peace.
pub(crate) fn quiet() -> Vec<Event> {
    recorded(&[("live", None), ("ask", None)])
}

/// What is recorded of one that is killed when it has changed names and is about to sync them; the next one finds them so.
pub(crate) fn killed() -> Vec<Event> {
    let at = |path: &str| ("live", Some((1, path.to_owned())));
    recorded(&[
        at(""),
        at(DATA),
        at(&format!("{DATA}/data")),
        at(&format!("{DATA}/{}", shard(0))),
        ("ask", None),
        ("live", None),
    ])
}

fn recorded(parts: &[Part]) -> Vec<Event> {
    let directory = scratch();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let recorder = Recorder::new(&root, directory.path()).unwrap();
    for (part, killed) in parts {
        match killed {
            Some((count, path)) => recorder.kill_at_sync(*count, path).unwrap(),
            None => recorder.heal().unwrap(),
        }
        let ended_well = run(&recorder, part, &root);
        assert_eq!(ended_well, killed.is_none(), "{part}, killed at {killed:?}");
    }
    let events = read(recorder.log()).unwrap();
    assert_complete(&events, &root);
    events
}

/// Lets a process do its part under the library; answers whether it ended well, and shows what it said where not.
pub(crate) fn run(recorder: &Recorder, part: &str, root: &Path) -> bool {
    let data = root.canonicalize().unwrap().join(DATA);
    let output = child::command(recorder, part, &data).output().unwrap();
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stdout));
    }
    output.status.success()
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
        } else {
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
