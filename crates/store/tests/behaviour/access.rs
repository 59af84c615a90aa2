//! Behaviours of a store of tokens and members.

use std::time::Duration;

use jiff::Timestamp;
use weft_access::{
    AccessStore, AuditStore as _, Change, Deed, Member, Model, Recorded, Retention, Role, Scope, StoreError,
    Token, TokenId,
};
use weft_quotas::{Limits, QuotaStore};
use weft_store::{OfflineAccess, OpenError};

use crate::Backend;
use crate::samples::project;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn id(number: u8) -> TokenId {
    TokenId::from_bytes([number; 8])
}

fn token(number: u8, scope: Scope) -> Change {
    Change::AddToken {
        token: Box::new(Token {
            id: id(number),
            hash: [number; 32],
            holder: "ada".parse().unwrap(),
            scope,
            note: "for the \u{201c}nightly\u{201d} run; it's '); DROP TABLE token;--".to_owned(),
            created_at: "2026-01-02T03:04:05.678901234Z".parse().unwrap(),
            created_by: "root".to_owned(),
            expires_at: Some(at(2_000_000_000)),
            revoked_at: None,
            used_at: None,
        }),
        forgotten: Vec::new(),
    }
}

fn of(name: &str, role: Role) -> Scope {
    Scope::Project {
        project: project(name),
        role,
    }
}

fn member(name: &str, user: &str, role: Role) -> Change {
    Change::SetMember(Member {
        project: project(name),
        user: user.parse().unwrap(),
        role,
        since: at(7),
    })
}

/// Every kind of change, to what is there and to what is not.
fn changes() -> Vec<Change> {
    let mut second = token(2, of("shop", Role::Invoker));
    if let Change::AddToken { forgotten, .. } = &mut second {
        forgotten.extend([id(9), id(1)]);
    }
    let (shop, at) = (project("shop"), at(9));
    vec![
        token(1, Scope::Platform),
        second,
        token(3, of("default", Role::Owner)),
        token(4, Scope::Platform),
        Change::Revoke { id: id(3), at },
        Change::Revoke {
            id: id(3),
            at: self::at(10),
        },
        Change::Revoke { id: id(9), at },
        Change::Used(vec![(id(2), self::at(60)), (id(9), at), (id(4), self::at(61))]),
        member("shop", "ada", Role::Viewer),
        member("shop", "ada", Role::Owner),
        member("shop", "eve@example.com", Role::Developer),
        member("default", "ada", Role::Invoker),
        Change::RemoveMember {
            project: shop.clone(),
            user: "eve@example.com".parse().unwrap(),
        },
        Change::RemoveMember {
            project: shop.clone(),
            user: "nobody".parse().unwrap(),
        },
        Change::ForgetProject { project: shop, at },
    ]
}

pub(crate) async fn changes_are_kept_as_they_are_made(backend: impl Backend) {
    backend.registry().create_project(&project("shop")).await.unwrap();
    let mut expected = Model::default();
    for change in changes() {
        backend.access().apply(&change).await.unwrap();
        expected.apply(&change);
        assert_eq!(backend.access().load().await.unwrap(), expected, "{change:?}");
    }
    let backend = backend.reopen().await;
    assert_eq!(backend.access().load().await.unwrap(), expected);
    let backend = backend.crash().await;
    assert_eq!(backend.access().load().await.unwrap(), expected);
}

pub(crate) async fn a_change_that_fails_leaves_nothing(backend: impl Backend) {
    let access = backend.access();
    access.apply(&token(1, Scope::Platform)).await.unwrap();
    let before = access.load().await.unwrap();
    let mut twice = token(1, Scope::Platform);
    if let Change::AddToken { token, .. } = &mut twice {
        token.hash = [9; 32];
    }
    for change in [
        twice,
        token(2, of("nowhere", Role::Viewer)),
        member("nowhere", "ada", Role::Viewer),
    ] {
        let refusal = access.apply(&change).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Failed(_)), "{refusal}");
        assert_eq!(access.load().await.unwrap(), before);
    }
    access.apply(&token(3, Scope::Platform)).await.unwrap();
    assert_eq!(access.load().await.unwrap().tokens.len(), 2);
}

