//! Versions granted nothing answer alike when given the same seed and time.

use std::time::{Duration, Instant};

use weft_function_engine::port::{CallContext, Tier};

use crate::harness::{Guest, context};

#[tokio::test]
async fn equal_seed_and_time_answer_equal_bytes() {
    let guest = Guest::load("fixtures/clock");
    let first = guest.call("observe", "[20]").await.unwrap();
    for _ in 0..3 {
        assert_eq!(guest.call("observe", "[20]").await.unwrap(), first);
    }
    let other_seed = CallContext {
        seed: [8; 32],
        ..context()
    };
    assert_ne!(
        guest.call_under("observe", "[20]", other_seed).await.unwrap(),
        first
    );
    let other_time = CallContext {
        time: "2027-01-01T00:00:00Z".parse().unwrap(),
        ..context()
    };
    assert_ne!(
        guest.call_under("observe", "[20]", other_time).await.unwrap(),
        first
    );
}

#[tokio::test]
async fn sleeps_take_virtual_time() {
    let guest = Guest::load("fixtures/clock");
    let began = Instant::now();
    let answer = guest.call("observe", "[3600000]").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    let slept: u64 = answer
        .split(r#""slept-ns":"#)
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .trim_matches('"')
        .parse()
        .unwrap();
    assert!(
        (3_600_000_000_000..3_600_100_000_000).contains(&slept),
        "{answer}"
    );
}

#[tokio::test]
async fn granted_versions_see_the_real_world() {
    let guest = Guest::load_as("fixtures/clock", Tier::Optimized, 1, |record| {
        record.settings.grants.keyvalue.insert("default".into());
        record.effect_free = false;
    });
    let began = Instant::now();
    let first = guest.call("observe", "[20]").await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(20));
    assert_ne!(guest.call("observe", "[20]").await.unwrap(), first);
}

#[tokio::test]
async fn the_sandbox_holds() {
    let guest = Guest::load_as("fixtures/many-imports", Tier::Optimized, 1, |record| {
        record.settings.env.insert("NAME".into(), "value".into());
    });
    let answer = guest.call("probe", "{}").await.unwrap();
    for expected in [
        "arguments: ok 0",
        "variables: ok 1",
        "standard input: ok 0",
        "clocks: ok 2",
        "random: ok 8",
        "insecure random: ok 8",
    ] {
        assert!(answer.contains(expected), "{expected} in {answer}");
    }
    for denied in [
        "read a file: ok",
        "write a file: ok",
        "list a folder: ok",
        "connect: ok",
        "listen: ok",
        "datagrams: ok",
        "resolve: ok",
    ] {
        assert!(!answer.contains(denied), "{denied} in {answer}");
    }
}
