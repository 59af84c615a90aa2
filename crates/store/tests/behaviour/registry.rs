//! Behaviours of a registry.

use std::sync::Arc;

use weft_function_engine::port::RegistryError;
use weft_types::VersionNumber;
use weft_types::moves::{Move, MoveKind, Moves, Policy, Rollout};

use crate::Backend;
use crate::samples::{activated, function, labelled, project, version};

pub(crate) async fn default_project_is_there(backend: impl Backend) {
    assert_eq!(backend.registry().projects().await.unwrap(), [project("default")]);
}

pub(crate) async fn projects_are_created_once(backend: impl Backend) {
    let registry = backend.registry();
    registry.create_project(&project("shop")).await.unwrap();
    registry.create_project(&project("shop")).await.unwrap();
    assert_eq!(
        registry.projects().await.unwrap(),
        [project("default"), project("shop")]
    );
}

pub(crate) async fn versions_count_from_one(backend: impl Backend) {
    let registry = backend.registry();
    for (number, code) in [(1, b"a"), (2, b"b"), (3, b"c")] {
        let added = registry.add_version(version("f", code)).await.unwrap();
        assert_eq!(added.version.version, VersionNumber(number));
        assert!(!added.existed);
    }
    let other = registry.add_version(version("g", b"a")).await.unwrap();
    assert_eq!(other.version.version, VersionNumber(1));
}

pub(crate) async fn records_survive_reopening(backend: impl Backend) {
    let registry = backend.registry();
    let first = registry.add_version(activated(version("f", b"a"))).await.unwrap();
    let second = registry
        .add_version(labelled(version("f", b"b"), "test"))
        .await
        .unwrap();
    let other = registry.add_version(version("g", b"a")).await.unwrap();
    drop(registry);

    let backend = backend.reopen().await;
    let loaded = backend.registry().load().await.unwrap();
    assert_eq!(
        loaded,
        [
            (second.function, vec![first.version, second.version]),
            (other.function, vec![other.version]),
        ]
    );
}

pub(crate) async fn same_code_and_settings_are_one_version(backend: impl Backend) {
    let registry = backend.registry();
    let first = registry.add_version(activated(version("f", b"a"))).await.unwrap();
    registry.add_version(activated(version("f", b"b"))).await.unwrap();

    let again = registry.add_version(version("f", b"a")).await.unwrap();
    assert!(again.existed);
    assert_eq!(again.version, first.version);
    assert_eq!(
        again.function.active,
        Some(VersionNumber(2)),
        "it was not to be activated"
    );

    let again = registry.add_version(activated(version("f", b"a"))).await.unwrap();
    assert_eq!(again.function.active, Some(VersionNumber(1)));
    assert_eq!(registry.load().await.unwrap()[0].1.len(), 2);
}

pub(crate) async fn other_settings_are_another_version(backend: impl Backend) {
    let registry = backend.registry();
    registry.add_version(version("f", b"a")).await.unwrap();
    let added = registry
        .add_version(labelled(version("f", b"a"), "test"))
        .await
        .unwrap();
    assert!(!added.existed);
    assert_eq!(added.version.version, VersionNumber(2));
}

pub(crate) async fn activation_is_explicit(backend: impl Backend) {
    let registry = backend.registry();
    let added = registry.add_version(version("f", b"a")).await.unwrap();
    assert_eq!(added.function.active, None);

    let at = "2026-02-03T04:05:06Z".parse().unwrap();
    let (default, f) = (project("default"), function("f"));
    let record = registry
        .activate(&default, &f, VersionNumber(1), Arc::default(), at)
        .await
        .unwrap();
    assert_eq!((record.active, record.updated_at), (Some(VersionNumber(1)), at));
    assert_eq!(registry.load().await.unwrap()[0].0, record);
}

