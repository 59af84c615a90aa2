//! The same data under a new process, perhaps with another engine beneath.

use std::sync::atomic::Ordering::SeqCst;

use weft_function_engine::port::Tier;
use weft_function_engine::{Error, SettingsChange};
use weft_types::VersionNumber;

use crate::program::Program;
use crate::world::{World, default, name, until};

#[tokio::test(start_paused = true)]
async fn everything_is_there_and_code_is_loaded_at_the_first_call() {
    let world = World::new().await;
    world
        .add("f", Program::constant(1), r#"{"description":"d"}"#)
        .await;
    world.runtime.add("two", Program::constant(2));
    world
        .deploy("f", Some("two"), SettingsChange::Keep)
        .await
        .unwrap();
    world
        .engine
        .activate(&default(), &name("f"), VersionNumber(1))
        .await
        .unwrap();
    let loads = world.runtime.loaded.load(SeqCst);
    let world = world.restarted().await;
    let view = world.engine.function(&default(), &name("f")).unwrap();
    assert_eq!(
        (view.record.active, view.latest.version),
        (Some(VersionNumber(1)), VersionNumber(2))
    );
    assert_eq!(world.runtime.loaded.load(SeqCst), loads);
    let (a, b) = tokio::join!(world.call("f", ""), world.call("f", ""));
    assert_eq!((a.unwrap(), b.unwrap()), ("1".to_owned(), "1".to_owned()));
    assert_eq!(
        world.runtime.loaded.load(SeqCst),
        loads + 1,
        "loaded once for both"
    );
    assert_eq!(
        world.runtime.prepared.lock().unwrap().len(),
        2,
        "nothing was compiled anew"
    );
}

#[tokio::test(start_paused = true)]
async fn instances_that_stay_are_there_before_any_call() {
    let world = World::new().await;
    let program = Program::constant(1);
    let stats = program.stats.clone();
    world.add("f", program, r#"{"profile":"sandbox-warm"}"#).await;
    let _world = world.restarted().await;
    let warmed = stats.warmed.load(SeqCst);
    until("warm instances", || stats.warmed.load(SeqCst) > warmed).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_compile_no_longer_than_it_may() {
    let world = World::new().await;
    world
        .add("f", Program::constant(1), r#"{"limits":{"timeout-ms":250}}"#)
        .await;
    world.runtime.compilers.forget_permits(usize::MAX >> 3);
    world.runtime.version.store(2, SeqCst);
    let world = world.restarted().await;
    match world.call("f", "").await.unwrap_err() {
        Error::QueueTimeout { waited, .. } => assert_eq!(waited.as_millis(), 250),
        other => panic!("{other}"),
    }
    world.runtime.compilers.add_permits(1);
    assert_eq!(world.call("f", "").await.unwrap(), "1");
}

#[tokio::test(start_paused = true)]
async fn a_compiled_file_is_checked_once() {
    let world = World::new().await;
    world.runtime.add("code", Program::constant(1));
    for function in ["a", "b", "c"] {
        world
            .deploy(function, Some("code"), SettingsChange::Keep)
            .await
            .unwrap();
        world.call(function, "").await.unwrap();
    }
    assert_eq!(
        (
            world.runtime.loaded.load(SeqCst),
            world.runtime.verified.load(SeqCst)
        ),
        (3, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_engine_compiles_on_use() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    world.runtime.version.store(2, SeqCst);
    let world = world.restarted().await;
    assert_eq!(world.call("f", "").await.unwrap(), "1");
    assert_eq!(
        *world.runtime.prepared.lock().unwrap(),
        [Tier::Optimized, Tier::Optimized]
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_engine_compiles_what_is_active_in_the_background() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    world.add("g", Program::constant(2), "{}").await;
    world.runtime.add("unused", Program::constant(3));
    world
        .deploy("g", Some("unused"), SettingsChange::Keep)
        .await
        .unwrap();
    world
        .engine
        .activate(&default(), &name("g"), VersionNumber(1))
        .await
        .unwrap();
    world.runtime.version.store(2, SeqCst);
    let world = world.restarted().await;
    until("every active version", || {
        world.runtime.prepared.lock().unwrap().len() == 5
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(world.call("f", "").await.unwrap(), "1");
    assert_eq!(world.call("g", "").await.unwrap(), "2");
    assert_eq!(world.runtime.prepared.lock().unwrap().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_file_is_compiled_anew() {
    let world = World::new().await;
    let version = world.add("f", Program::constant(1), "{}").await.version;
    let path = world.artifacts.compiled_path(version.digest, "1-Optimized");
    std::fs::write(&path, "damaged").unwrap();
    let world = world.restarted().await;
    assert_eq!(world.call("f", "").await.unwrap(), "1");
    assert_eq!(world.runtime.prepared.lock().unwrap().len(), 2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "f compiled");
}

#[tokio::test(start_paused = true)]
async fn lost_code_is_an_error_that_says_so() {
    let world = World::new().await;
    let version = world.add("f", Program::constant(1), "{}").await.version;
    std::fs::remove_file(world.artifacts.path(&version.digest.hex())).unwrap();
    world.runtime.version.store(2, SeqCst);
    let world = world.restarted().await;
    match world.call("f", "").await.unwrap_err() {
        Error::Platform(text) => assert!(text.contains("is not in the store"), "{text}"),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn damaged_code_is_neither_compiled_nor_handed_out_until_it_is_uploaded_again() {
    let world = World::new().await;
    let version = world.add("f", Program::constant(1), "{}").await.version;
    std::fs::write(world.artifacts.path(&version.digest.hex()), "g").unwrap();
    world.runtime.version.store(2, SeqCst);
    let world = world.restarted().await;
    let handed_out = world.engine.code_path(&default(), &name("f"), None).await;
    for error in [world.call("f", "").await.unwrap_err(), handed_out.unwrap_err()] {
        match error {
            Error::Platform(text) => assert!(text.contains("is damaged in the store"), "{text}"),
            other => panic!("{other}"),
        }
    }
    let again = world.deploy("f", Some("f"), SettingsChange::Keep).await.unwrap();
    assert_eq!(again.version.digest, version.digest);
    assert_eq!(world.call("f", "").await.unwrap(), "1");
    assert!(world.engine.code_path(&default(), &name("f"), None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_lowered_maximum_holds_for_older_versions() {
    let world = World::new().await;
    world
        .add("f", Program::adder(), r#"{"limits":{"input-bytes":100000}}"#)
        .await;
    assert_eq!(
        world.engine.callee("default", "f", None).unwrap().input_limit(),
        100_000
    );
    let mut config = world.engine.config().clone();
    config.input_bytes.max = 1_000;
    let world = world.reconfigured(config).await;
    assert_eq!(
        world.engine.callee("default", "f", None).unwrap().input_limit(),
        1_000
    );
}

#[tokio::test(start_paused = true)]
async fn a_vanished_profile_is_named_at_the_call() {
    let world = World::new().await;
    world
        .add("f", Program::constant(1), r#"{"profile":"sandbox-warm"}"#)
        .await;
    let world = world.without_profile("sandbox-warm").await.unwrap();
    assert!(
        matches!(world.call("f", "").await, Err(Error::UnknownProfile { profile, .. }) if profile == "sandbox-warm")
    );
    assert!(matches!(
        world.without_profile("sandbox").await.err(),
        Some(Error::UnknownProfile { .. })
    ));
}
