//! Blobs in pieces, as callers send and read them.

use weft_types::Digest;
use weft_workflow_engine::port::blob_store::Stored;
use weft_workflow_engine::port::blobs::BlobError;

use crate::samples::{LENGTHS, Short, all, bytes, sees};
use crate::{Backend, project};

pub(crate) async fn pieces_become_the_blob_of_their_bytes<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    for length in LENGTHS {
        let bytes = bytes(length);
        for size in [64, 100_000, usize::MAX] {
            // Tiny pieces are gathered by number, which large blobs would only repeat.
            if size == 64 && length > 1 << 20 {
                continue;
            }
            let mut receiving = backend.store().receive(&shop).unwrap();
            for chunk in bytes.chunks(size) {
                receiving.write(bytes.slice_ref(chunk)).await.unwrap();
            }
            let expected = Stored {
                digest: Digest::of(&bytes),
                length: length as u64,
            };
            assert_eq!(receiving.finish().await.unwrap(), expected, "{length} by {size}");
        }
        assert!(sees(backend.store(), &shop, &bytes).await, "{length}");
    }
    assert_eq!(backend.unfinished(), 0);
}

pub(crate) async fn what_is_not_finished_leaves_nothing<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let bytes = bytes(600_000);
    let mut receiving = backend.store().receive(&shop).unwrap();
    receiving.write(bytes.clone()).await.unwrap();
    assert_eq!(backend.unfinished(), 1);
    drop(receiving);
    assert_eq!(backend.unfinished(), 0);
    assert!(!sees(backend.store(), &shop, &bytes).await);
    assert_eq!(backend.stored().await, 0);
}

pub(crate) async fn any_part_can_be_read<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let length = 600_000_u64;
    let bytes = bytes(length as usize);
    let digest = backend.put(&shop, &bytes).await;
    for (range, expected) in [
        (0..0, 0..0),
        (0..1, 0..1),
        (10..20, 10..20),
        (262_143..262_145, 262_143..262_145),
        (5..length, 5..length),
        (length - 1..u64::MAX, length - 1..length),
        (length..u64::MAX, 0..0),
        (u64::MAX - 1..u64::MAX, 0..0),
    ] {
        let read = all(backend.store().read(&shop, digest, range.clone()).unwrap()).await;
        let expected = &bytes[expected.start as usize..expected.end as usize];
        assert_eq!(read.unwrap(), expected, "{range:?}");
    }
}

pub(crate) async fn what_is_not_there_shows_at_the_first_piece<B: Backend>() {
    let (backend, shop) = (B::fresh().await, project("shop"));
    let digest = Digest::of(b"nobody has put this");
    let mut reading = backend.store().read(&shop, digest, 0..10).unwrap();
    assert_eq!(reading.next().await, Err(BlobError::Missing(digest)));
    let on = reading.next().await;
    assert!(matches!(on, Err(BlobError::Store(_))), "{on:?}");
}
