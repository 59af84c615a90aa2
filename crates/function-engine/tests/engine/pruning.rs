//! Versions that are deleted: all of it or nothing.

use std::sync::atomic::Ordering::SeqCst;

use weft_function_engine::port::Artifacts;
use weft_function_engine::{Error, Needed, SettingsChange};
use weft_types::{Digest, VersionNumber};

use crate::program::Program;
use crate::world::{World, default, name, settings};

fn numbers(world: &World) -> Vec<u32> {
    let versions = world.engine.versions(&default(), &name("f")).unwrap();
    versions.iter().map(|version| version.version.0).collect()
}

async fn delete(world: &World, version: u32) -> Result<(), Error> {
    let engine = &world.engine;
    engine
        .delete_version(&default(), &name("f"), VersionNumber(version))
        .await
}

/// Two versions of code that is answered by the first and the second program.
async fn two() -> World {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    world.runtime.add("two", Program::constant(2));
    let second = world.deploy("f", Some("two"), SettingsChange::Keep).await;
    assert_eq!(second.unwrap().version.version, VersionNumber(2));
    world
}

#[tokio::test]
async fn what_cannot_be_deleted_stays_as_it_is() {
    let world = two().await;
    let refused = delete(&world, 2).await;
    let because = |error| match error {
        Err(Error::VersionInUse { because, .. }) => Some(because),
        _ => None,
    };
    assert_eq!(because(refused), Some(Needed::Active));
    world.registry.full.store(true, SeqCst);
    assert!(matches!(delete(&world, 1).await, Err(Error::StorageFull)));
    assert_eq!(numbers(&world), [1, 2]);
    assert!(world.artifacts.code(Digest::of(b"f")).is_some());

    world.registry.full.store(false, SeqCst);
    delete(&world, 1).await.unwrap();
    assert_eq!(numbers(&world), [2]);
    assert_eq!(world.artifacts.code(Digest::of(b"f")), None);
    assert_eq!(world.call("f", "{}").await.unwrap(), "2");
    let world = world.restarted().await;
    assert_eq!(numbers(&world), [2]);
}

#[tokio::test]
async fn code_that_is_uploaded_again_while_it_is_deleted_is_there() {
    let world = two().await;
    for _ in 0..50 {
        let number = numbers(&world).into_iter().find(|number| *number != 2).unwrap();
        let both = tokio::join!(
            delete(&world, number),
            world.deploy(
                "g",
                Some("f"),
                settings(&format!("{{\"description\":\"{number}\"}}"))
            ),
        );
        both.0.unwrap();
        both.1.unwrap();
        assert_eq!(world.call("g", "{}").await.unwrap(), "1");
        assert!(world.artifacts.code(Digest::of(b"f")).is_some());
        // The code belongs to nobody else for the next time.
        world.engine.delete(&default(), &name("g")).await.unwrap();
        world
            .deploy(
                "f",
                Some("f"),
                settings(&format!("{{\"description\":\"{number}\"}}")),
            )
            .await
            .unwrap();
        world.deploy("f", Some("two"), settings("{}")).await.unwrap();
    }
}
