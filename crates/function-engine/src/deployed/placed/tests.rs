use super::*;

fn profiles() -> Profiles {
    let texts = [
        ("sandbox", ""),
        (
            "process",
            "level = \"process\"\nslots = 8\nreuse = 3\n[scaling]\nmin = 1",
        ),
        (
            "small",
            "level = \"process\"\nmemory-bytes = 1000000\nlabels = [\"gpu\"]",
        ),
    ];
    let read = |(name, text): (&str, &str)| (name.to_owned(), Profile::parse(name, text).unwrap());
    texts.into_iter().map(read).collect()
}

fn place(settings: &str) -> Result<Placed, Nowhere> {
    let settings = crate::parse_settings(settings.as_bytes()).unwrap();
    let config = Config {
        shards: 1,
        ..Config::default()
    };
    Placed::new(&settings, &profiles(), &config)
}

#[test]
fn settings_lead_to_a_place() {
    let check = |settings: &str, expected: (&str, u64, u32, u32, bool)| {
        let placed = place(settings).unwrap();
        let (name, memory, reuse, concurrency, warm) = expected;
        assert_eq!(&*placed.name, name, "{settings}");
        assert_eq!(placed.memory, memory, "{settings}");
        assert_eq!(
            (placed.reuse, placed.bounds.concurrency),
            (reuse, concurrency),
            "{settings}"
        );
        assert_eq!(placed.has_warm(), warm, "{settings}");
    };
    let default = 256 << 20;
    check("{}", ("sandbox", default, 1, 512, false));
    check(r#"{"profile": "process"}"#, ("process", default, 3, 512, true));
    check(r#"{"profile": "small"}"#, ("small", 1_000_000, 1, 512, false));
    check(
        r#"{"profile": "small", "limits": {"memory-bytes": 70000, "reuse": 2, "concurrency": 4}}"#,
        ("small", 70_000, 2, 4, false),
    );
    check(r#"{"needs": {}}"#, ("sandbox", default, 1, 512, false));
    check(
        r#"{"needs": {"level": "process"}}"#,
        ("small", 1_000_000, 1, 512, false),
    );
    check(
        r#"{"needs": {"level": "process", "memory-bytes": 1000000000}}"#,
        ("process", 1_000_000_000, 3, 512, true),
    );
    check(
        r#"{"needs": {"level": "process"}, "limits": {"memory-bytes": 2000000}}"#,
        ("process", 2_000_000, 3, 512, true),
    );
    check(
        r#"{"needs": {"labels": ["gpu"]}}"#,
        ("small", 1_000_000, 1, 512, false),
    );
}

#[test]
fn what_has_no_place_is_told_why() {
    let unknown = place(r#"{"profile": "none"}"#).unwrap_err();
    let known = ["process", "sandbox", "small"].map(str::to_owned).to_vec();
    assert_eq!(unknown, Nowhere::Unknown("none".to_owned(), known));
    let Nowhere::Unmet(why) = place(r#"{"needs": {"labels": ["tpu"]}}"#).unwrap_err() else {
        panic!("it names none");
    };
    assert!(
        why.contains("the label `tpu`") && why.contains("labels there are: `gpu`"),
        "{why}"
    );
}

#[test]
fn a_label_more_never_leads_to_a_weaker_level() {
    let settings = |text: &str| crate::parse_settings(text.as_bytes()).unwrap();
    let check = |text: &str, least, expected: Option<&str>| {
        let needs = needs_labelled(&settings(text), least, "gpu");
        let chosen = choose(&profiles(), &needs).ok().map(|choice| choice.profile);
        assert_eq!(chosen.as_deref(), expected, "{text} {least}");
    };
    check("{}", Level::Sandbox, Some("small"));
    check("{}", Level::Process, Some("small"));
    check("{}", Level::Container, None);
    check(r#"{"needs": {"level": "container"}}"#, Level::Sandbox, None);
    check(r#"{"limits": {"memory-bytes": 1000001}}"#, Level::Sandbox, None);
    check(r#"{"needs": {"labels": ["eu"]}}"#, Level::Sandbox, None);
}

#[test]
fn what_bounds_calls_is_told_in_full() {
    let text = "level = \"process\"\ntimeout-ms = 1000\nmemory-bytes = 5000000\nreuse = 3\nconcurrency = 7";
    let profile = Profile::parse("hasty", text).unwrap();
    let profiles = Profiles::from([("hasty".to_owned(), profile)]);
    let config = Config::default();
    let check = |limits: &str, expected: [u64; 7]| {
        let settings = format!(r#"{{"profile": "hasty", "limits": {limits}}}"#);
        let settings = crate::parse_settings(settings.as_bytes()).unwrap();
        let placed = Placed::new(&settings, &profiles, &config).unwrap();
        let [timeout, cpu_time, memory, input, output, concurrency, reuse] = expected;
        let expected = Limits {
            timeout_ms: Some(timeout),
            cpu_time_ms: Some(cpu_time),
            memory_bytes: Some(memory),
            input_bytes: Some(input),
            output_bytes: Some(output),
            concurrency: u32::try_from(concurrency).ok(),
            reuse: u32::try_from(reuse).ok(),
        };
        let found = placed.limits(&Effective::new(&settings.limits, &config));
        assert_eq!(found, expected, "{limits}");
    };
    check("{}", [1000, 10_000, 5_000_000, 16 << 20, 16 << 20, 7, 3]);
    check(
        r#"{"timeout-ms": 300, "cpu-time-ms": 200, "memory-bytes": 70000, "input-bytes": 1, "output-bytes": 2,
            "concurrency": 4, "reuse": 9}"#,
        [300, 200, 70_000, 1, 2, 4, 9],
    );
}