pub(crate) async fn moves_are_kept_with_their_function(backend: impl Backend) {
    let registry = backend.registry();
    let (default, f) = (project("default"), function("f"));
    let added = registry.add_version(activated(version("f", b"a"))).await.unwrap();
    assert_eq!(*added.function.moves, Moves::default());
    registry.add_version(version("f", b"b")).await.unwrap();

    let at = "2026-02-03T04:05:06Z".parse().unwrap();
    let began = Moves {
        rollout: Some(Arc::new(Rollout {
            version: VersionNumber(2),
            policy: Policy::default(),
            stage: 1,
            began_at: at,
            stage_at: at,
        })),
        ..Moves::default()
    };
    let noted = registry
        .note_moves(&default, &f, Arc::new(began.clone()))
        .await
        .unwrap();
    assert_eq!((noted.active, &*noted.moves), (Some(VersionNumber(1)), &began));
    assert_eq!(registry.load().await.unwrap()[0].0, noted);

    let ended = Moves::default().with(Move {
        at,
        kind: MoveKind::RolloutFinished,
        version: VersionNumber(2),
        from: Some(VersionNumber(1)),
        percent: 100,
        profile: Some("sandbox".to_owned()),
        reason: "it was good".to_owned(),
    });
    let record = registry
        .activate(&default, &f, VersionNumber(2), Arc::new(ended.clone()), at)
        .await
        .unwrap();
    assert_eq!((record.active, &*record.moves), (Some(VersionNumber(2)), &ended));
    assert_eq!(registry.load().await.unwrap()[0].0, record);
    let refusal = registry
        .note_moves(&default, &function("g"), Arc::default())
        .await
        .unwrap_err();
    assert!(matches!(refusal, RegistryError::NoFunction(..)), "{refusal}");
}

pub(crate) async fn activating_what_is_not_there_is_refused(backend: impl Backend) {
    let registry = backend.registry();
    let at = "2026-02-03T04:05:06Z".parse().unwrap();
    let (default, f) = (project("default"), function("f"));
    let refusal = registry
        .activate(&default, &f, VersionNumber(1), Arc::default(), at)
        .await
        .unwrap_err();
    assert!(matches!(refusal, RegistryError::NoFunction(..)), "{refusal}");

    registry.add_version(version("f", b"a")).await.unwrap();
    let refusal = registry
        .activate(&default, &f, VersionNumber(2), Arc::default(), at)
        .await
        .unwrap_err();
    assert!(
        matches!(refusal, RegistryError::NoVersion(_, _, VersionNumber(2))),
        "{refusal}"
    );
}

pub(crate) async fn deleting_removes_every_version(backend: impl Backend) {
    let registry = backend.registry();
    registry.add_version(activated(version("f", b"a"))).await.unwrap();
    registry.add_version(version("f", b"b")).await.unwrap();
    let (default, f) = (project("default"), function("f"));
    registry.delete(&default, &f).await.unwrap();
    assert_eq!(registry.load().await.unwrap(), []);

    let refusal = registry.delete(&default, &f).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::NoFunction(..)), "{refusal}");
}

pub(crate) async fn a_function_created_again_counts_on(backend: impl Backend) {
    let (registry, default, f) = (backend.registry(), project("default"), function("f"));
    registry.create_project(&project("shop")).await.unwrap();
    for code in [b"a", b"b", b"c"] {
        registry.add_version(version("f", code)).await.unwrap();
    }
    let last = [VersionNumber(3)];
    registry.delete_versions(&default, &f, &last).await.unwrap();
    registry.delete(&default, &f).await.unwrap();
    assert_eq!(registry.last_number(&default, &f).await.unwrap(), 3);
    drop(registry);

    let backend = backend.crash().await;
    let registry = backend.registry();
    assert_eq!(registry.last_number(&default, &f).await.unwrap(), 3);
    let added = registry.add_version(version("f", b"b")).await.unwrap();
    assert_eq!((added.version.version, added.existed), (VersionNumber(4), false));
    assert_eq!(added.function.numbered, 3);
    assert_eq!(registry.last_number(&default, &f).await.unwrap(), 4);
    // And again, with nothing deleted in between.
    registry.delete(&default, &f).await.unwrap();
    let added = registry.add_version(version("f", b"b")).await.unwrap();
    assert_eq!(added.version.version, VersionNumber(5));

    // Neither another function nor one of the same name in another project is concerned.
    let other = registry.add_version(version("g", b"b")).await.unwrap();
    assert_eq!(other.version.version, VersionNumber(1));
    let mut elsewhere = version("f", b"b");
    elsewhere.project = project("shop");
    let elsewhere = registry.add_version(elsewhere).await.unwrap();
    assert_eq!(elsewhere.version.version, VersionNumber(1));
}

