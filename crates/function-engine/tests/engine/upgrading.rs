//! Better code and warm instances, made in the background.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use weft_function_engine::port::Tier;
use weft_function_engine::{LogFilter, SettingsChange};

use crate::program::Program;
use crate::world::{World, default, name, until};

/// Which tiers answered the calls so far.
fn tiers(world: &World) -> Vec<String> {
    let log = world.engine.logs(&default(), &name("f")).unwrap();
    let page = log.read(log.start(), 1_000, &LogFilter::default());
    page.lines.iter().map(|line| line.text.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn huge_code_is_compiled_fast_first_and_well_behind() {
    let world = World::new().await;
    world.runtime.add("f", Program::constant(1));
    // The compile in the background waits until it is let.
    world.runtime.compilers.forget_permits(usize::MAX >> 3);
    let huge = format!("f {}", "x".repeat(2_000));
    world
        .deploy("f", Some(&huge), SettingsChange::Keep)
        .await
        .unwrap();
    world.call("f", "").await.unwrap();
    assert_eq!(tiers(&world), ["Baseline"]);
    world.runtime.compilers.add_permits(1);
    let prepared = || world.runtime.prepared.lock().unwrap().clone();
    until("a second compile", || {
        prepared() == [Tier::Baseline, Tier::Optimized]
    })
    .await;
    until("better code", || world.runtime.loaded.load(SeqCst) == 2).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    world.call("f", "").await.unwrap();
    assert_eq!(tiers(&world), ["Baseline", "Optimized"]);
    let world = world.restarted().await;
    world.call("f", "").await.unwrap();
    assert_eq!(
        tiers(&world),
        ["Optimized"],
        "a restart begins with the best there is"
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_fast_compiler_gives_up_the_usual_one_does_it() {
    let world = World::new().await;
    world.runtime.add("f", Program::constant(1));
    world.runtime.fast_dies.store(true, SeqCst);
    let huge = format!("f {}", "x".repeat(2_000));
    world
        .deploy("f", Some(&huge), SettingsChange::Keep)
        .await
        .unwrap();
    world.call("f", "").await.unwrap();
    assert_eq!(tiers(&world), ["Optimized"]);
    assert_eq!(world.sample("weft_compile_failures_total"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn growing_guests_get_explicit_bounds_checks() {
    let world = World::new().await;
    let program = Program::constant(1);
    let grows = Arc::clone(&program.grows);
    world.add("f", program, "{}").await;
    world.call("f", "").await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.runtime.prepared.lock().unwrap().len(), 1);
    grows.store(true, SeqCst);
    until("other code", || world.runtime.prepared.lock().unwrap().len() == 2).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.call("f", "").await.unwrap();
    assert_eq!(tiers(&world), ["Optimized", "ExplicitBounds"]);
    assert_eq!(
        *world.runtime.prepared.lock().unwrap(),
        [Tier::Optimized, Tier::ExplicitBounds]
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_only_delays() {
    let world = World::with(|config, _| config.background_queue = 1).await;
    world.runtime.add("f", Program::constant(1));
    world.runtime.compilers.forget_permits(usize::MAX >> 3);
    for n in 0..6 {
        let huge = format!("f {n} {}", "x".repeat(2_000));
        world
            .deploy(&format!("f{n}"), Some(&huge), SettingsChange::Keep)
            .await
            .unwrap();
    }
    world.runtime.compilers.add_permits(100);
    let optimized = || {
        world
            .runtime
            .prepared
            .lock()
            .unwrap()
            .iter()
            .filter(|tier| **tier == Tier::Optimized)
            .count()
    };
    until("all of them", || optimized() == 6).await;
}

#[tokio::test(start_paused = true)]
async fn instances_are_warmed_ahead_and_reused() {
    let world = World::with(|config, _| config.shards = 2).await;
    let program = Program::constant(1);
    let stats = Arc::clone(&program.stats);
    world.add("f", program, r#"{"profile":"sandbox-warm"}"#).await;
    until("warm instances", || stats.warmed.load(SeqCst) == 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..10 {
        world.call("f", "").await.unwrap();
    }
    assert_eq!(
        stats.alive.load(SeqCst),
        2,
        "one per core, and no other was started"
    );
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(stats.alive.load(SeqCst), 2, "warm ones stay");
}

#[tokio::test(start_paused = true)]
async fn idle_instances_end() {
    let world = World::new().await;
    let program = Program::constant(1);
    let stats = Arc::clone(&program.stats);
    world.add("f", program, r#"{"limits":{"reuse":1000}}"#).await;
    world.call("f", "").await.unwrap();
    assert_eq!(stats.alive.load(SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(62)).await;
    assert_eq!(stats.alive.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_calls_is_let_go_of() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    let loads = || world.runtime.loaded.load(SeqCst);
    for _ in 0..20 {
        world.call("f", "").await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(loads(), 1, "it is called now and then");
    tokio::time::sleep(Duration::from_secs(600)).await;
    world.call("f", "").await.unwrap();
    assert_eq!(loads(), 2, "it had been let go of");
}

#[tokio::test(start_paused = true)]
async fn what_was_called_longest_ago_makes_room() {
    let world = World::with(|config, _| config.loaded = 2).await;
    for function in ["a", "b", "c"] {
        world.add(function, Program::constant(1), "{}").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let loads = || world.runtime.loaded.load(SeqCst);
    for (function, expected) in [("b", 3), ("c", 3), ("a", 4)] {
        world.call(function, "").await.unwrap();
        assert_eq!(loads(), expected, "{function}");
    }
}

#[tokio::test(start_paused = true)]
async fn upkeep_ends_with_the_engine() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    let runtime = Arc::downgrade(&world.runtime);
    drop(world);
    until("the end of everything", || runtime.strong_count() == 0).await;
}
