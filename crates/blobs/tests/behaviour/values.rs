//! Putting and getting, as runs do.

use weft_blobs::Options;
use weft_types::Digest;
use weft_types::value::BlobAddress;

use crate::samples::{LENGTHS, Short, address, bytes, sees};
use crate::{Backend, project};

pub(crate) async fn what_was_put_is_there<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    for length in LENGTHS {
        let bytes = bytes(length);
        assert_eq!(backend.put(&shop, &bytes).await, Digest::of(&bytes), "{length}");
        assert_eq!(
            backend.put(&shop, &bytes).await,
            Digest::of(&bytes),
            "{length}, again"
        );
        assert!(sees(backend.store(), &shop, &bytes).await, "{length}");
    }
    assert_eq!(backend.unfinished(), 0);
}

pub(crate) async fn what_was_put_survives_the_process<B: Backend>() {
    let (mut backend, shop) = (B::fresh().await, project("shop"));
    let samples = [bytes(10), bytes(300_000)];
    for bytes in &samples {
        backend.put(&shop, bytes).await;
    }
    for _ in 0..2 {
        backend = backend.reopen().await;
        for bytes in &samples {
            assert!(sees(backend.store(), &shop, bytes).await);
        }
        assert!(!sees(backend.store(), &project("other"), &samples[0]).await);
    }
}

pub(crate) async fn a_blob_is_found_by_its_hash_alone<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let bytes = bytes(1000);
    backend.put(&shop, &bytes).await;
    // As of an address in a definition, which does not know it.
    let unknown = BlobAddress {
        length: 0,
        ..address(&bytes)
    };
    assert_eq!(backend.store().get(&shop, &unknown).await, Ok(bytes));
}

pub(crate) async fn what_is_being_read_outlives_its_blob<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let bytes = bytes(1 << 20);
    let digest = backend.put(&shop, &bytes).await;
    let held = backend.get(&shop, &bytes).await.unwrap();
    let mut reading = backend.store().read(&shop, digest, 0..u64::MAX).unwrap();
    let first = reading.next().await.unwrap().unwrap();
    backend.age(2 * Options::default().keep_for);
    let collected = backend.collect().await;
    assert_eq!((collected.blobs, collected.bytes), (1, bytes.len() as u64));

    assert_eq!(held, bytes);
    let mut whole = first.to_vec();
    while let Some(piece) = reading.next().await.unwrap() {
        whole.extend_from_slice(&piece);
    }
    assert_eq!(whole, bytes);
    assert!(!sees(backend.store(), &shop, &bytes).await);
}
