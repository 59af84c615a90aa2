use super::{Level, Profile, ProfileError, Scaling};

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
    refused("labels = [\"gpu\", \"No\"]", (1, 18), "`No` is not a label");
    refused("labels = \"gpu\"", (1, 10), "invalid type");
    let many: Vec<_> = (0..17).map(|number| format!("\"l{number}\"")).collect();
    refused(
        &format!("labels = [\n{}]", many.join(",")),
        (2, 87),
        "more than 16 labels",
    );
    refused("memory-bytes = 65535", (1, 16), "65536 to 1099511627776");
    refused("timeout-ms = 0", (1, 14), "1 to 86400000");
    refused("level = \"process\"\npids = 3", (2, 8), "4 to 4096");
    refused("level = \"process\"\nopen-files = 31", (2, 14), "32 to 65536");
    refused("pids = 8", (1, 8), "`pids` needs another `level`");
    refused("open-files = 64", (1, 14), "`open-files` needs another `level`");
    refused("cpu-millis = 100", (1, 14), "`cpu-millis` needs another `level`");
    refused(
        "level = \"process\"\nscratch-bytes = 4096",
        (2, 17),
        "no function has files to write to",
    );
    refused("warmth = 2", (1, 1), "unknown field `warmth`");
    refused("level = \"vm\"", (1, 9), "unknown variant `vm`");
    refused("concurrency = \"many\"", (1, 15), "invalid type");
    refused("concurrency = ", (1, 15), "");
}

#[test]
fn labels_and_memory_are_read() {
    let profile = Profile::parse("x", "labels = [\"gpu\", \"eu-1\", \"gpu\"]\nmemory-bytes = 65536").unwrap();
    assert_eq!(profile.labels.iter().collect::<Vec<_>>(), ["eu-1", "gpu"]);
    assert_eq!(profile.memory_bytes, Some(65_536));
    for (text, is_name) in [
        ("a", true),
        ("py-3", true),
        ("", false),
        ("3a", false),
        ("a-", false),
        ("a.b", false),
        ("A", false),
        (&"a".repeat(63), true),
        (&"a".repeat(64), false),
    ] {
        assert_eq!(Profile::is_name(text), is_name, "{text}");
    }
}

#[test]
fn limits_are_read() {
    let text = "level = \"container\"\ncpu-millis = 10\ntimeout-ms = 250\npids = 6\nopen-files = 48\nscratch-bytes = 0";
    let profile = Profile::parse("x", text).unwrap();
    let limits = [
        profile.cpu_millis,
        profile.timeout_ms,
        profile.pids,
        profile.open_files,
    ];
    assert_eq!(limits, [Some(10), Some(250), Some(6), Some(48)]);
    let none = Profile::parse("x", "timeout-ms = 1").unwrap();
    assert_eq!(
        (none.timeout_ms, none.pids, none.open_files),
        (Some(1), None, None)
    );
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

#[test]
fn scaling_is_read_and_bounded() {
    let text = "level = \"process\"\nconcurrency = 100\nslots = 8\n[scaling]\nmin = 2\ninitial = 3\non-demand = false";
    let scaling = Profile::parse("x", text).unwrap().scaling;
    let expected = Scaling {
        min: 2,
        // What 100 calls need.
        max: 13,
        initial: 3,
        on_demand: false,
        ..Scaling::default()
    };
    assert_eq!(scaling, expected);
    let refused = |members: &str, column, part| {
        let text = format!("level = \"process\"\nscaling = {{ {members} }}");
        super::tests::refused(&text, (2, column), part);
    };
    refused("max = 3, min = 4", 28, "`scaling.min` is 4: 0 to 3");
    refused("initial = 513", 23, "`scaling.initial` is 513");
    refused("up-factor = 1", 25, "2 to 1000");
    refused("interval-ms = 99", 27, "100 to 60000");
    refused(
        "panic-ms = 599",
        24,
        "600 to 60000 is allowed where `scaling.stable-ms` is 60000",
    );
    refused("stable-ms = 5000", 25, "50 to 5000");
    refused("cooldown = 1", 13, "unknown field `cooldown`");
}

#[test]
fn sandboxes_scale_by_what_is_kept() {
    let scaling = Profile::parse("x", "reuse = 9\nwarm = 2\nconcurrency = 7\nidle-ms = 30")
        .unwrap()
        .scaling;
    assert_eq!((scaling.min, scaling.max, scaling.grace_ms), (2, 7, 30));
    refused("[scaling]\nmin = 1", (1, 1), "`[scaling]` needs another `level`");
}