pub(crate) async fn the_first_token_is_made_without_a_server(_backend: impl Backend) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let offline = OfflineAccess::open(&data).await.unwrap();
    offline.access().apply(&token(1, Scope::Platform)).await.unwrap();
    let refusal = OfflineAccess::open(&data).await.unwrap_err();
    assert!(matches!(refusal, OpenError::InUse { .. }), "{refusal}");
    offline.close().await;

    let store = weft_store::Store::open(&data, crate::small()).await.unwrap();
    let model = AccessStore::load(&*store.access()).await.unwrap();
    assert_eq!(model.tokens.keys().copied().collect::<Vec<_>>(), [id(1)]);
    store.close().await;
}

const KEEP: Retention = Retention {
    count: 4,
    age: Some(Duration::from_secs(100)),
};

fn deed(number: i64, place: Option<&str>) -> Deed {
    Deed {
        at: at(1_000_000 + number),
        who: "ada".to_owned(),
        token: (number % 2 == 0).then(|| id(7)),
        source: "::1".to_owned(),
        action: "PUT /v1/projects/{project}".to_owned(),
        project: place.map(project),
        target: format!("/v1/{number}"),
        status: 201,
    }
}

fn targets(found: &[Recorded]) -> Vec<&str> {
    found.iter().map(|recorded| &recorded.deed.target[4..]).collect()
}

pub(crate) async fn what_was_changed_is_listed_latest_first(backend: impl Backend) {
    let audit = backend.store().access();
    for (number, place) in [
        (1, Some("shop")),
        (2, None),
        (3, Some("shop")),
        (4, Some("other")),
    ] {
        audit.record(&deed(number, place), KEEP).await.unwrap();
    }
    let all = audit.list(None, None, 10).await.unwrap();
    assert_eq!(targets(&all), ["4", "3", "2", "1"]);
    assert_eq!(all[2].deed, deed(2, None));
    let rest = audit.list(None, Some(all[1].number), 1).await.unwrap();
    assert_eq!(targets(&rest), ["2"]);
    let shop = project("shop");
    assert_eq!(
        targets(&audit.list(Some(&shop), None, 10).await.unwrap()),
        ["3", "1"]
    );
    drop(audit);
    let backend = backend.crash().await;
    assert_eq!(backend.store().access().list(None, None, 10).await.unwrap(), all);
}

pub(crate) async fn old_changes_make_room(backend: impl Backend) {
    let audit = backend.store().access();
    for number in 1..=6 {
        audit.record(&deed(number, None), KEEP).await.unwrap();
    }
    assert_eq!(
        targets(&audit.list(None, None, 10).await.unwrap()),
        ["6", "5", "4", "3"]
    );
    audit.record(&deed(105, None), KEEP).await.unwrap();
    assert_eq!(
        targets(&audit.list(None, None, 10).await.unwrap()),
        ["105", "6", "5"]
    );
}

pub(crate) async fn limits_of_projects_are_kept(backend: impl Backend) {
    let access = backend.store().access();
    for name in ["shop", "other"] {
        backend.registry().create_project(&project(name)).await.unwrap();
    }
    let limits = Limits {
        functions: Some(0),
        storage_bytes: Some(i64::MAX as u64),
        concurrent_calls: Some(7),
        ..Limits::default()
    };
    let less = Limits {
        open_runs: Some(1),
        ..Limits::default()
    };
    let set = |name, limits| QuotaStore::set(&*access, name, limits);
    let (shop, other) = (project("shop"), project("other"));
    set(&shop, less).await.unwrap();
    set(&shop, limits).await.unwrap();
    set(&other, less).await.unwrap();
    set(&other, Limits::default()).await.unwrap();
    let nowhere = set(&project("nowhere"), less).await;
    assert!(
        matches!(nowhere, Err(weft_quotas::StoreError::Failed(_))),
        "{nowhere:?}"
    );
    drop(access);
    let backend = backend.crash().await;
    let kept = QuotaStore::load(&*backend.store().access()).await.unwrap();
    assert_eq!(kept, [(shop, limits)]);
}
