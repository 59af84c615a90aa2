use super::{Level, Profile, ProfileError};

#[test]
fn shipped_profiles_are_valid() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtime-pools");
    let profiles = Profile::read_dir(directory.as_ref()).unwrap();
    assert_eq!(profiles["sandbox"], Profile::default());
    assert!(profiles["sandbox-warm"].reuse > 1);
}

#[test]
fn members_left_out_have_defaults() {
    let profile = Profile::parse("x", "concurrency = 3\n[queue]\nlength = 7\n").unwrap();
    assert_eq!(
        (profile.concurrency, profile.queue.length, profile.queue.wait_ms),
        (3, 7, 5_000)
    );
    assert_eq!(
        Profile::parse("x", "level = \"process\"").unwrap().level,
        Level::Process
    );
}

/// Checks that `text` is refused at `place` with a message that contains `part`.
fn refused(text: &str, place: (usize, usize), part: &str) {
    match Profile::parse("mine", text).unwrap_err() {
        ProfileError::Invalid {
            name,
            line,
            column,
            message,
        } => {
            assert_eq!((line, column), place, "{text:?}: {message}");
            assert!(message.contains(part), "{text:?}: {message}");
            assert_eq!(name, "mine");
        }
        other => panic!("{text:?}: {other}"),
    }
}

#[test]
fn mistakes_have_places() {
    refused("concurrency = 0", (1, 15), "1 to 100000 is allowed");
    refused("# é\n\n  reuse = 0", (3, 11), "`reuse` is 0");
    refused("[queue]\nlength = 2000000", (2, 10), "`queue.length`");
    refused("queue = { wait-ms = 86400001 }", (1, 21), "`queue.wait-ms`");
    refused("idle-ms = 99999999999", (1, 11), "`idle-ms`");
    refused("reuse = 1\nwarm = 2", (2, 8), "`reuse` above 1");
    refused("reuse = 9\nconcurrency = 4\nwarm = 5", (3, 8), "`concurrency`");
    refused("slots = -1", (1, 9), "-1");
    refused(
        "reuse = 9\nslots = 2",
        (2, 9),
        "a sandbox serves one call at a time",
    );
    assert_eq!(
        Profile::parse("x", "level = \"process\"\nslots = 2")
            .unwrap()
            .slots,
        2
    );
    refused("warmth = 2", (1, 1), "unknown field `warmth`");
    refused("level = \"vm\"", (1, 9), "unknown variant `vm`");
    refused("concurrency = \"many\"", (1, 15), "invalid type");
    refused("concurrency = ", (1, 15), "");
}

#[test]
fn names_are_file_stems() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("README.md"), "not a profile").unwrap();
    std::fs::write(directory.path().join("py-3.toml"), "reuse = 5").unwrap();
    let profiles = Profile::read_dir(directory.path()).unwrap();
    assert_eq!(profiles.keys().collect::<Vec<_>>(), ["py-3"]);
    std::fs::write(directory.path().join("No Good.toml"), "").unwrap();
    assert!(matches!(
        Profile::read_dir(directory.path()),
        Err(ProfileError::Name(_))
    ));
    assert!(matches!(
        Profile::read_dir(&directory.path().join("absent")),
        Err(ProfileError::Io { .. })
    ));
}
