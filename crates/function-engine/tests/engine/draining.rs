//! Shutting down.

use std::sync::Arc;
use std::time::Duration;

use weft_function_engine::{Error, SettingsChange};

use crate::program::{Program, signature};
use crate::world::World;

fn slow() -> Program {
    Program::new((None, "wait"), signature(&[], None), |_, _| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(None)
    })
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_end_and_new_ones_are_refused() {
    let world = Arc::new(World::new().await);
    world.add("f", slow(), "{}").await;
    let begun = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.call("f", "").await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let since = tokio::time::Instant::now();
    let draining = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.engine.drain(Duration::from_secs(60)).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(matches!(world.call("f", "").await, Err(Error::Draining)));
    assert!(matches!(
        world.deploy("f", Some("f"), SettingsChange::Keep).await,
        Err(Error::Draining)
    ));
    draining.await.unwrap();
    assert_eq!(since.elapsed(), Duration::from_millis(1_500));
    begun.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let world = Arc::new(World::new().await);
    world.add("f", slow(), "{}").await;
    let begun = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.call("f", "").await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let since = tokio::time::Instant::now();
    world.engine.drain(Duration::from_secs(1)).await;
    assert_eq!(since.elapsed(), Duration::from_secs(1));
    assert!(!begun.is_finished());
}

#[tokio::test(start_paused = true)]
async fn an_idle_engine_drains_at_once() {
    let world = World::new().await;
    let since = tokio::time::Instant::now();
    world.engine.drain(Duration::from_secs(1)).await;
    assert!(since.elapsed().is_zero());
}
