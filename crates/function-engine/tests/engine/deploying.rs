//! From uploads and settings to versions.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_function_engine::port::{Artifacts, StorageError, Tier};
use weft_function_engine::{Deploy, Error, SettingsChange};
use weft_types::version::Capability;
use weft_types::{Digest, VersionNumber};

use crate::program::Program;
use crate::world::{World, default, invocation, invoke, name, settings};

#[tokio::test(start_paused = true)]
async fn versions_are_numbered_and_the_last_is_active() {
    let world = World::new().await;
    let first = world.add("f", Program::constant(1), "{}").await;
    assert_eq!(
        (first.version.version, first.existed, first.activated),
        (VersionNumber(1), false, true)
    );
    assert_eq!(first.version.creator, "ann");
    assert!(first.version.effect_free);
    world.runtime.add("other", Program::constant(2));
    let second = world
        .deploy("f", Some("other"), SettingsChange::Keep)
        .await
        .unwrap();
    assert_eq!(second.version.version, VersionNumber(2));
    assert_eq!(world.call("f", "").await.unwrap(), "2");
    let pinned = crate::world::Named {
        version: Some(VersionNumber(1)),
        ..invocation("f", "")
    };
    assert_eq!(
        crate::world::printed(&invoke(&world.engine, pinned).await.unwrap()),
        "1"
    );
    assert_eq!(world.engine.versions(&default(), &name("f")).unwrap().len(), 2);
    assert!(world.artifacts.leftovers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_same_code_and_settings_are_the_same_version() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    world
        .deploy("f", None, settings(r#"{"description":"x"}"#))
        .await
        .unwrap();
    let again = world.deploy("f", Some("f"), settings("{}")).await.unwrap();
    assert_eq!(
        (again.version.version, again.existed, again.activated),
        (VersionNumber(1), true, true)
    );
    let view = world.engine.function(&default(), &name("f")).unwrap();
    assert_eq!(
        (view.record.active, view.latest.version),
        (Some(VersionNumber(1)), VersionNumber(2))
    );
}

#[tokio::test(start_paused = true)]
async fn code_is_compiled_once_however_often_it_is_uploaded() {
    let world = World::new().await;
    world.runtime.add("code", Program::constant(1));
    let deploy = |function| world.deploy(function, Some("code"), SettingsChange::Keep);
    let (a, b, c) = tokio::join!(deploy("a"), deploy("b"), deploy("c"));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(*world.runtime.prepared.lock().unwrap(), [Tier::Optimized]);
}

#[tokio::test(start_paused = true)]
async fn two_uploads_of_one_name_at_once_are_both_stored() {
    let world = World::new().await;
    for code in ["one", "two", "three"] {
        world
            .runtime
            .add(code, Program::constant(u32::try_from(code.len()).unwrap()));
    }
    world.deploy("f", Some("three"), settings("{}")).await.unwrap();
    let merge = |json| SettingsChange::Merge(json);
    let (a, b) = tokio::join!(
        world.deploy("f", Some("one"), merge(json!({"labels":{"a":"1"}}))),
        world.deploy("f", Some("two"), merge(json!({"labels":{"b":"2"}}))),
    );
    let mut numbers = [a.unwrap().version.version.0, b.unwrap().version.version.0];
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
    // The second builds on what the first made.
    let latest = world.engine.function(&default(), &name("f")).unwrap().latest;
    assert_eq!(latest.settings.labels.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn settings_carry_over_and_merge() {
    let world = World::new().await;
    world
        .add(
            "f",
            Program::constant(1),
            r#"{"description":"d","env":{"A":"1"}}"#,
        )
        .await;
    world.runtime.add("next", Program::constant(2));
    let kept = world
        .deploy("f", Some("next"), SettingsChange::Keep)
        .await
        .unwrap();
    assert_eq!(kept.version.settings.description, "d");
    let patch = SettingsChange::Merge(json!({"env":{"A":null,"B":"2"}}));
    let merged = world.deploy("f", None, patch).await.unwrap();
    assert_eq!(merged.version.digest, kept.version.digest);
    assert_eq!(merged.version.settings.env.keys().collect::<Vec<_>>(), ["B"]);
    assert_eq!(merged.version.settings.description, "d");
    assert_eq!(world.runtime.prepared.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn settings_are_checked_before_anything_is_compiled() {
    let world = World::new().await;
    world.runtime.add("f", Program::constant(1));
    for (json, pointer) in [
        (r#"{"limits":{"timeout-ms":3600001}}"#, "/limits/timeout-ms"),
        (r#"{"limits":{"memory-bytes":0}}"#, "/limits/memory-bytes"),
        (r#"{"limits":{"output-bytes":268435457}}"#, "/limits/output-bytes"),
        (r#"{"limits":{"concurrency":10001}}"#, "/limits/concurrency"),
        (r#"{"labels":{"No":"x"}}"#, "/labels/No"),
        (r#"{"grants":{"http":["https://x.org/"]}}"#, "/grants/http"),
        (r#"{"env":{"A=B":"x"}}"#, "/env/A=B"),
    ] {
        match world.deploy("f", Some("f"), settings(json)).await.unwrap_err() {
            Error::InvalidSettings { pointer: found, .. } => assert_eq!(found, pointer, "{json}"),
            other => panic!("{json}: {other}"),
        }
    }
    let unknown = world
        .deploy("f", Some("f"), settings(r#"{"profile":"gpu"}"#))
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::UnknownProfile { known, .. } if known.len() == 3));
    let level = world
        .deploy("f", Some("f"), settings(r#"{"profile":"process"}"#))
        .await
        .unwrap_err();
    assert!(matches!(level, Error::LevelUnavailable { level, .. } if level == "process"));
    assert!(world.runtime.prepared.lock().unwrap().is_empty());
    assert!(world.artifacts.leftovers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_version_is_stored_but_not_active_while_a_grant_is_missing() {
    let world = World::new().await;
    let program = Program::constant(1)
        .importing(Capability::Http)
        .importing(Capability::Keyvalue);
    let first = world.add("f", program, "{}").await;
    assert!(!first.activated);
    assert_eq!(first.missing.len(), 2);
    assert!(first.missing[0].contains(r#"{"grants":{"http":["api.example.com"]}}"#));
    match world.call("f", "").await.unwrap_err() {
        Error::NoActiveVersion { missing, .. } => assert_eq!(missing, first.missing),
        other => panic!("{other}"),
    }
    let activate = world
        .engine
        .activate(&default(), &name("f"), VersionNumber(1))
        .await;
    assert!(matches!(activate, Err(Error::MissingGrant { .. })));
    let patch = SettingsChange::Merge(json!({"grants":{"http":["x.org"],"keyvalue":["default"]}}));
    let granted = world.deploy("f", None, patch).await.unwrap();
    assert!(granted.activated && granted.missing.is_empty() && !granted.version.effect_free);
    assert_eq!(world.call("f", "").await.unwrap(), "1");

    world
        .runtime
        .add("same", Program::constant(2).importing(Capability::Http));
    let stricter = world.deploy("f", Some("same"), settings("{}")).await.unwrap();
    assert!(!stricter.activated);
    assert_eq!(
        world.call("f", "").await.unwrap(),
        "1",
        "the active version is unchanged"
    );
}

#[tokio::test(start_paused = true)]
async fn effects_follow_from_grants_and_reuse() {
    let world = World::new().await;
    world.add("pure", Program::adder(), "{}").await;
    world
        .add(
            "effectful",
            Program::constant(2),
            r#"{"grants":{"keyvalue":["default"]}}"#,
        )
        .await;
    for (function, json, expected) in [
        ("a", r#"{"grants":{"call":["pure"]}}"#, true),
        ("b", r#"{"grants":{"call":["pure","effectful"]}}"#, false),
        ("c", r#"{"grants":{"call":["unknown"]}}"#, false),
        ("d", r#"{"limits":{"reuse":2}}"#, false),
        ("e", r#"{"profile":"sandbox-warm"}"#, false),
        (
            "g",
            r#"{"profile":"sandbox-warm","grants":{"stateless":true}}"#,
            true,
        ),
        ("h", r#"{"profile":"sandbox-warm","limits":{"reuse":1}}"#, true),
    ] {
        let deployment = world.add(function, Program::constant(1), json).await;
        assert_eq!(deployment.version.effect_free, expected, "{json}");
    }
}

/// Whether the only version of a function is effect-free, asked in every way.
fn is_effect_free(world: &World, function: &str) -> bool {
    let function = name(function);
    let record = world.engine.version(&default(), &function, None).unwrap();
    let view = world.engine.function(&default(), &function).unwrap();
    let answers = [
        record.effect_free,
        view.latest.effect_free,
        view.active.unwrap().effect_free,
        world.engine.versions(&default(), &function).unwrap()[0].effect_free,
    ];
    assert!(
        answers.iter().all(|answer| *answer == record.effect_free),
        "{answers:?}"
    );
    record.effect_free
}

#[tokio::test(start_paused = true)]
async fn a_caller_has_the_effects_that_its_callees_have_now() {
    let world = World::new().await;
    let callers = [
        ("middle", r#"{"grants":{"call":["leaf"]}}"#),
        ("top", r#"{"grants":{"call":["middle"]}}"#),
    ];
    world.add("leaf", Program::constant(1), "{}").await;
    for (caller, grants) in callers {
        let deployment = world.add(caller, Program::constant(2), grants).await;
        assert!(deployment.version.effect_free, "{caller}");
    }

    world
        .deploy("leaf", None, settings(r#"{"grants":{"keyvalue":["default"]}}"#))
        .await
        .unwrap();
    for (caller, grants) in callers {
        assert!(!is_effect_free(&world, caller), "{caller}");
        let again = world.add(caller, Program::constant(2), grants).await;
        assert!(again.existed && !again.version.effect_free, "{caller}");
    }

    world
        .engine
        .activate(&default(), &name("leaf"), VersionNumber(1))
        .await
        .unwrap();
    assert!(callers.iter().all(|(caller, _)| is_effect_free(&world, caller)));
}

#[tokio::test(start_paused = true)]
async fn functions_that_call_each_other_can_be_effect_free() {
    let world = World::new().await;
    world.add("ping", Program::constant(1), "{}").await;
    world
        .add("pong", Program::constant(2), r#"{"grants":{"call":["ping"]}}"#)
        .await;
    world
        .add(
            "ping",
            Program::constant(1),
            r#"{"grants":{"call":["ping","pong"]}}"#,
        )
        .await;
    for function in ["ping", "pong"] {
        let view = world.engine.function(&default(), &name(function)).unwrap();
        assert!(view.active.unwrap().effect_free, "{function}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_answers_calls_already_is_told_as_active() {
    let world = World::new().await;
    world.runtime.add("f", Program::constant(1));
    let deploy = async |activate| {
        let deploy = Deploy {
            project: default(),
            function: name("f"),
            code: Some(world.upload("f").await),
            settings: SettingsChange::Keep,
            activate,
            creator: "ann".into(),
        };
        world.engine.deploy(deploy).await.unwrap().activated
    };
    assert!(!deploy(false).await);
    assert!(deploy(true).await);
    assert!(deploy(false).await, "it was and stays active");
}

#[tokio::test(start_paused = true)]
async fn other_changes_do_not_wait_for_code_that_is_compiled_anew() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    world.add("g", Program::constant(2), "{}").await;
    world.runtime.version.store(2, SeqCst);
    world.runtime.compilers.forget_permits(usize::MAX >> 3);
    let changing = tokio::spawn({
        let engine = world.engine.clone();
        let deploy = Deploy {
            project: default(),
            function: name("f"),
            code: None,
            settings: settings(r#"{"description":"new"}"#),
            activate: true,
            creator: "ann".into(),
        };
        async move { engine.deploy(deploy).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!changing.is_finished(), "its code is compiled");
    let deleted = tokio::time::timeout(Duration::from_secs(1), async {
        world.engine.delete(&default(), &name("g")).await
    });
    deleted.await.expect("it does not wait").unwrap();
    world.runtime.compilers.add_permits(1);
    assert!(changing.await.unwrap().unwrap().activated);
}

#[tokio::test(start_paused = true)]
async fn other_changes_do_not_wait_for_an_instance_to_start() {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    assert_eq!(world.call("f", "").await.unwrap(), "1");
    world.add("g", Program::constant(2), "{}").await;
    world.runtime.add("three", Program::constant(3));
    let code = world.upload("three").await;
    let permit = world.runtime.starts.acquire().await.unwrap();
    let deploying = tokio::spawn({
        let engine = world.engine.clone();
        let deploy = Deploy {
            project: default(),
            function: name("f"),
            code: Some(code),
            settings: SettingsChange::Keep,
            activate: true,
            creator: "ann".into(),
        };
        async move { engine.deploy(deploy).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!deploying.is_finished(), "its first instance starts");
    let deleted = tokio::time::timeout(Duration::from_secs(1), async {
        world.engine.delete(&default(), &name("g")).await
    });
    deleted.await.expect("it does not wait").unwrap();
    drop(permit);
    assert!(deploying.await.unwrap().unwrap().activated);
    assert_eq!(world.call("f", "").await.unwrap(), "3");
}

#[tokio::test(start_paused = true)]
async fn refused_uploads_leave_nothing_behind() {
    let world = World::with(|config, _| config.upload_bytes = 20).await;
    let refused = world
        .deploy("f", Some("not-a-program"), SettingsChange::Keep)
        .await;
    assert!(matches!(refused, Err(Error::InvalidCode(why)) if why == "this is not WebAssembly"));
    assert!(matches!(
        world.deploy("f", None, SettingsChange::Keep).await,
        Err(Error::NoCode(_))
    ));
    world.runtime.add("f", Program::constant(1));
    world.artifacts.full.store(true, SeqCst);
    assert!(matches!(
        world.deploy("f", Some("f"), SettingsChange::Keep).await,
        Err(Error::StorageFull)
    ));
    world.artifacts.full.store(false, SeqCst);
    let full = [&world.artifacts.full_after_code, &world.registry.full];
    for full in full {
        full.store(true, SeqCst);
        let deployed = world.deploy("f", Some("f"), SettingsChange::Keep).await;
        assert!(matches!(deployed, Err(Error::StorageFull)));
        full.store(false, SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.artifacts.code(Digest::of(b"f")), None);
    }
    assert!(matches!(world.call("f", "").await, Err(Error::NoFunction { .. })));
    assert!(world.artifacts.leftovers().is_empty());
    let mut receiving = world.engine.receive().await.unwrap();
    let written = receiving.write(vec![0; 21].into()).await;
    assert!(matches!(written, Err(StorageError::TooLarge { limit: 20 })));
}

#[tokio::test(start_paused = true)]
async fn a_deploy_goes_on_when_nobody_waits() {
    let world = World::new().await;
    world.runtime.add("f", Program::constant(1));
    let code = Some(world.upload("f").await);
    let deploy = Deploy {
        project: default(),
        function: name("f"),
        code,
        settings: SettingsChange::Keep,
        activate: true,
        creator: "ann".into(),
    };
    let mut deploying = Box::pin(world.engine.deploy(deploy));
    let polled = poll(deploying.as_mut());
    assert!(polled.is_pending());
    drop(deploying);
    crate::world::until("the function", || {
        world.engine.function(&default(), &name("f")).is_ok()
    })
    .await;
    assert_eq!(world.call("f", "").await.unwrap(), "1");
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn a_function_that_others_call_is_not_deleted() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    world
        .add("caller", Program::caller(), r#"{"grants":{"call":["adder"]}}"#)
        .await;
    match world.engine.delete(&default(), &name("adder")).await.unwrap_err() {
        Error::StillReferenced { by, .. } => {
            let by: Vec<_> = by
                .iter()
                .map(|pin| (pin.function.clone(), pin.version.0))
                .collect();
            assert_eq!(by, [(name("caller"), 1)]);
        }
        other => panic!("{other}"),
    }
    let identity = |world: &World| world.engine.callee("default", "adder", None).unwrap().identity();
    let before = identity(&world);
    assert_eq!(identity(&world), before);
    world.engine.delete(&default(), &name("caller")).await.unwrap();
    world.engine.delete(&default(), &name("adder")).await.unwrap();
    assert!(matches!(
        world.call("adder", "").await,
        Err(Error::NoFunction { .. })
    ));
    assert!(matches!(
        world.engine.delete(&default(), &name("adder")).await,
        Err(Error::NoFunction { .. })
    ));
    assert_eq!(
        world.sample(r#"faas_invocations_total{project="default",function="adder"}"#),
        0.0
    );
    let again = world.add("adder", Program::adder(), "{}").await;
    assert_eq!(again.version.version, VersionNumber(2), "counted on");
    let view = world.engine.function(&default(), &name("adder")).unwrap();
    assert_eq!(view.record.active, Some(VersionNumber(2)));
    let last = view.record.moves.history.newest_first().next();
    assert_eq!(last.map(|happened| happened.version), Some(VersionNumber(2)));
    assert_ne!(identity(&world), before);
}
