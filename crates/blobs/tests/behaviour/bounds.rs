//! How much, how many.

use weft_blobs::Options;
use weft_workflow_engine::port::blob_store::Busy;
use weft_workflow_engine::port::blobs::BlobError;

use crate::samples::{Short, bytes, sees};
use crate::{Backend, project};

pub(crate) async fn blobs_are_no_larger_than_allowed<B: Backend>() {
    let max_bytes = 300_000;
    let options = Options {
        max_bytes,
        ..Options::default()
    };
    let (backend, shop) = (B::with(options).await, project("shop"));
    let (fits, larger) = (bytes(300_000), bytes(300_001));
    backend.put(&shop, &fits).await;
    backend.receive(&shop, &[&fits[..7], &fits[7..]]).await.unwrap();

    let too_large = Err(BlobError::TooLarge(max_bytes));
    assert_eq!(backend.store().put(&shop, larger.clone()).await, too_large);
    assert_eq!(backend.receive(&shop, &[&larger]).await, too_large);
    assert_eq!(
        backend
            .receive(&shop, &[&larger[..300_000], &larger[300_000..]])
            .await,
        too_large
    );
    let mut receiving = backend.store().receive(&shop).unwrap();
    receiving.write(larger).await.unwrap_err();
    let finished = receiving.finish().await;
    assert!(matches!(finished, Err(BlobError::Store(_))), "{finished:?}");
    assert_eq!((backend.stored().await, backend.unfinished()), (1, 0));
}

pub(crate) async fn so_many_are_received_at_once<B: Backend>() {
    let options = Options {
        uploads: 2,
        ..Options::default()
    };
    let (backend, shop) = (B::with(options).await, project("shop"));
    let first = backend.store().receive(&shop).unwrap();
    let second = backend.store().receive(&shop).unwrap();
    assert_eq!(backend.store().receive(&shop).err(), Some(Busy { limit: 2 }));
    // Runs are not kept waiting by them.
    assert!(!sees(backend.store(), &shop, b"x").await);
    backend.put(&shop, &bytes(10)).await;
    drop(first);
    second.finish().await.unwrap();
    let again = [(); 2].map(|()| backend.store().receive(&shop));
    assert!(again.iter().all(Result::is_ok));
}

pub(crate) async fn so_many_are_read_at_once<B: Backend>() {
    let options = Options {
        downloads: 1,
        ..Options::default()
    };
    let (backend, shop) = (B::with(options).await, project("shop"));
    let bytes = bytes(10);
    let digest = backend.put(&shop, &bytes).await;
    let reading = backend.store().read(&shop, digest, 0..10).unwrap();
    let refused = backend.store().read(&shop, digest, 0..10).err();
    assert_eq!(refused, Some(Busy { limit: 1 }));
    assert_eq!(backend.get(&shop, &bytes).await.unwrap(), bytes);
    drop(reading);
    assert!(sees(backend.store(), &shop, &bytes).await);
}

pub(crate) async fn what_is_forgotten_is_looked_up_again<B: Backend>() {
    let options = Options {
        remembered: 2,
        maps: 1,
        jobs: 1,
        ..Options::default()
    };
    let (backend, shop) = (B::with(options).await, project("shop"));
    let samples: Vec<_> = (0..8).map(|n| bytes(300_000 + n)).collect();
    for bytes in &samples {
        backend.put(&shop, bytes).await;
    }
    let mut held = Vec::new();
    for bytes in samples.iter().chain(&samples) {
        assert!(sees(backend.store(), &shop, bytes).await);
        held.push(backend.get(&shop, bytes).await.unwrap());
    }
    assert_eq!(held[3], samples[3]);
}
