//! Versions that are deleted: all of it or nothing.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use weft_function_engine::port::Artifacts;
use weft_function_engine::{Arguments, Error, Invocation, Needed, SettingsChange, new_trace};
use weft_quotas::{Accounts, Limits};
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

#[tokio::test(start_paused = true)]
async fn a_call_that_had_chosen_a_version_finds_its_code() {
    let world = two().await;
    for whole in [false, true] {
        let version = VersionNumber(if whole { 2 } else { 1 });
        let late = world.engine.called("default", "f", Some(version)).unwrap();
        match whole {
            true => world.engine.delete(&default(), &name("f")).await.unwrap(),
            false => delete(&world, 1).await.unwrap(),
        }
        let code = Digest::of(if whole { b"two" } else { b"f" });
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(world.artifacts.code(code).is_some(), "it may still be called");
        let invocation = Invocation {
            export: 0,
            arguments: Arguments::Json("[]".into()),
            party: weft_function_engine::Party::OWN,
            trace: new_trace(),
            seed: None,
            time: None,
            timeout: None,
        };
        late.invoke(invocation).await.unwrap();
        drop(late);
        tokio::time::sleep(world.engine.config().sweep * 3).await;
        assert_eq!(world.artifacts.code(code), None, "nobody has it any longer");
        let pools = world.engine.pools(&Default::default(), None, 9).items;
        assert!(pools.iter().all(|pool| pool.id.version != version), "{pools:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_leaves_no_code() {
    // The code of a program here is its name.
    let limits = Limits {
        storage_bytes: Some(2),
        ..Limits::default()
    };
    let world = World::with(|config, _| config.accounts = Accounts::new(limits)).await;
    world.add("f", Program::constant(1), "{}").await;
    world.runtime.add("two", Program::constant(2));
    let refused = world.deploy("f", Some("two"), SettingsChange::Keep).await;
    assert!(matches!(refused, Err(Error::Quota(_))), "{refused:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.artifacts.code(Digest::of(b"two")), None);
    assert!(world.artifacts.code(Digest::of(b"f")).is_some());
    assert_eq!(world.call("f", "{}").await.unwrap(), "1");
}

#[tokio::test]
async fn numbers_are_not_given_again_and_moves_tell_the_right_ones() {
    let world = two().await;
    let (project, function) = (default(), name("f"));
    let activate = world.engine.activate(&project, &function, VersionNumber(1));
    activate.await.unwrap();
    delete(&world, 2).await.unwrap();
    let third = world.deploy("f", Some("two"), settings("{}")).await.unwrap();
    assert_eq!(third.version.version, VersionNumber(3));
    let moves = world.engine.moves(&project, &function).unwrap();
    let newest = moves.history.newest_first().next().unwrap();
    assert_eq!(newest.version, VersionNumber(3));
    let world = world.restarted().await;
    delete(&world, 1).await.unwrap();
    let fourth = world.deploy("f", Some("f"), settings("{}")).await.unwrap();
    assert_eq!(fourth.version.version, VersionNumber(4));
}

#[tokio::test]
async fn a_version_takes_the_room_of_one_that_it_has_go() {
    let limits = Limits {
        versions: Some(2),
        ..Limits::default()
    };
    let world = World::with(|config, _| config.accounts = Accounts::new(limits)).await;
    world.add("f", Program::constant(1), "{}").await;
    world
        .deploy("f", None, settings(r#"{"description":"2"}"#))
        .await
        .unwrap();
    let more = world.deploy("f", None, settings(r#"{"description":"3"}"#)).await;
    assert!(matches!(more, Err(Error::Quota(_))), "{more:?}");
    let fewer = settings(r#"{"description":"3","keep-versions":1}"#);
    world.deploy("f", None, fewer).await.unwrap();
    assert_eq!(numbers(&world), [3]);
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

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_while_versions_are_held() {
    let world = two().await;
    world.add("g", Program::constant(3), "{}").await;
    let held = world.engine.hold_versions().await;
    let engine = world.engine.clone();
    let deleting = tokio::spawn(async move {
        let version = engine
            .delete_version(&default(), &name("f"), VersionNumber(1))
            .await;
        version.and(engine.delete(&default(), &name("g")).await)
    });
    // Deploys do not wait; what the function does not keep stays for now.
    world
        .deploy("f", Some("f"), settings(r#"{"keep-versions":1}"#))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!deleting.is_finished());
    assert_eq!(numbers(&world), [1, 2, 3]);

    drop(held);
    deleting.await.unwrap().unwrap();
    assert_eq!(numbers(&world), [2, 3]);
    let gone = world.engine.function(&default(), &name("g")).err().unwrap();
    assert!(matches!(gone, Error::NoFunction { .. }), "{gone}");
    world
        .deploy("f", None, settings(r#"{"keep-versions":1,"description":"x"}"#))
        .await
        .unwrap();
    assert_eq!(numbers(&world), [4]);
}

#[tokio::test(start_paused = true)]
async fn held_code_outlives_its_last_version() {
    let world = two().await;
    let held = world.engine.hold_code().await;
    delete(&world, 1).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(world.artifacts.code(Digest::of(b"f")).is_some());

    drop(held);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.artifacts.code(Digest::of(b"f")), None);
}
