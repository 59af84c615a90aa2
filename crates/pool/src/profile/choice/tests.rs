use super::*;

fn profiles(texts: &[(&str, &str)]) -> BTreeMap<String, Profile> {
    let read = |(name, text): &(&str, &str)| ((*name).to_owned(), Profile::parse(name, text).unwrap());
    texts.iter().map(read).collect()
}

fn needs(level: Option<Level>, memory_bytes: Option<u64>, labels: &[&str]) -> Needs {
    Needs {
        level,
        memory_bytes,
        labels: labels.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_cheapest_profile_that_will_do_is_chosen() {
    let all = profiles(&[
        ("sandbox", ""),
        ("sandbox-warm", "reuse = 10000\nwarm = 1"),
        ("process", "level = \"process\"\nslots = 8"),
        (
            "small",
            "level = \"process\"\nmemory-bytes = 67108864\nconcurrency = 4",
        ),
        (
            "gpu",
            "level = \"process\"\nlabels = [\"gpu\"]\nmemory-bytes = 1073741824",
        ),
        (
            "gpu-eu",
            "level = \"process\"\nlabels = [\"gpu\", \"eu\"]\nmemory-bytes = 536870912",
        ),
        ("box", "level = \"container\"\nlabels = [\"eu\"]"),
        (
            "box-few",
            "level = \"container\"\nlabels = [\"eu\"]\nconcurrency = 8",
        ),
    ]);
    let check = |needs: Needs, expected: &str| {
        let choice = choose(&all, &needs).map(|choice| choice.profile);
        assert_eq!(choice.as_deref(), Ok(expected), "{needs:?}");
    };
    let (process, container) = (Some(Level::Process), Some(Level::Container));
    check(needs(None, None, &[]), "sandbox");
    check(needs(Some(Level::Sandbox), None, &[]), "sandbox");
    check(needs(None, Some(1 << 40), &[]), "sandbox");
    check(needs(process, None, &[]), "small");
    check(needs(process, Some(64 << 20), &[]), "small");
    check(needs(process, Some((64 << 20) + 1), &[]), "gpu-eu");
    check(needs(process, Some(1 << 40), &[]), "process");
    check(needs(None, None, &["gpu"]), "gpu-eu");
    check(needs(None, Some(1 << 30), &["gpu"]), "gpu");
    check(needs(None, None, &["eu"]), "gpu-eu");
    check(needs(None, None, &["eu", "gpu"]), "gpu-eu");
    check(needs(container, None, &[]), "box-few");
    check(needs(container, None, &["eu"]), "box-few");
}

#[test]
fn of_equal_ones_the_first_by_name_is_chosen() {
    let all = profiles(&[("b", ""), ("a", ""), ("c", "queue = { length = 3 }")]);
    assert_eq!(choose(&all, &Needs::default()).unwrap().profile, "c");
    let all = profiles(&[("b", ""), ("a", "")]);
    assert_eq!(choose(&all, &Needs::default()).unwrap().profile, "a");
}

#[test]
fn a_choice_is_explained() {
    let all = profiles(&[
        ("sandbox", ""),
        ("gpu", "level = \"process\"\nlabels = [\"gpu\"]"),
        (
            "gpu-eu",
            "level = \"process\"\nlabels = [\"eu\", \"gpu\"]\nmemory-bytes = 1000000",
        ),
    ]);
    let check = |needs: Needs, expected: &str| {
        let told = match choose(&all, &needs) {
            Ok(choice) => choice.why,
            Err(unmet) => unmet.to_string(),
        };
        assert_eq!(told, expected);
    };
    check(
        needs(None, None, &[]),
        "needs nothing: `sandbox`, at the level `sandbox`, is the cheapest of the 3 profiles that will do",
    );
    check(
        needs(Some(Level::Process), Some(2_000_000), &["gpu"]),
        "needs at least the level `process` and 2000000 bytes of memory and the label `gpu`: `gpu`, at the level `process`, is \
         the only profile that will do",
    );
    check(
        needs(Some(Level::Process), Some(2_000_000), &["eu"]),
        "no pool profile has at least the level `process` and 2000000 bytes of memory and the label `eu`: `gpu` does not carry \
         the label `eu`, `gpu-eu` allows 1000000 bytes of memory, not 2000000, `sandbox` is of the level `sandbox`, below \
         `process`; labels there are: `eu`, `gpu`",
    );
    check(
        needs(None, None, &["tpu"]),
        "no pool profile has the label `tpu`: `gpu` does not carry the label `tpu`, `gpu-eu` does not carry the label `tpu`, \
         `sandbox` does not carry the label `tpu`; labels there are: `eu`, `gpu`",
    );
}

#[test]
fn a_long_explanation_is_cut() {
    let names: Vec<_> = (0..20).map(|number| format!("p{number:02}")).collect();
    let all = names
        .iter()
        .map(|name| (name.clone(), Profile::default()))
        .collect();
    let told = choose(&all, &needs(None, None, &["gpu"]))
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("and so on for 12 more; no profile carries any label"),
        "{told}"
    );
    assert!(!told.contains("p08"), "{told}");
}
