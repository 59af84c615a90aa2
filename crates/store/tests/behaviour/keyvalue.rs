//! Behaviours of key-value stores.

use std::sync::Arc;

use bytes::Bytes;
use weft_function_engine::port::{KeyValue, StorageError};
use weft_quotas::{Accounts, Boxed, Limits, QuotaStore, Quotas, StoreError};
use weft_types::ProjectName;

use crate::Backend;
use crate::samples::project;

async fn set(keyvalue: &dyn KeyValue, store: &str, key: &str, value: &'static str) {
    keyvalue
        .set(&project("default"), store, key, Bytes::from(value))
        .await
        .unwrap();
}

async fn get(keyvalue: &dyn KeyValue, store: &str, key: &str) -> Option<Bytes> {
    keyvalue.get(&project("default"), store, key).await.unwrap()
}

pub(crate) async fn values_survive_reopening(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    let large = Bytes::from(vec![7; weft_function_engine::port::keyvalue::MAX_VALUE]);
    set(&*keyvalue, "s", "a", "old").await;
    set(&*keyvalue, "s", "a", "new").await;
    set(&*keyvalue, "s", "", "").await;
    keyvalue
        .set(&project("default"), "s", "large", large.clone())
        .await
        .unwrap();
    drop(keyvalue);

    let backend = backend.reopen().await;
    let keyvalue = backend.keyvalue();
    assert_eq!(get(&*keyvalue, "s", "a").await.unwrap(), "new");
    assert_eq!(get(&*keyvalue, "s", "").await.unwrap(), "");
    assert_eq!(get(&*keyvalue, "s", "large").await.unwrap(), large);
    assert_eq!(get(&*keyvalue, "s", "b").await, None);
}

pub(crate) async fn stores_and_projects_are_apart(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    set(&*keyvalue, "s", "a", "1").await;
    set(&*keyvalue, "t", "a", "2").await;
    keyvalue
        .set(&project("shop"), "s", "a", Bytes::from("3"))
        .await
        .unwrap();
    assert_eq!(get(&*keyvalue, "s", "a").await.unwrap(), "1");
    assert_eq!(get(&*keyvalue, "t", "a").await.unwrap(), "2");
    assert_eq!(
        keyvalue.get(&project("shop"), "s", "a").await.unwrap().unwrap(),
        "3"
    );
    assert_eq!(
        keyvalue.keys(&project("shop"), "t", None, 10).await.unwrap(),
        Vec::<String>::new()
    );
}

pub(crate) async fn deleting_is_final_and_repeatable(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    set(&*keyvalue, "s", "a", "1").await;
    for _ in 0..2 {
        keyvalue.delete(&project("default"), "s", "a").await.unwrap();
        assert_eq!(get(&*keyvalue, "s", "a").await, None);
    }
}

pub(crate) async fn keys_are_listed_in_pages(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    for key in ["é", "", "b", "a", "B", "aa"] {
        set(&*keyvalue, "s", key, "1").await;
    }
    let default = project("default");
    assert_eq!(
        keyvalue.keys(&default, "s", None, 3).await.unwrap(),
        ["", "B", "a"]
    );
    assert_eq!(
        keyvalue.keys(&default, "s", Some("a"), 3).await.unwrap(),
        ["aa", "b", "é"]
    );
    assert_eq!(keyvalue.keys(&default, "s", Some(""), 1).await.unwrap(), ["B"]);
    assert_eq!(
        keyvalue.keys(&default, "s", Some("é"), 3).await.unwrap(),
        Vec::<String>::new()
    );
}

