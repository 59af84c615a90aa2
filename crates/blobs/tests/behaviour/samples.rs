//! Bytes to store, and short ways to do it.

use bytes::Bytes;
use weft_types::value::{BlobAddress, Form};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blob_store::{BlobStore, Reading};
use weft_workflow_engine::port::blobs::BlobError;

use crate::Backend;

/// None, some, as many as are just not mapped, mapped, and more than is gathered, sent in a part or read at once.
pub(crate) const LENGTHS: [usize; 6] = [0, 1, (256 << 10) - 1, 256 << 10, (1 << 20) + 7, (18 << 20) + 3];

/// Bytes of this length that repeat nowhere near.
pub(crate) fn bytes(length: usize) -> Bytes {
    let numbers = 0..length.div_ceil(8) as u64;
    let mut bytes: Vec<u8> = numbers
        .flat_map(|n| {
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
                .to_le_bytes()
        })
        .collect();
    bytes.truncate(length);
    bytes.into()
}

pub(crate) fn address(bytes: &[u8]) -> BlobAddress {
    BlobAddress {
        digest: Digest::of(bytes),
        length: bytes.len() as u64,
        form: Form::Raw,
    }
}

/// Short ways to a store.
pub(crate) trait Short: Backend {
    async fn put(&self, project: &ProjectName, bytes: &Bytes) -> Digest {
        self.store().put(project, bytes.clone()).await.unwrap()
    }

    async fn get(&self, project: &ProjectName, bytes: &Bytes) -> Result<Bytes, BlobError> {
        self.store().get(project, &address(bytes)).await
    }

    async fn receive(&self, project: &ProjectName, chunks: &[&[u8]]) -> Result<Digest, BlobError> {
        let mut receiving = self.store().receive(project).unwrap();
        for chunk in chunks {
            receiving.write(Bytes::copy_from_slice(chunk)).await?;
        }
        receiving.finish().await.map(|stored| stored.digest)
    }
}

impl<B: Backend> Short for B {}

/// All pieces, put together.
pub(crate) async fn all(mut reading: Box<dyn Reading>) -> Result<Vec<u8>, BlobError> {
    let mut whole = Vec::new();
    while let Some(piece) = reading.next().await? {
        assert!((1..=256 << 10).contains(&piece.len()), "{}", piece.len());
        whole.extend_from_slice(&piece);
    }
    assert_eq!(reading.next().await?, None, "the end stays the end");
    Ok(whole)
}

/// Whether the project sees a blob, asked in every way.
pub(crate) async fn sees(store: &dyn BlobStore, project: &ProjectName, bytes: &[u8]) -> bool {
    let address = address(bytes);
    let digest = address.digest;
    let missing = Err(BlobError::Missing(digest));
    let got = store.get(project, &address).await;
    let length = store.length(project, digest).await;
    let read = all(store.read(project, digest, 0..u64::MAX).unwrap()).await;
    if got == missing {
        assert_eq!(
            (length, read),
            (missing.clone().map(|_: Bytes| 0), Err(BlobError::Missing(digest)))
        );
        return false;
    }
    assert_eq!(got.unwrap(), bytes);
    assert_eq!(length.unwrap(), address.length);
    assert_eq!(read.unwrap(), bytes);
    true
}
