use super::*;

fn numbers(numbers: &[u32]) -> Vec<VersionNumber> {
    numbers.iter().copied().map(VersionNumber).collect()
}

fn pin(function: &str, version: u32) -> Pin {
    Pin {
        function: function.parse().unwrap(),
        version: VersionNumber(version),
    }
}

/// Five versions: 3 is active, 4 is about to take over, `flow@7` calls 2, a run of 1 is open.
fn with<T>(versions: &[u32], decide: impl FnOnce(&Known<'_>) -> T) -> T {
    let function = "f".parse().unwrap();
    let versions = numbers(versions);
    let open = Open::from([
        ("f".parse().unwrap(), VersionNumber(1)),
        ("g".parse().unwrap(), VersionNumber(5)),
    ]);
    decide(&Known {
        function: &function,
        versions: &versions,
        active: Some(VersionNumber(3)),
        candidate: Some(VersionNumber(4)),
        pinned: &[(pin("flow", 7), VersionNumber(2))],
        open: &open,
    })
}

#[test]
fn a_version_that_is_needed_says_what_for() {
    let all = [1, 2, 3, 4, 5];
    for (versions, version, expected) in [
        (&all[..], 1, Some(Needed::OpenRuns)),
        (&all, 2, Some(Needed::Pinned(vec![pin("flow", 7)]))),
        (&all, 3, Some(Needed::Active)),
        (&all, 4, Some(Needed::RollingOut)),
        (&all, 5, None),
        (&[5], 5, Some(Needed::OnlyOne)),
    ] {
        let found = with(versions, |known| needed(known, VersionNumber(version)));
        assert_eq!(found, expected, "{version}");
    }
    let told = Needed::Pinned(vec![pin("flow", 7), pin("other", 1)]).to_string();
    assert!(told.contains("`flow@7`, `other@1`"), "{told}");
}

#[test]
fn the_newest_versions_are_kept_and_those_that_are_needed() {
    for (versions, keep, expected) in [
        (&[5, 6, 7, 8][..], 4, &[][..]),
        (&[5, 6, 7, 8], 9, &[]),
        (&[5, 6, 7, 8], 3, &[5]),
        (&[5, 6, 7, 8], 1, &[5, 6, 7]),
        (&[1, 2, 3, 4, 5, 6, 9], 1, &[5, 6]),
        (&[5, 6], u32::MAX, &[]),
        // Never all of them, whatever is asked for.
        (&[5, 6], 0, &[5]),
    ] {
        let found = with(versions, |known| surplus(known, keep));
        assert_eq!(found, numbers(expected), "{versions:?} {keep}");
    }
}
