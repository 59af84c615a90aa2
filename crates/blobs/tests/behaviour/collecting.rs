//! Removing what nobody named for a long time.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use weft_types::{Digest, ProjectName};

use crate::samples::{Short, bytes, sees};
use crate::{Backend, project};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A store in which the project `shop` has put these bytes two days ago, and had them since.
async fn old<B: Backend>() -> (B, ProjectName, Bytes) {
    let (backend, shop, bytes) = (B::fresh().await, project("shop"), bytes(70_000));
    backend.put(&shop, &bytes).await;
    (older(backend).await, shop, bytes)
}

/// The same store two days later, in a process that remembers nothing: its own clock does not tell that so much time has passed.
async fn older<B: Backend>(backend: B) -> B {
    backend.age(2 * DAY);
    backend.reopen().await
}

async fn keep<B: Backend>(backend: &B, project: &ProjectName, bytes: &[u8]) {
    let named = vec![(project.clone(), Digest::of(bytes))];
    backend.store().keep(named).await.unwrap();
}

async fn assert_collected<B: Backend>(backend: &B, blobs: u64) {
    assert_eq!(backend.collect().await.blobs, blobs);
}

pub(crate) async fn what_nobody_keeps_is_removed<B: Backend>() {
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
    let backend = older(backend).await;
    keep(&backend, &shop, &kept).await;
    let collected = backend.collect().await;
    assert_eq!((collected.blobs, collected.bytes), (20, expected));
    assert!(sees(backend.store(), &shop, &kept).await);
    for bytes in gone {
        assert!(!sees(backend.store(), &shop, &bytes).await);
        assert!(!sees(backend.store(), &project("bank"), &bytes).await);
    }
    assert_eq!(backend.stored().await, 1);
}

/// Otherwise a project could tell from what it still sees that others use the same bytes.
pub(crate) async fn what_is_kept_or_not_is_a_matter_of_each_project<B: Backend>() {
    let (backend, shop, bytes) = old::<B>().await;
    let bank = project("bank");
    backend.put(&bank, &bytes).await;
    assert_collected(&backend, 0).await;
    assert!(!sees(backend.store(), &shop, &bytes).await);
    assert!(sees(backend.store(), &bank, &bytes).await);
    let backend = older(backend).await;
    // What a project does not see it cannot have kept.
    keep(&backend, &shop, &bytes).await;
    assert_collected(&backend, 1).await;
}

pub(crate) async fn what_was_kept_stays_however_long_a_collection_takes<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let bytes = bytes(100);
    backend.put(&shop, &bytes).await;
    backend.age(DAY / 2 - HOUR);
    let backend = backend.reopen().await;
    // Young enough to be left as it is.
    keep(&backend, &shop, &bytes).await;
    let took = DAY + HOUR;
    backend.age(took);
    assert_eq!(backend.collect_since(SystemTime::now() - took).await.blobs, 0);
    assert_collected(&backend, 1).await;
}

pub(crate) async fn what_is_young_stays<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let bytes = bytes(100);
    backend.put(&shop, &bytes).await;
    backend.age(DAY - HOUR);
    assert_collected(&backend, 0).await;
    backend.age(2 * HOUR);
    assert_collected(&backend, 1).await;
}

pub(crate) async fn asking_for_a_blob_makes_it_young<B: Backend>() {
    let (backend, shop, bytes) = old::<B>().await;
    let digest = Digest::of(&bytes);
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
    let bank = project("bank");
    backend
        .store()
        .grant(&shop, &bank, Digest::of(&bytes))
        .await
        .unwrap();
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
