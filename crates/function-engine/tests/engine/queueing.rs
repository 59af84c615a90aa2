//! Too many calls at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use weft_function_engine::Error;
use weft_pool::Queue;

use crate::program::{Program, signature};
use crate::world::{World, invocation, invoke, until};

/// A function that ends when told to.
fn told(end: &Arc<Semaphore>) -> Program {
    let end = Arc::clone(end);
    Program::new((None, "wait"), signature(&[], None), move |_, _| {
        let end = Arc::clone(&end);
        async move {
            end.acquire().await.unwrap().forget();
            Ok(None)
        }
    })
}

async fn crowded() -> (Arc<World>, Arc<Semaphore>) {
    let world = World::with(|_, profiles| {
        let profile = profiles.get_mut("sandbox").unwrap();
        profile.concurrency = 2;
        profile.queue = Queue {
            length: 2,
            wait_ms: 100,
        };
    });
    let (world, end) = (Arc::new(world.await), Arc::new(Semaphore::new(0)));
    world.add("f", told(&end), "{}").await;
    (world, end)
}

fn call(world: &Arc<World>) -> tokio::task::JoinHandle<Result<Duration, Error>> {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        invoke(&world.engine, invocation("f", ""))
            .await
            .map(|answer| answer.queue)
    })
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded_and_in_order() {
    let (world, end) = crowded().await;
    let mut calls = Vec::new();
    for _ in 0..4 {
        calls.push(call(&world));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    match call(&world).await.unwrap() {
        Err(Error::Overloaded {
            queued: 2,
            retry_after,
        }) => assert!(!retry_after.is_zero()),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        world.sample(r#"weft_pool_queue_length{project="default",function="f"}"#),
        2.0
    );
    assert_eq!(
        world.sample(r#"weft_pool_instances{project="default",function="f",state="active"}"#),
        2.0
    );
    end.add_permits(1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    end.add_permits(3);
    let mut waited = Vec::new();
    for call in calls {
        waited.push(call.await.unwrap().unwrap());
    }
    assert!(waited[0].is_zero() && waited[1].is_zero());
    assert!(waited[2] >= Duration::from_millis(2) && !waited[3].is_zero());
    let overloaded = r#"faas_errors_total{project="default",function="f",kind="overloaded"}"#;
    assert_eq!(world.sample(overloaded), 1.0);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let (world, end) = crowded().await;
    let first = [call(&world), call(&world)];
    tokio::time::sleep(Duration::from_millis(1)).await;
    match call(&world).await.unwrap() {
        Err(Error::QueueTimeout { waited, .. }) => assert_eq!(waited, Duration::from_millis(100)),
        other => panic!("{other:?}"),
    }
    end.add_permits(2);
    for call in first {
        call.await.unwrap().unwrap();
    }
    end.add_permits(1);
    call(&world).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_frees_its_place_in_line() {
    let (world, end) = crowded().await;
    let first = [call(&world), call(&world)];
    tokio::time::sleep(Duration::from_millis(1)).await;
    let waiting = [call(&world), call(&world)];
    tokio::time::sleep(Duration::from_millis(1)).await;
    for call in waiting {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    let later = [call(&world), call(&world)];
    end.add_permits(4);
    for call in first.into_iter().chain(later) {
        call.await.unwrap().unwrap();
    }
    let cancelled = r#"faas_errors_total{project="default",function="f",kind="cancelled"}"#;
    until("two cancelled calls", || world.sample(cancelled) == 2.0).await;
}
