use std::time::Duration;

use crate::simulate::{Load, Service, Trace};

#[test]
fn rows_are_read() {
    let text = "# what\n0, 20/s, exponential 5ms # why\n\n1.5,3 clients,uniform 1ms 2ms,b\n2, 0/s\n2, 0 clients, -, b\n";
    let trace: Trace = text.parse().unwrap();
    assert_eq!(trace.projects(), ["default", "b"]);
    let rows = trace.rows();
    assert_eq!((rows.len(), rows[0].load), (4, Load::PerSecond(20.0)));
    assert_eq!(rows[0].service, Service::Exponential(Duration::from_millis(5)));
    assert_eq!(
        (rows[1].at, rows[1].load, rows[1].project),
        (Duration::from_millis(1_500), Load::Clients(3), 1)
    );
    let both = (Duration::from_millis(1), Duration::from_millis(2));
    assert_eq!(rows[1].service, Service::Uniform(both.0, both.1));
    let skewed = "skewed 250us 2s 1.5%".parse();
    let (short, long) = (Duration::from_micros(250), Duration::from_secs(2));
    assert_eq!(
        skewed,
        Ok(Service::Skewed {
            short,
            long,
            share: 0.015
        })
    );
}

#[test]
fn mistakes_have_lines() {
    let wrong = |text: &str, line: usize, part: &str| {
        let error = text.parse::<Trace>().unwrap_err();
        assert!(
            error.line == line && error.message.contains(part),
            "{text:?}: {error}"
        );
    };
    wrong("", 1, "no row");
    wrong("0", 1, "`0` is no row");
    wrong("x, 0/s", 1, "`x` is no time");
    wrong("-1, 0/s", 1, "`-1` is no time");
    wrong("0, NaN/s", 1, "`NaN/s` is no load");
    wrong("0, many", 1, "`many` is no load");
    wrong("0, 20/s", 1, "says how long calls take");
    wrong("# \n0, 20/s, 5", 2, "`5` is no duration");
    wrong("0, 20/s, 0ms", 1, "`0ms` is no duration");
    wrong("0, 20/s, soon or late", 1, "no service time");
    wrong("0, 20/s, uniform 2ms 1ms", 1, "the second is the longer one");
    wrong("0, 20/s, skewed 1ms 2ms 3", 1, "`3` is no share");
    wrong("1, 1/s, 1ms\n0, 0/s", 2, "earlier than the one before");
    wrong("0, 1/s, 1ms, b\n9, 0/s\n\n", 2, "the last row of `b`");
}

#[test]
fn service_times_have_their_means() {
    let mean = |text: &str| {
        let service: Service = text.parse().unwrap();
        let mut rng = fastrand::Rng::with_seed(7);
        let sum: f64 = (0..100_000).map(|_| service.draw(&mut rng).as_secs_f64()).sum();
        sum * 1e3 / 1e5
    };
    for (text, expected) in [
        ("5ms", 5.0),
        ("exponential 5ms", 5.0),
        ("uniform 1ms 9ms", 5.0),
        ("skewed 1ms 41ms 10%", 5.0),
    ] {
        assert!((mean(text) - expected).abs() < 0.1, "{text}: {}", mean(text));
    }
}
