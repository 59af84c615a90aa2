//! Having another version answer, while calls go on.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use weft_function_engine::{Error, SettingsChange};
use weft_types::VersionNumber;

use crate::program::{Program, signature, value};
use crate::world::{World, default, name};

/// Answers a number after a while.
fn slow(number: u32) -> Program {
    Program::new(
        (None, "value"),
        signature(&[], Some("u32")),
        move |_, _| async move {
            tokio::time::sleep(Duration::from_millis(7)).await;
            Ok(Some(value("u32", &number.to_string())))
        },
    )
}

#[tokio::test(start_paused = true)]
async fn no_call_fails_while_versions_change() {
    let world = Arc::new(World::new().await);
    // Few places, so that calls wait in line while the version changes.
    world
        .add(
            "f",
            slow(1),
            r#"{"limits":{"concurrency":3},"profile":"sandbox-warm"}"#,
        )
        .await;
    world.runtime.add("two", slow(2));
    world
        .deploy("f", Some("two"), SettingsChange::Keep)
        .await
        .unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (world, over) = (Arc::clone(&world), Arc::clone(&over));
            tokio::spawn(async move {
                let mut seen = [0_u32; 3];
                while !over.load(SeqCst) {
                    let answer = world.call("f", "").await.expect("no call fails");
                    seen[answer.parse::<usize>().unwrap()] += 1;
                }
                seen
            })
        })
        .collect();
    for round in 0..40 {
        tokio::time::sleep(Duration::from_millis(11)).await;
        let version = VersionNumber(1 + round % 2);
        let view = world
            .engine
            .activate(&default(), &name("f"), version)
            .await
            .unwrap();
        assert_eq!(view.record.active, Some(version));
    }
    over.store(true, SeqCst);
    let mut total = [0; 3];
    for caller in callers {
        let seen = caller.await.unwrap();
        total[1] += seen[1];
        total[2] += seen[2];
    }
    assert!(total[1] > 30 && total[2] > 30, "{total:?}");
}

/// The same with real threads, where a call may hold on to a version at the moment it is replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_call_fails_while_versions_change_under_threads() {
    let world = Arc::new(World::new().await);
    world
        .add(
            "f",
            Program::constant(1),
            r#"{"limits":{"concurrency":2,"reuse":3}}"#,
        )
        .await;
    world.runtime.add("two", Program::constant(2));
    world
        .deploy("f", Some("two"), SettingsChange::Keep)
        .await
        .unwrap();
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for _ in 0..2_000 {
                    let answer = world.call("f", "").await.expect("no call fails");
                    assert!(["1", "2"].contains(&answer.as_str()));
                }
            })
        })
        .collect();
    let mut round = 0;
    while callers.iter().any(|caller| !caller.is_finished()) {
        round += 1;
        world
            .engine
            .activate(&default(), &name("f"), VersionNumber(1 + round % 2))
            .await
            .unwrap();
    }
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_in_the_version_it_began_in() {
    let world = Arc::new(World::new().await);
    world.add("f", slow(1), "{}").await;
    let begun = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.call("f", "").await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(3)).await;
    world.runtime.add("two", slow(2));
    world
        .deploy("f", Some("two"), SettingsChange::Keep)
        .await
        .unwrap();
    assert_eq!(world.call("f", "").await.unwrap(), "2");
    assert_eq!(begun.await.unwrap(), "1");
}

#[tokio::test(start_paused = true)]
async fn the_old_versions_instances_end() {
    let world = World::new().await;
    let old = Program::constant(1);
    let stats = Arc::clone(&old.stats);
    world.add("f", old, r#"{"profile":"sandbox-warm"}"#).await;
    for _ in 0..5 {
        world.call("f", "").await.unwrap();
    }
    crate::world::until("warm instances", || stats.alive.load(SeqCst) == 2).await;
    world.runtime.add("two", Program::constant(2));
    world
        .deploy("f", Some("two"), SettingsChange::Keep)
        .await
        .unwrap();
    assert_eq!(stats.alive.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn only_a_version_there_is_becomes_active() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    let (project, function) = (default(), name("f"));
    let activate = |version| world.engine.activate(&project, &function, VersionNumber(version));
    assert!(matches!(activate(2).await, Err(Error::NoVersion { .. })));
    world.registry.full.store(true, SeqCst);
    assert!(matches!(activate(1).await, Err(Error::StorageFull)));
    assert_eq!(world.call("f", "").await.unwrap(), "1");
}
