//! What only a directory has: other processes, leftovers, names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use weft_blobs::{LocalBlobs, OpenError, Options};
use weft_types::Digest;

use crate::local::{Local, files};
use crate::samples::{Short, bytes, sees};
use crate::{Backend, project};

#[tokio::test]
async fn one_server_has_it_at_a_time() {
    let local = Local::fresh().await;
    let second = LocalBlobs::open(local.path(), Options::default()).await;
    let error = second.unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("another server"), "{error}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("file");
    fs::write(&path, "").unwrap();
    let error = LocalBlobs::open(path.join("blobs"), Options::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("file/blobs"), "{error}");
}

#[tokio::test]
async fn what_a_crash_left_is_swept_when_it_is_opened() {
    let (local, shop) = (Local::fresh().await, project("shop"));
    let kept = bytes(100);
    local.put(&shop, &kept).await;
    fs::write(local.path().join("tmp/blob-17"), "half a blob").unwrap();
    fs::write(local.path().join("tmp/owner-18"), "1").unwrap();
    let local = local.reopen().await;
    assert_eq!(local.unfinished(), 0);
    assert!(sees(local.store(), &shop, &kept).await);
}

#[tokio::test]
async fn bytes_and_owners_without_each_other_are_nobodys_and_go() {
    let (local, shop) = (Local::fresh().await, project("shop"));
    let (ownerless, stray, unwritten, kept) = (bytes(10), bytes(20), bytes(30), bytes(40));
    for bytes in [&ownerless, &stray, &unwritten, &kept] {
        local.put(&shop, bytes).await;
    }
    let owner = |bytes: &[u8]| local.file(Digest::of(bytes)).with_added_extension("shop");
    fs::remove_file(owner(&ownerless)).unwrap();
    fs::remove_file(local.file(Digest::of(&stray))).unwrap();
    fs::write(owner(&unwritten), "").unwrap();
    local.age(2 * Options::default().keep_for);
    let local = local.reopen().await;
    for bytes in [&ownerless, &stray, &unwritten] {
        assert!(!sees(local.store(), &shop, bytes).await);
    }
    // The one that is still wanted stays, though nobody says so but its reader.
    local.store().length(&shop, Digest::of(&kept)).await.unwrap();
    let collected = local.collect().await;
    assert_eq!((collected.blobs, collected.bytes), (2, 40));
    let left = files(&local.path().join("data"));
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(sees(local.store(), &shop, &kept).await);
}

#[tokio::test]
async fn a_stray_owner_owns_nothing_that_comes_later() {
    let (local, shop) = (Local::fresh().await, project("shop"));
    let bytes = bytes(10);
    local.put(&shop, &bytes).await;
    fs::remove_file(local.file(Digest::of(&bytes))).unwrap();
    local.collect().await;
    local.put(&project("bank"), &bytes).await;
    assert!(!sees(local.store(), &shop, &bytes).await);
}

#[tokio::test]
async fn names_that_are_not_ours_are_left_alone() {
    let local = Local::fresh().await;
    let foreign = local.path().join("data/00/notes.txt");
    fs::write(&foreign, "mine").unwrap();
    local.age(2 * Options::default().keep_for);
    local.collect().await;
    assert_eq!(fs::read_to_string(foreign).unwrap(), "mine");
}

#[tokio::test]
async fn nobody_else_may_read_them() {
    let (local, shop) = (Local::fresh().await, project("shop"));
    local.put(&shop, &bytes(10)).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&local.path()), 0o700);
    for path in files(&local.path().join("data")) {
        assert_eq!(mode(&path), 0o600, "{path:?}");
        assert_eq!(mode(path.parent().unwrap()), 0o700, "{path:?}");
    }
}

/// Storing what another project has does all of the work, so that its time tells nothing: the file is another one afterwards.
#[tokio::test]
async fn storing_what_others_have_is_storing() {
    use std::os::unix::fs::MetadataExt;

    let local = Local::fresh().await;
    let bytes = bytes(10);
    let inode = |digest| fs::metadata(local.file(digest)).unwrap().ino();
    let digest = local.put(&project("shop"), &bytes).await;
    let first = inode(digest);
    local.put(&project("shop"), &bytes).await;
    assert_eq!(inode(digest), first, "one's own is not stored again");
    let held = fs::File::open(local.file(digest)).unwrap();
    local.put(&project("bank"), &bytes).await;
    assert_ne!(inode(digest), first, "another's is");
    drop(held);
}

#[tokio::test]
async fn nothing_is_collected_while_blobs_are_held() {
    let (local, shop) = (Local::fresh().await, project("shop"));
    let (old, young) = (bytes(100), bytes(200));
    local.put(&shop, &old).await;
    local.age(Duration::from_secs(48 * 3600));
    let local = local.reopen().await;
    let held = local.blobs().hold().await;
    assert_eq!(local.collect().await.blobs, 0);
    local.put(&shop, &young).await;

    let kept: Vec<_> = local.blobs().kept().flat_map(Result::unwrap).collect();
    let mut expected = Vec::new();
    for hex in [&old, &young].map(|bytes| Digest::of(bytes).hex()) {
        expected.push(format!("data/{}/{hex}", &hex[..2]));
        expected.push(format!("data/{}/{hex}.shop", &hex[..2]));
    }
    expected.sort_unstable();
    let names: Vec<_> = kept.iter().map(|kept| kept.name.clone()).collect();
    assert_eq!(names, expected);
    assert!(kept.iter().all(|kept| kept.path == local.path().join(&kept.name)));

    drop(held);
    assert_eq!(local.collect().await.blobs, 1);
    assert!(sees(local.store(), &shop, &young).await);
}
