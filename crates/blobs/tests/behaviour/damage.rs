//! Bytes that are not those that were stored.

use weft_types::Digest;
use weft_workflow_engine::port::blobs::BlobError;

use crate::samples::{Short, all, bytes, sees};
use crate::{Backend, Damage, project};

/// A length of each kind: read, mapped.
const LENGTHS: [usize; 2] = [1000, 300_000];

pub(crate) async fn damaged_bytes_are_never_answered<B: Backend>() {
    let shop = project("shop");
    for (length, how) in LENGTHS
        .into_iter()
        .flat_map(|length| [Damage::Flipped, Damage::Shortened].map(|how| (length, how)))
    {
        let backend = B::fresh().await;
        let bytes = bytes(length);
        let digest = backend.put(&shop, &bytes).await;
        backend.damage(digest, how).await;
        let backend = backend.reopen().await;
        let damaged = BlobError::Damaged(digest);
        for _ in 0..2 {
            let got = backend.get(&shop, &bytes).await;
            assert_eq!(got.unwrap_err(), damaged, "{length} {how:?}");
            let read = all(backend.store().read(&shop, digest, 0..1).unwrap()).await;
            assert_eq!(read.unwrap_err(), damaged, "{length} {how:?}");
        }
    }
}

pub(crate) async fn putting_again_mends_what_is_damaged<B: Backend>() {
    let (shop, bank) = (project("shop"), project("bank"));
    for how in [Damage::Flipped, Damage::Shortened] {
        let backend = B::fresh().await;
        let bytes = bytes(300_000);
        let digest = backend.put(&shop, &bytes).await;
        backend.put(&bank, &bytes).await;
        backend.damage(digest, how).await;
        let backend = backend.reopen().await;
        backend.get(&shop, &bytes).await.unwrap_err();
        assert_eq!(backend.put(&shop, &bytes).await, Digest::of(&bytes));
        assert!(sees(backend.store(), &shop, &bytes).await, "{how:?}");
        assert!(sees(backend.store(), &bank, &bytes).await, "{how:?}");
    }
}
