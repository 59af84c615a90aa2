//! What projects have stored, counted and limited.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use weft_blobs::{LocalBlobs, Options};
use weft_quotas::{Accounts, Boxed, Limits, QuotaStore, Quotas, StoreError};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blob_store::{BlobStore, Stored};
use weft_workflow_engine::port::blobs::{BlobError, Blobs};

/// Keeps no limits.
struct Nothing;

impl QuotaStore for Nothing {
    fn load(&self) -> Boxed<'_, Result<Vec<(ProjectName, Limits)>, StoreError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn set<'a>(&'a self, _: &'a ProjectName, _: Limits) -> Boxed<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

async fn limited(storage_bytes: u64) -> Accounts {
    let limits = Limits {
        storage_bytes: Some(storage_bytes),
        ..Limits::default()
    };
    let quotas = Quotas::open(Arc::new(Nothing), limits).await.unwrap();
    quotas.accounts().clone()
}

async fn upload(
    blobs: &LocalBlobs,
    project: &ProjectName,
    bytes: &'static [u8],
) -> Result<Stored, BlobError> {
    let mut receiving = blobs.receive(project).unwrap();
    receiving.write(Bytes::from_static(bytes)).await?;
    receiving.finish().await
}

fn used(accounts: &Accounts, project: &ProjectName) -> u64 {
    accounts.of(project).stored().blobs
}

#[tokio::test]
async fn blobs_count_once_for_each_project_until_they_are_collected() {
    let directory = tempfile::tempdir().unwrap();
    let (shop, other): (ProjectName, ProjectName) = ("shop".parse().unwrap(), "other".parse().unwrap());
    let accounts = limited(10).await;
    let options = Options {
        keep_for: Duration::from_secs(60),
        ..Options::default()
    };
    let open = async |accounts: &Accounts| {
        let path = directory.path().join("blobs");
        LocalBlobs::open_for(path, options.clone(), accounts.clone())
            .await
            .unwrap()
    };
    let blobs = open(&accounts).await;
    // Two that store the same at once, and again.
    let both = tokio::join!(upload(&blobs, &shop, b"123456"), upload(&blobs, &shop, b"123456"));
    both.0.unwrap();
    both.1.unwrap();
    upload(&blobs, &shop, b"123456").await.unwrap();
    assert_eq!(used(&accounts, &shop), 6);
    let refused = upload(&blobs, &shop, b"abcde").await;
    assert!(matches!(refused, Err(BlobError::Quota(_))), "{refused:?}");
    assert_eq!(
        blobs.length(&shop, Digest::of(b"abcde")).await,
        Err(BlobError::Missing(Digest::of(b"abcde")))
    );
    // Others have their own; what a run stores is not refused, but counts.
    blobs.grant(&shop, &other, Digest::of(b"123456")).await.unwrap();
    blobs.put(&shop, Bytes::from_static(b"abcde")).await.unwrap();
    assert_eq!((used(&accounts, &shop), used(&accounts, &other)), (11, 6));
    blobs.counted().await.unwrap();
    drop(blobs);

    // Counted anew; whoever asks for room waits for that.
    let accounts = limited(20).await;
    let blobs = open(&accounts).await;
    let refused = upload(&blobs, &shop, b"0123456789").await;
    assert!(matches!(refused, Err(BlobError::Quota(_))), "{refused:?}");
    assert_eq!((used(&accounts, &shop), used(&accounts, &other)), (11, 6));

    let later = SystemTime::now() + Duration::from_secs(120);
    assert_eq!(blobs.collect(later).await.unwrap().blobs, 2);
    assert_eq!((used(&accounts, &shop), used(&accounts, &other)), (0, 0));
    upload(&blobs, &shop, b"0123456789").await.unwrap();
    assert_eq!(used(&accounts, &shop), 10);
}
