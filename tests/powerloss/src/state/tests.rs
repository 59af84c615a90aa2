use std::collections::BTreeSet;

use super::*;

fn create(path: &str) -> Event {
    Event::Create { path: path.into() }
}

fn write(path: &str, data: &str) -> Event {
    Event::Write {
        path: path.into(),
        offset: 0,
        data: data.into(),
    }
}

fn rename(from: &str, to: &str) -> Event {
    Event::Rename {
        from: from.into(),
        to: to.into(),
    }
}

fn make(path: &str) -> Event {
    Event::MakeDirectory { path: path.into() }
}

fn sync(path: &str) -> Event {
    Event::Sync { path: path.into() }
}

/// What may be found at `path` after these events: contents, or none.
fn found(events: &[Event], path: &str) -> BTreeSet<Option<String>> {
    let mut state = State::default();
    events.iter().for_each(|event| state.apply(event));
    let losses = [Loss::Nothing, Loss::Everything, Loss::Data, Loss::Names];
    losses
        .into_iter()
        .chain((0..50).map(Loss::Some))
        .map(|loss| {
            let directory = tempfile::tempdir().unwrap();
            state.build(directory.path(), loss).unwrap();
            fs::read_to_string(directory.path().join(path))
                .ok()
                .map(|text| text.replace('\0', "."))
        })
        .collect()
}

fn set(outcomes: &[Option<&str>]) -> BTreeSet<Option<String>> {
    outcomes
        .iter()
        .map(|outcome| outcome.map(str::to_owned))
        .collect()
}

#[test]
fn a_file_needs_both_syncs() {
    let written = [create("a"), write("a", "xy")];
    assert_eq!(
        found(&written, "a"),
        set(&[None, Some(""), Some(".."), Some("xy")])
    );
    let data = [&written[..], &[sync("a")]].concat();
    assert_eq!(found(&data, "a"), set(&[None, Some("xy")]));
    let name = [&written[..], &[sync("")]].concat();
    assert_eq!(found(&name, "a"), set(&[Some(""), Some(".."), Some("xy")]));
    let both = [&data[..], &[sync("")]].concat();
    assert_eq!(found(&both, "a"), set(&[Some("xy")]));
}

#[test]
fn replacing_a_file_leaves_the_old_one_or_the_new_one() {
    let old = [create("a"), write("a", "old"), sync("a"), sync("")];
    let new = [create("b"), write("b", "new"), sync("b"), rename("b", "a")];
    let events = [&old[..], &new].concat();
    assert_eq!(found(&events, "a"), set(&[Some("old"), Some("new")]));
    assert_eq!(
        found(&[&events[..], &[sync("")]].concat(), "a"),
        set(&[Some("new")])
    );
}

#[test]
fn a_lost_directory_takes_what_is_in_it() {
    let events = [
        make("d"),
        create("d/a"),
        write("d/a", "x"),
        sync("d/a"),
        sync("d"),
    ];
    assert_eq!(found(&events, "d/a"), set(&[None, Some("x")]));
    assert_eq!(
        found(&[&events[..], &[sync("")]].concat(), "d/a"),
        set(&[Some("x")])
    );
}

#[test]
fn files_of_unwatched_processes_are_found() {
    let there = Event::Found {
        path: "a".into(),
        data: "xy".into(),
    };
    assert_eq!(
        found(&[there.clone(), sync("")], "a"),
        set(&[Some(""), Some(".."), Some("xy")])
    );
    assert_eq!(found(&[there, sync("a"), sync("")], "a"), set(&[Some("xy")]));

    let known = [create("a"), write("a", "xy"), sync("a"), sync("")];
    let same = Event::Found {
        path: "a".into(),
        data: "xy".into(),
    };
    assert_eq!(
        found(&[&known[..], &[same]].concat(), "a"),
        set(&[Some("xy")]),
        "nothing is new about it"
    );
}

#[test]
fn removal_needs_a_sync() {
    let events = [
        create("a"),
        sync("a"),
        sync(""),
        Event::Remove { path: "a".into() },
    ];
    assert_eq!(found(&events, "a"), set(&[None, Some("")]));
    assert_eq!(found(&[&events[..], &[sync("")]].concat(), "a"), set(&[None]));
}

#[test]
fn syncs_are_told_apart() {
    let hex = "0123456789abcdef".repeat(4);
    let mut state = State::default();
    let file = format!("d/{hex}.b3");
    for event in [make("d"), create("d/upload-12"), rename("d/upload-12", &file)] {
        state.apply(&event);
    }
    assert_eq!(state.kind(b""), "names in . after making d");
    assert_eq!(state.kind(b"d"), "names in d after removing upload-*");
    assert_eq!(state.kind(file.as_bytes()), "file d/*.b3");
    state.apply(&sync("d"));
    assert_eq!(state.kind(b"d"), "names in d, unchanged");
}

#[test]
fn ignored_syncs_do_nothing() {
    let ignored = |kind: &str| kind == "file a";
    let mut state = State::ignoring(&ignored);
    for event in [create("a"), write("a", "x"), sync("a"), sync("")] {
        state.apply(&event);
    }
    let directory = tempfile::tempdir().unwrap();
    state.build(directory.path(), Loss::Everything).unwrap();
    assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"");
}
