//! What guests may not do ends them alone, each with its own reason.

use std::time::{Duration, Instant};

use weft_function_engine::port::{Call, CallContext, Failure};
use weft_types::image::Image;

use crate::harness::{Guest, context, timeout};

const LIMIT: u64 = 32 << 20;

#[tokio::test]
async fn memory_is_limited() {
    let guest = Guest::load("fixtures/bomb");
    let small = CallContext {
        memory: LIMIT,
        ..context()
    };
    assert_eq!(
        guest.call_under("fill", "{}", small.clone()).await,
        Err(Failure::OutOfMemory(LIMIT))
    );
    assert_eq!(
        guest.call_under("take", "[1048576]", small).await,
        Ok("1048576".to_owned())
    );
}

#[tokio::test]
async fn memory_that_an_instance_starts_with_counts() {
    let guest = Guest::load("fixtures/arith");
    let tiny = CallContext {
        memory: 64 << 10,
        ..context()
    };
    assert_eq!(
        guest.call_under("add", "[1,2]", tiny).await,
        Err(Failure::OutOfMemory(64 << 10))
    );
}

#[tokio::test]
async fn stacks_overflow() {
    let guest = Guest::load("fixtures/deep");
    assert_eq!(guest.call("overflow", "{}").await, Err(Failure::StackOverflow));
    assert!(guest.call("down", "[100]").await.is_ok());
}

#[tokio::test]
async fn traps_name_their_frames() {
    let guest = Guest::load("fixtures/trap");
    let Err(Failure::Trap { message, frames }) = guest.call("unreachable", "{}").await else {
        panic!("it should trap")
    };
    assert!(message.contains("unreachable"), "{message}");
    assert!(!frames.is_empty() && frames.len() <= 20, "{frames:?}");
    let divided = guest.call("divide", "[1,0]").await;
    assert!(matches!(&divided, Err(Failure::Trap { .. })), "{divided:?}");
    assert_eq!(guest.call("divide", "[6,3]").await.unwrap(), "2");
}

#[tokio::test]
async fn exits_tell_their_code() {
    let guest = Guest::load("fixtures/exit");
    // WASI 0.2's exit knows success and failure only.
    assert_eq!(guest.call("leave", "[3]").await, Err(Failure::Exited(1)));
}

#[tokio::test]
async fn a_command_that_exits_with_success_answers() {
    let guest = Guest::load("fixtures/exit-command");
    let (export, signature) = guest.export("run");
    let run = |text: &str| {
        let arguments = Image::of_raw(&signature.params, text.as_bytes()).unwrap();
        let call = Call {
            export,
            arguments,
            attached: weft_types::image::Attached::default(),
            context: context(),
        };
        let mut instance = guest.instance();
        async move { instance.call(call).await }
    };
    let printed = run("0").await.unwrap().result.unwrap();
    assert_eq!(
        &printed.raw(signature.result.as_ref().unwrap()).unwrap()[..],
        b"0"
    );
    assert_eq!(run("3").await.unwrap_err(), Failure::Exited(1));
}

#[tokio::test]
async fn results_are_limited() {
    let guest = Guest::load("fixtures/huge-output");
    let small = CallContext {
        output: 1 << 20,
        ..context()
    };
    for (export, n) in [("bytes", 2 << 20), ("text", 2 << 20), ("strings", 1 << 18)] {
        let answer = guest.call_under(export, &format!("[{n}]"), small.clone()).await;
        assert_eq!(answer, Err(Failure::OutputTooLarge(1 << 20)), "{export}");
    }
    assert!(guest.call_under("bytes", "[1000]", small).await.is_ok());
}

#[tokio::test]
async fn time_is_limited() {
    let guest = Guest::load("fixtures/spin");
    let began = Instant::now();
    let answer = guest.call_under("spin", "{}", timeout(50)).await;
    assert!(matches!(answer, Err(Failure::TimedOut(_))), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    let busy = CallContext {
        cpu_time: Duration::from_millis(20),
        ..context()
    };
    let answer = guest.call_under("spin", "{}", busy).await;
    assert_eq!(answer, Err(Failure::CpuTime(Duration::from_millis(20))));
}

#[tokio::test]
async fn instantiation_is_limited_too() {
    let guest = Guest::load("fixtures/slow-start");
    let busy = CallContext {
        cpu_time: Duration::from_millis(1),
        ..context()
    };
    assert_eq!(
        guest.call_under("answer", "{}", busy).await,
        Err(Failure::CpuTime(Duration::from_millis(1)))
    );
    assert!(guest.call("answer", "{}").await.is_ok());
}

#[tokio::test]
async fn growing_is_noticed() {
    let guest = Guest::load("fixtures/grow");
    for _ in 0..7 {
        guest.call("grow", "[1]").await.unwrap();
    }
    assert!(!guest.code.grows());
    guest.call("grow", "[1]").await.unwrap();
    assert!(guest.code.grows());
    let arith = Guest::load("fixtures/arith");
    for _ in 0..16 {
        arith.call("add", "[1,2]").await.unwrap();
    }
    assert!(!arith.code.grows());
}
