//! What all guests have together is bounded, and comes back however they end.

use std::time::Duration;

use weft_function_engine::port::Failure;

use crate::harness::{Guest, context, runtime, timeout};

const MIB: u64 = 1 << 20;
const BOUND: u64 = 64 * MIB;

#[tokio::test]
async fn guests_have_no_more_than_the_bound_together() {
    let runtime = runtime(16, BOUND);
    let memory = runtime.guest_memory();
    let bomb = Guest::load_in(&runtime, "fixtures/bomb", 1);
    assert_eq!(bomb.call("fill", "{}").await, Err(Failure::SandboxMemory(BOUND)));
    assert_eq!(memory.used(), 0);
    assert!(bomb.call("take", "[33554432]").await.is_ok());
    assert_eq!((memory.used(), memory.bound()), (0, BOUND));
}

#[tokio::test]
async fn memory_comes_back_from_guests_that_trap_or_are_stopped() {
    let runtime = runtime(16, BOUND);
    let memory = runtime.guest_memory();
    let trap = Guest::load_in(&runtime, "fixtures/trap", 100);
    assert!(trap.call("unreachable", "{}").await.is_err());
    assert_eq!(memory.used(), 0);
    let spin = Guest::load_in(&runtime, "fixtures/spin", 100);
    assert!(spin.call_under("spin", "{}", timeout(20)).await.is_err());
    let call = spin.prepare("spin", "{}", context());
    let mut instance = spin.instance();
    let cancelled = tokio::time::timeout(Duration::from_millis(20), instance.call(call)).await;
    assert!(cancelled.is_err());
    // Where they executed they end, which nobody waits for.
    let ended = async {
        while memory.used() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .unwrap();
}

#[tokio::test]
async fn idle_instances_end_where_others_need_their_memory() {
    let runtime = runtime(16, BOUND);
    let memory = runtime.guest_memory();
    let grow = Guest::load_in(&runtime, "fixtures/grow", 100);
    let mut kept = grow.instance();
    let mut pages = async |more: u32| {
        let call = grow.prepare("grow", &format!("[{more}]"), context());
        let reply = kept.call(call).await.unwrap();
        grow.print("grow", &reply).parse::<u32>().unwrap()
    };
    let large = pages(400).await;
    assert_eq!(pages(1).await, large + 1);
    assert!(memory.used() > 25 * MIB, "{memory:?}");
    let bomb = Guest::load_in(&runtime, "fixtures/bomb", 1);
    assert!(bomb.call("take", "[41943040]").await.is_ok());
    assert!(memory.used() < MIB, "{memory:?}");
    assert_eq!(pages(1).await, large - 399, "a new instance serves the call");
}