pub(crate) async fn uploads_of_one_name_at_once_are_numbered_without_gaps(backend: impl Backend) {
    let registry = backend.registry();
    let uploads: Vec<_> = (0..20_u8)
        .map(|code| {
            let registry = registry.clone();
            tokio::spawn(async move {
                registry
                    .add_version(activated(version("f", &[code])))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for upload in uploads {
        numbers.push(upload.await.unwrap().version.version.0);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

pub(crate) async fn an_unknown_project_is_refused(backend: impl Backend) {
    let mut new = version("f", b"a");
    new.project = project("nowhere");
    let refusal = backend.registry().add_version(new).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::NoProject(_)), "{refusal}");
}

pub(crate) async fn a_project_is_deleted_for_good(backend: impl Backend) {
    let (registry, shop) = (backend.registry(), project("shop"));
    let refusal = registry.delete_project(&shop).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::NoProject(_)), "{refusal}");
    registry.create_project(&shop).await.unwrap();
    registry.delete_project(&shop).await.unwrap();
    assert_eq!(registry.projects().await.unwrap(), [project("default")]);

    let refusal = registry.create_project(&shop).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::ProjectGone(_)), "{refusal}");
    let mut new = version("f", b"a");
    new.project = shop;
    let refusal = registry.add_version(new).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::NoProject(_)), "{refusal}");
}

pub(crate) async fn a_project_with_functions_stays(backend: impl Backend) {
    let registry = backend.registry();
    registry.add_version(version("f", b"a")).await.unwrap();
    let refusal = registry.delete_project(&project("default")).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::ProjectInUse(_)), "{refusal}");
    registry
        .delete(&project("default"), &function("f"))
        .await
        .unwrap();
    registry.delete_project(&project("default")).await.unwrap();
}

pub(crate) async fn versions_are_deleted_and_their_numbers_not_given_again(backend: impl Backend) {
    let (registry, default, f) = (backend.registry(), project("default"), function("f"));
    for code in [b"a", b"b", b"c", b"d"] {
        registry.add_version(version("f", code)).await.unwrap();
    }
    registry.add_version(activated(version("f", b"b"))).await.unwrap();
    let gone = [VersionNumber(1), VersionNumber(4)];
    registry.delete_versions(&default, &f, &gone).await.unwrap();
    // What is not there is fine.
    registry.delete_versions(&default, &f, &gone).await.unwrap();
    let nowhere = registry
        .delete_versions(&default, &function("g"), &gone)
        .await
        .unwrap_err();
    assert!(matches!(nowhere, RegistryError::NoFunction(..)), "{nowhere}");
    drop(registry);

    let backend = backend.crash().await;
    let registry = backend.registry();
    let numbers = |versions: &[weft_types::VersionRecord]| -> Vec<u32> {
        versions.iter().map(|version| version.version.0).collect()
    };
    let loaded = registry.load().await.unwrap();
    assert_eq!(numbers(&loaded[0].1), [2, 3]);
    assert_eq!(loaded[0].0.active, Some(VersionNumber(2)));
    let added = registry.add_version(version("f", b"d")).await.unwrap();
    assert_eq!((added.version.version, added.existed), (VersionNumber(5), false));
}

pub(crate) async fn an_active_version_is_not_deleted(backend: impl Backend) {
    let (registry, default, f) = (backend.registry(), project("default"), function("f"));
    registry.add_version(version("f", b"a")).await.unwrap();
    registry.add_version(activated(version("f", b"b"))).await.unwrap();
    let both = [VersionNumber(1), VersionNumber(2)];
    let refusal = registry.delete_versions(&default, &f, &both).await.unwrap_err();
    assert!(matches!(refusal, RegistryError::Store(_)), "{refusal}");
    // All or none.
    assert_eq!(registry.load().await.unwrap()[0].1.len(), 2);
}
