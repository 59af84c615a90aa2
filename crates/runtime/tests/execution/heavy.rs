//! Calls that execute long.

use std::time::{Duration, Instant};

use crate::harness::{Guest, context, timeout};
use weft_function_engine::port::Failure;

#[tokio::test]
async fn spinning_guests_leave_others_their_turn() {
    let guest = Guest::load("fixtures/spin");
    let quick = Guest::load("fixtures/arith");
    let spinning = (0..8).map(|_| async {
        let began = Instant::now();
        let answer = guest.call_under("spin", "{}", timeout(200)).await;
        (answer, began.elapsed())
    });
    let spinning = futures_util::future::join_all(spinning);
    let others = async {
        for _ in 0..50 {
            assert_eq!(quick.call("add", "[1,2]").await.unwrap(), "3");
            tokio::task::yield_now().await;
        }
    };
    let (spun, ()) = tokio::join!(spinning, others);
    for (answer, took) in spun {
        assert!(matches!(answer, Err(Failure::TimedOut(_))), "{answer:?}");
        assert!(took >= Duration::from_millis(200), "{took:?}");
    }
}

#[tokio::test]
async fn long_calls_answer_from_the_heavy_threads() {
    let guest = Guest::load("fixtures/spin");
    let mut answers = Vec::new();
    // Beyond sixteen, calls begin there.
    for _ in 0..20 {
        let call = guest.prepare("rounds", "[20000000]", context());
        let reply = guest.instance().call(call).await.unwrap();
        assert!(reply.cpu_time >= Duration::from_millis(2), "{:?}", reply.cpu_time);
        answers.push(guest.print("rounds", &reply));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn dropping_a_call_stops_it_wherever_it_executes() {
    let guest = Guest::load("fixtures/spin");
    for ms in [0, 1, 5, 50] {
        let call = guest.call("spin", "{}");
        assert!(
            tokio::time::timeout(Duration::from_millis(ms), call)
                .await
                .is_err()
        );
    }
    // Stopped guests hold neither threads nor slots.
    let began = Instant::now();
    guest.call("rounds", "[1000000]").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
}
