//! Functions that answer HTTP requests.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use weft_function_engine::port::{Body, BodyError, Failure};
use weft_function_engine::{Error, new_trace};
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
        .serve_http("default", "echo", http::Request::new(body), new_trace())
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
