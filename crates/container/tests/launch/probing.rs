//! The probe of the level.

use std::path::{Path, PathBuf};

use weft_isolation::launch::{Launch, Runtime};
use weft_isolation::probe::{self, Choice, Standing};

use crate::{containers, leftovers};

pub(crate) fn run(directory: &Path) {
    the_library_is_taken_where_it_works(directory);
    a_runtime_that_was_named_is_the_only_one_that_is_tried(directory);
    what_cannot_work_says_why_and_what_to_do(directory);
    leftovers::nothing_is_left(directory);
}

fn the_library_is_taken_where_it_works(directory: &Path) {
    let (standing, launcher) = probe::container(&containers("idle", directory), &Choice::Best);
    assert_eq!(standing, Standing::Works);
    let launcher = launcher.expect("what launches");
    assert_eq!(*launcher.runtime(), Runtime::Library);
    launcher.close().expect("nothing is left");
}

fn a_runtime_that_was_named_is_the_only_one_that_is_tried(directory: &Path) {
    let choice = Choice::Named(PathBuf::from("crun"));
    let (standing, launcher) = probe::container(&containers("idle", directory), &choice);
    assert_eq!(standing, Standing::Works);
    let launcher = launcher.expect("what launches");
    assert!(matches!(launcher.runtime(), Runtime::Program(path) if path.ends_with("crun")));
    launcher.close().expect("nothing is left");
}

fn what_cannot_work_says_why_and_what_to_do(directory: &Path) {
    let cases = [
        ("/nowhere/runc", "/nowhere/runc: there is no /nowhere/runc"),
        (
            "weft-no-runtime",
            "weft-no-runtime: no `weft-no-runtime` is found",
        ),
        ("/bin/false", "/bin/false create ended with exit status: 1"),
    ];
    for (name, expected) in cases {
        let choice = Choice::Named(PathBuf::from(name));
        let (standing, launcher) = probe::container(&containers("idle", directory), &choice);
        assert!(launcher.is_none());
        let Standing::Unavailable { why, remedy } = standing else {
            panic!("{name}: {standing}");
        };
        assert!(why.contains(expected), "{name}: {why}");
        assert!(remedy.contains("--container-runtime"), "{name}: {remedy}");
    }
}
