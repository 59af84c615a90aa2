//! Who sees what.

use weft_types::Digest;
use weft_workflow_engine::port::blobs::BlobError;

use crate::samples::{Short, bytes, sees};
use crate::{Backend, project};

pub(crate) async fn a_project_sees_only_what_it_put<B: Backend>() {
    let (mut backend, shop, bank) = (B::fresh().await, project("shop"), project("shop-2"));
    let bytes = bytes(5000);
    assert!(!sees(backend.store(), &shop, &bytes).await);
    backend.put(&shop, &bytes).await;
    for _ in 0..2 {
        assert!(sees(backend.store(), &shop, &bytes).await);
        assert!(!sees(backend.store(), &bank, &bytes).await);
        backend = backend.reopen().await;
    }
    backend.receive(&bank, &[&bytes]).await.unwrap();
    assert!(sees(backend.store(), &bank, &bytes).await);
}

pub(crate) async fn the_same_bytes_are_stored_once<B: Backend>() {
    let backend = B::fresh().await;
    let bytes = bytes(5000);
    for name in ["a", "b", "c"] {
        backend.put(&project(name), &bytes).await;
        backend
            .receive(&project(name), &[&bytes[..100], &bytes[100..]])
            .await
            .unwrap();
    }
    assert_eq!(backend.stored().await, 1);
}

pub(crate) async fn what_was_granted_is_seen<B: Backend>() {
    let (mut backend, shop, bank) = (B::fresh().await, project("shop"), project("bank"));
    let bytes = bytes(5000);
    let digest = backend.put(&shop, &bytes).await;
    backend.store().grant(&shop, &bank, digest).await.unwrap();
    for _ in 0..2 {
        assert!(sees(backend.store(), &bank, &bytes).await);
        assert!(!sees(backend.store(), &project("other"), &bytes).await);
        backend = backend.reopen().await;
    }
    backend.store().grant(&bank, &shop, digest).await.unwrap();
    assert_eq!(backend.stored().await, 1);
}

pub(crate) async fn only_what_is_seen_can_be_granted<B: Backend>() {
    let (backend, shop, bank) = (B::fresh().await, project("shop"), project("bank"));
    let bytes = bytes(5000);
    backend.put(&shop, &bytes).await;
    let digest = Digest::of(&bytes);
    let granted = backend.store().grant(&bank, &bank, digest).await;
    assert_eq!(granted, Err(BlobError::Missing(digest)));
    assert!(!sees(backend.store(), &bank, &bytes).await);
}
