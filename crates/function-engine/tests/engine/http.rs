//! Functions that answer HTTP requests.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use weft_function_engine::port::{Body, BodyError, Failure};
use weft_function_engine::{Error, Party, new_trace};
use weft_types::version::Flavor;

use crate::program::Program;
use crate::world::World;

fn echo() -> Program {
    let mut program = Program::constant(0);
    program.inspection.flavor = Flavor::Http;
    program.inspection.exports.clear();
    program
}

fn body(bytes: &'static [u8]) -> Body {
    Full::new(Bytes::from_static(bytes))
        .map_err(|never| match never {})
        .boxed_unsync()
}

async fn send(world: &World, body: Body) -> Result<http::Response<Body>, Error> {
    world
        .engine
        .serve_http(
            "default",
            "echo",
            http::Request::new(body),
            Party::OWN,
            new_trace(),
        )
        .await
}

#[tokio::test(start_paused = true)]
async fn the_instance_is_held_until_the_body_ends() {
    let world = World::new().await;
    let program = echo();
    let stats = Arc::clone(&program.stats);
    world.add("echo", program, "{}").await;
    let response = send(&world, body(b"hello")).await.unwrap();
    assert_eq!(stats.alive.load(SeqCst), 1);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    assert_eq!(stats.alive.load(SeqCst), 0);
    assert_eq!(
        world.sample(r#"faas_invocations_total{project="default",function="echo"}"#),
        1.0
    );
    assert!(!world.metrics().contains("faas_errors_total{"));
}

#[tokio::test(start_paused = true)]
async fn an_empty_body_is_not_a_cancelled_call() {
    let world = World::new().await;
    world.add("echo", echo(), "{}").await;
    let response = send(&world, body(b"")).await.unwrap();
    drop(response);
    assert!(!world.metrics().contains("faas_errors_total{"));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_body_ends_the_call() {
    let world = World::new().await;
    let program = echo();
    let stats = Arc::clone(&program.stats);
    world.add("echo", program, "{}").await;
    drop(send(&world, body(b"unread")).await.unwrap());
    assert_eq!(stats.alive.load(SeqCst), 0);
    let cancelled = r#"faas_errors_total{project="default",function="echo",kind="cancelled"}"#;
    assert_eq!(world.sample(cancelled), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_is_counted_by_its_reason() {
    let world = World::new().await;
    world.add("echo", echo(), "{}").await;
    let failing = failing_body(Failure::StackOverflow);
    let response = send(&world, failing).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    let overflow = r#"faas_errors_total{project="default",function="echo",kind="stack-overflow"}"#;
    assert_eq!(world.sample(overflow), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_takes_is_let_go_of_in_time() {
    let world = World::new().await;
    let program = echo();
    let stats = Arc::clone(&program.stats);
    world
        .add("echo", program, r#"{"limits": {"timeout-ms": 5000}}"#)
        .await;
    let frames = ["a", "b"].map(|piece| Ok::<_, BodyError>(Frame::data(Bytes::from(piece))));
    let body = StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync();
    let began = tokio::time::Instant::now();
    let mut response = send(&world, body).await.unwrap();
    let first = response.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!((&*first, stats.alive.load(SeqCst)), (&b"a"[..], 1));
    while stats.alive.load(SeqCst) > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let took = began.elapsed().as_secs_f64();
    assert!((10.0..11.0).contains(&took), "after {took} s");
    let late = response.frame().await.unwrap().unwrap_err();
    assert!(late.to_string().contains("timeout of 5000 ms"), "{late}");
    let timeout = r#"faas_errors_total{project="default",function="echo",kind="timeout"}"#;
    assert_eq!(world.sample(timeout), 1.0);
}

/// A body that only fails.
fn failing_body(failure: Failure) -> Body {
    let frames = futures_util::stream::iter([Err(BodyError::from(failure))]);
    StreamBody::new(frames).boxed_unsync()
}

#[tokio::test(start_paused = true)]
async fn each_kind_is_called_its_own_way() {
    let world = World::new().await;
    world.add("echo", Program::adder(), "{}").await;
    let refused = send(&world, body(b"")).await.unwrap_err();
    assert!(matches!(refused, Error::NotCallable { reason, .. } if reason.contains("invoke")));
    world.add("web", echo(), "{}").await;
    let refused = world.call("web", "").await.unwrap_err();
    assert!(matches!(refused, Error::NotCallable { reason, .. } if reason.contains("listener")));
}
