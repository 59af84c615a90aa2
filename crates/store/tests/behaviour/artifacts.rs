//! Behaviours of code storage.

use std::path::Path;

use bytes::Bytes;
use weft_function_engine::port::{Artifacts, StorageError, Stored};
use weft_types::Digest;

use crate::Backend;

const LIMIT: u64 = 4 << 20;

async fn receive(artifacts: &dyn Artifacts, code: &[u8], chunk: usize) -> Result<Stored, StorageError> {
    let mut receiving = artifacts.receive(LIMIT).await?;
    for chunk in code.chunks(chunk) {
        receiving.write(Bytes::copy_from_slice(chunk)).await?;
    }
    receiving.finish().await
}

async fn keep(artifacts: &dyn Artifacts, code: &[u8]) -> Digest {
    let stored = receive(artifacts, code, 16 << 10).await.unwrap();
    artifacts.keep(&stored).await.unwrap();
    stored.digest
}

fn compile(artifacts: &dyn Artifacts, bytes: &[u8]) -> std::path::PathBuf {
    let path = artifacts.scratch().unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The files in the directory of unfinished work, which is where `scratch` points.
fn unfinished(artifacts: &dyn Artifacts) -> usize {
    let scratch = artifacts.scratch().unwrap();
    std::fs::read_dir(scratch.parent().unwrap_or(Path::new(".")))
        .unwrap()
        .count()
}

pub(crate) async fn kept_code_is_found_again(backend: impl Backend) {
    let artifacts = backend.artifacts();
    assert_eq!(artifacts.code(Digest::of(b"code")), None);
    let digest = keep(&*artifacts, b"code").await;
    assert_eq!(digest, Digest::of(b"code"));
    drop(artifacts);

    let backend = backend.reopen().await;
    let path = backend.artifacts().code(digest).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"code");
}

pub(crate) async fn large_uploads_are_hashed_while_received(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let code: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    for chunk in [1 << 20, 12_345] {
        let stored = receive(&*artifacts, &code, chunk).await.unwrap();
        assert_eq!((stored.digest, stored.size), (Digest::of(&code), 3_000_000));
        assert_eq!(std::fs::read(&stored.path).unwrap(), code);
    }
}

pub(crate) async fn uploads_over_the_limit_are_refused(backend: impl Backend) {
    let artifacts = backend.artifacts();
    assert!(receive(&*artifacts, &vec![0; 4 << 20], 1 << 20).await.is_ok());
    let refusal = receive(&*artifacts, &vec![0; (4 << 20) + 1], 1 << 20)
        .await
        .unwrap_err();
    assert!(
        matches!(refusal, StorageError::TooLarge { limit: LIMIT }),
        "{refusal}"
    );
    assert_eq!(unfinished(&*artifacts), 0);
}

pub(crate) async fn what_is_not_kept_leaves_nothing(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let mut receiving = artifacts.receive(LIMIT).await.unwrap();
    receiving.write(Bytes::from(vec![1; 1 << 20])).await.unwrap();
    assert_eq!(unfinished(&*artifacts), 1);
    drop(receiving);
    drop(receive(&*artifacts, b"", 1).await.unwrap());
    assert_eq!(unfinished(&*artifacts), 0);

    compile(&*artifacts, b"left over");
    drop(artifacts);
    let backend = backend.reopen().await;
    assert_eq!(unfinished(&*backend.artifacts()), 0);
}

pub(crate) async fn keeping_the_same_code_twice_is_fine(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let (one, other) = (
        receive(&*artifacts, b"code", 2).await.unwrap(),
        receive(&*artifacts, b"code", 4).await.unwrap(),
    );
    let (first, second) = tokio::join!(artifacts.keep(&one), artifacts.keep(&other));
    first.unwrap();
    second.unwrap();
    drop((one, other));
    assert_eq!(
        std::fs::read(artifacts.code(Digest::of(b"code")).unwrap()).unwrap(),
        b"code"
    );
}

pub(crate) async fn compiled_code_is_vouched_for(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let digest = Digest::of(b"code");
    assert_eq!(artifacts.compiled(digest, "v1-fast"), None);
    let path = compile(&*artifacts, b"machine code");
    let kept = artifacts.keep_compiled(digest, "v1-fast", &path).await.unwrap();
    assert_eq!(kept.digest, Digest::of(b"machine code"));
    assert_eq!(artifacts.compiled(digest, "v1-slow"), None);
    drop(artifacts);

    let backend = backend.reopen().await;
    let artifacts = backend.artifacts();
    assert_eq!(artifacts.compiled(digest, "v1-fast"), Some(kept.clone()));
    assert_eq!(std::fs::read(kept.path).unwrap(), b"machine code");
}

pub(crate) async fn compiled_code_is_replaced_whole(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let digest = Digest::of(b"code");
    for bytes in [b"first".as_slice(), b"second"] {
        let path = compile(&*artifacts, bytes);
        artifacts.keep_compiled(digest, "v1", &path).await.unwrap();
        let found = artifacts.compiled(digest, "v1").unwrap();
        assert_eq!(found.digest, Digest::of(bytes));
        assert_eq!(std::fs::read(found.path).unwrap(), bytes);
    }
}

pub(crate) async fn keys_are_not_paths(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let digest = Digest::of(b"code");
    for key in ["", ".", "..", "../wasm", "a/b", "a\0", "é", &"x".repeat(129)] {
        let path = compile(&*artifacts, b"machine code");
        let refusal = artifacts.keep_compiled(digest, key, &path).await.unwrap_err();
        assert!(
            refusal.to_string().contains("cannot name a compiled form"),
            "{refusal}"
        );
        assert_eq!(artifacts.compiled(digest, key), None);
    }
}

pub(crate) async fn removed_code_is_gone_and_can_be_kept_again(backend: impl Backend) {
    let artifacts = backend.artifacts();
    let (gone, left) = (keep(&*artifacts, b"gone").await, keep(&*artifacts, b"left").await);
    for (digest, key) in [(gone, "v1"), (gone, "v2"), (left, "v1")] {
        let path = compile(&*artifacts, b"compiled");
        artifacts.keep_compiled(digest, key, &path).await.unwrap();
    }
    artifacts.remove(gone).await.unwrap();
    // What is not there is fine.
    artifacts.remove(gone).await.unwrap();
    assert_eq!(artifacts.code(gone), None);
    assert_eq!(artifacts.compiled(gone, "v1"), None);
    assert_eq!(artifacts.compiled(gone, "v2"), None);
    assert!(artifacts.code(left).is_some() && artifacts.compiled(left, "v1").is_some());

    keep(&*artifacts, b"gone").await;
    let path = compile(&*artifacts, b"otherwise");
    artifacts.keep_compiled(gone, "v2", &path).await.unwrap();
    drop(artifacts);
    let backend = backend.reopen().await;
    let artifacts = backend.artifacts();
    assert!(artifacts.code(gone).is_some());
    assert_eq!(artifacts.compiled(gone, "v1"), None);
    let compiled = artifacts.compiled(gone, "v2").unwrap();
    assert_eq!(std::fs::read(compiled.path).unwrap(), b"otherwise");
}
