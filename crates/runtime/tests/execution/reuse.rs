//! Instances that serve more than one call.

use crate::harness::{Guest, context};

#[tokio::test]
async fn an_instance_serves_its_share() {
    let guest = Guest::reused("fixtures/arith", 3);
    let mut instance = guest.instance();
    for n in 1..=3 {
        assert!(instance.reusable());
        let reply = instance
            .call(guest.prepare("add", &format!("[{n}, 1]"), context()))
            .await
            .unwrap();
        assert_eq!(guest.print("add", &reply), (n + 1).to_string());
    }
    assert!(!instance.reusable());
}

#[tokio::test]
async fn a_fresh_instance_serves_one() {
    let guest = Guest::load("fixtures/grow");
    let mut instance = guest.instance();
    let first = instance
        .call(guest.prepare("grow", "[1]", context()))
        .await
        .unwrap();
    assert!(!instance.reusable());
    let again = guest.call("grow", "[1]").await.unwrap();
    assert_eq!(guest.print("grow", &first), again);
}

#[tokio::test]
async fn state_stays_in_a_reused_instance() {
    let guest = Guest::reused("fixtures/grow", 2);
    let mut instance = guest.instance();
    let first = instance
        .call(guest.prepare("grow", "[1]", context()))
        .await
        .unwrap();
    let second = instance
        .call(guest.prepare("grow", "[1]", context()))
        .await
        .unwrap();
    let pages = |reply| guest.print("grow", reply).parse::<u32>().unwrap();
    assert_eq!(pages(&second), pages(&first) + 1);
}

#[tokio::test]
async fn a_trap_retires_its_instance() {
    let guest = Guest::reused("fixtures/trap", 10);
    let mut instance = guest.instance();
    instance
        .call(guest.prepare("divide", "[4,2]", context()))
        .await
        .unwrap();
    assert!(instance.reusable());
    instance
        .call(guest.prepare("unreachable", "{}", context()))
        .await
        .unwrap_err();
    assert!(!instance.reusable());
}

#[tokio::test]
async fn a_warm_instance_starts_sooner() {
    let guest = Guest::load("fixtures/slow-start");
    let mut warm = guest.instance();
    warm.warm(context()).await.unwrap();
    let warm = warm.call(guest.prepare("answer", "{}", context())).await.unwrap();
    let cold = guest
        .instance()
        .call(guest.prepare("answer", "{}", context()))
        .await
        .unwrap();
    assert_eq!(guest.print("answer", &warm), guest.print("answer", &cold));
    assert!(
        warm.start_time * 2 < cold.start_time,
        "{:?} {:?}",
        warm.start_time,
        cold.start_time
    );
}