pub(crate) async fn increments_are_atomic(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    let adders: Vec<_> = (0..50)
        .map(|_| {
            let keyvalue = keyvalue.clone();
            tokio::spawn(async move {
                keyvalue
                    .increment(&project("default"), "s", "n", 3)
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut sums = Vec::new();
    for adder in adders {
        sums.push(adder.await.unwrap().unwrap());
    }
    sums.sort_unstable();
    assert_eq!(sums, (1..=50).map(|n| n * 3).collect::<Vec<_>>());
    assert_eq!(get(&*keyvalue, "s", "n").await.unwrap(), "150");
    assert_eq!(
        keyvalue
            .increment(&project("default"), "s", "n", -151)
            .await
            .unwrap(),
        Some(-1)
    );
}

pub(crate) async fn only_numbers_are_incremented(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    for value in ["", "x", "1.5", "9223372036854775807", "99999999999999999999"] {
        set(&*keyvalue, "s", "n", value).await;
        assert_eq!(
            keyvalue
                .increment(&project("default"), "s", "n", 1)
                .await
                .unwrap(),
            None,
            "{value}"
        );
        assert_eq!(
            get(&*keyvalue, "s", "n").await.unwrap(),
            value,
            "it is left alone"
        );
    }
}

pub(crate) async fn many_writers_are_served_at_once(backend: impl Backend) {
    let keyvalue = backend.keyvalue();
    let writers: Vec<_> = (0..2000)
        .map(|n| {
            let keyvalue = keyvalue.clone();
            tokio::spawn(async move {
                keyvalue
                    .set(&project("default"), "s", &format!("{n:04}"), Bytes::from("x"))
                    .await
                    .unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(
        keyvalue
            .keys(&project("default"), "s", None, 3000)
            .await
            .unwrap()
            .len(),
        2000
    );
}

pub(crate) async fn what_projects_have_is_counted_and_limited(backend: impl Backend) {
    let quotas = |limit| async move {
        let limits = Limits {
            storage_bytes: Some(limit),
            ..Limits::default()
        };
        let quotas = Quotas::open(no_limits_kept(), limits).await.unwrap();
        quotas.accounts().clone()
    };
    let accounts = quotas(20).await;
    let used = |accounts: &Accounts| accounts.of(&project("default")).stored().key_values;
    let store = backend.store().keyvalue();
    store.count_in(&accounts).await.unwrap();
    let keyvalue = backend.keyvalue();
    set(&*keyvalue, "s", "key", "0123456789").await;
    set(&*keyvalue, "t", "key", "").await;
    assert_eq!(used(&accounts), 16);
    let default = project("default");
    let refused = keyvalue
        .set(&default, "s", "other", Bytes::from_static(b""))
        .await;
    assert!(matches!(refused, Err(StorageError::Quota(_))), "{refused:?}");
    assert_eq!(get(&*keyvalue, "s", "other").await, None);
    // Others in the same transaction are not refused with it.
    let writes = (0..8).map(|n| keyvalue.increment(&default, "s", ["n", "o"][n % 2], 1));
    let answers = futures_util::future::join_all(writes).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(used(&accounts), 20);
    let refused = keyvalue.increment(&default, "s", "n", 100).await;
    assert!(matches!(refused, Err(StorageError::Quota(_))), "{refused:?}");
    set(&*keyvalue, "s", "key", "0").await;
    keyvalue.increment(&default, "s", "n", 100).await.unwrap();
    keyvalue.delete(&default, "t", "key").await.unwrap();
    keyvalue.delete(&default, "t", "key").await.unwrap();
    assert_eq!(used(&accounts), 10);
    drop((keyvalue, store));

    let backend = backend.crash().await;
    let accounts = quotas(0).await;
    backend.store().keyvalue().count_in(&accounts).await.unwrap();
    assert_eq!(used(&accounts), 10);
}

/// A store of limits that has none.
fn no_limits_kept() -> Arc<dyn QuotaStore> {
    struct Nothing;

    impl QuotaStore for Nothing {
        fn load(&self) -> Boxed<'_, Result<Vec<(ProjectName, Limits)>, StoreError>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }

        fn set<'a>(&'a self, _: &'a ProjectName, _: Limits) -> Boxed<'a, Result<(), StoreError>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    Arc::new(Nothing)
}
