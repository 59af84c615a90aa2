//! Removing what nothing refers to.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use weft_types::ProjectName;

use crate::samples::{Short, bytes, sees};
use crate::{Backend, project};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A store in which the project `shop` has put these bytes two days ago, and had them since.
async fn old<B: Backend>() -> (B, ProjectName, Bytes) {
    let (backend, shop, bytes) = (B::fresh().await, project("shop"), bytes(70_000));
    backend.put(&shop, &bytes).await;
    backend.age(2 * DAY);
    // A process that remembers nothing: its clock does not tell that two days have passed.
    (backend.reopen().await, shop, bytes)
}

async fn assert_collected<B: Backend>(backend: &B, blobs: u64) {
    let collected = backend.collect(HashSet::new(), DAY).await.unwrap();
    assert_eq!(collected.blobs, blobs);
}

pub(crate) async fn what_nothing_refers_to_is_removed<B: Backend>() {
    let (backend, shop, kept) = old::<B>().await;
    let mut expected = 0;
    let mut gone = Vec::new();
    for n in 0..20 {
        let bytes = bytes(100 + n);
        backend.put(&shop, &bytes).await;
        backend.put(&project("bank"), &bytes).await;
        expected += bytes.len() as u64;
        gone.push(bytes);
    }
    backend.age(2 * DAY);
    let backend = backend.reopen().await;
    let reachable = HashSet::from([weft_types::Digest::of(&kept)]);
    let collected = backend.collect(reachable, DAY).await.unwrap();
    assert_eq!((collected.blobs, collected.bytes), (20, expected));
    assert!(sees(backend.store(), &shop, &kept).await);
    for bytes in gone {
        assert!(!sees(backend.store(), &shop, &bytes).await);
        assert!(!sees(backend.store(), &project("bank"), &bytes).await);
    }
    assert_eq!(backend.stored().await, 1);
}

pub(crate) async fn what_is_young_stays<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let bytes = bytes(100);
    backend.put(&shop, &bytes).await;
    backend.age(HOUR / 2);
    for older_than in [Duration::ZERO, HOUR, DAY] {
        let collected = backend.collect(HashSet::new(), older_than).await.unwrap();
        assert_eq!(
            collected.blobs, 0,
            "younger than the least there is: {older_than:?}"
        );
    }
    backend.age(HOUR);
    assert_collected(&backend, 0).await;
    let collected = backend.collect(HashSet::new(), Duration::ZERO).await.unwrap();
    assert_eq!(collected.blobs, 1);
}

pub(crate) async fn asking_for_a_blob_makes_it_young<B: Backend>() {
    let (backend, shop, bytes) = old::<B>().await;
    let digest = weft_types::Digest::of(&bytes);
    backend
        .store()
        .length(&project("other"), digest)
        .await
        .unwrap_err();
    backend.store().length(&shop, digest).await.unwrap();
    assert_collected(&backend, 0).await;
    assert!(sees(backend.store(), &shop, &bytes).await);
}

pub(crate) async fn putting_a_blob_again_makes_it_young<B: Backend>() {
    let (backend, shop, bytes) = old::<B>().await;
    // Read, and thus known to be whole: that alone does not keep it.
    backend.get(&shop, &bytes).await.unwrap();
    backend.put(&shop, &bytes).await;
    assert_collected(&backend, 0).await;

    let (backend, _, bytes) = old::<B>().await;
    backend.receive(&project("bank"), &[&bytes]).await.unwrap();
    assert_collected(&backend, 0).await;
    assert!(sees(backend.store(), &project("bank"), &bytes).await);
}

pub(crate) async fn granting_a_blob_makes_it_young<B: Backend>() {
    let (backend, shop, bytes) = old::<B>().await;
    let digest = weft_types::Digest::of(&bytes);
    let bank = project("bank");
    backend.store().grant(&shop, &bank, digest).await.unwrap();
    assert_collected(&backend, 0).await;
    assert!(sees(backend.store(), &bank, &bytes).await);
}

pub(crate) async fn what_was_removed_can_be_put_again<B: Backend>() {
    let (backend, shop, bytes) = old::<B>().await;
    backend.get(&shop, &bytes).await.unwrap();
    assert_collected(&backend, 1).await;
    assert!(!sees(backend.store(), &shop, &bytes).await);
    // Others having it is no reason for the first to see it again.
    backend.put(&project("bank"), &bytes).await;
    assert!(!sees(backend.store(), &shop, &bytes).await);
    backend.put(&shop, &bytes).await;
    let backend = backend.reopen().await;
    assert!(sees(backend.store(), &shop, &bytes).await);
}
