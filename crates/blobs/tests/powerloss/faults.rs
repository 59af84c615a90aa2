//! A disk that is full, and one that fails.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use weft_powerloss::{FAULTS, Loss, Recorder, State, read};
use weft_workflow_engine::port::blobs::BlobError;

use crate::ledger::Ledger;
use crate::life::{DATA, run, scratch};
use crate::verdict::judge;
use crate::workload::{SAMPLES, Server, shard};

/// Has the disk do what this says from now on; nothing heals it.
fn disk(says: &str) {
    let faults = PathBuf::from(env::var_os(FAULTS).unwrap());
    let next = faults.with_extension("next");
    fs::write(&next, says).unwrap();
    fs::rename(next, faults).unwrap();
}

/// A disk is full, with a little more room each time, and emptied.
pub(crate) async fn fill(data: &Path) {
    let server = Server::open(data).await;
    let mut refusals = 0;
    for room in [0, 1, 9, 10, 11, 5_000, 5_003, 70_000, 80_000, 200_000, 290_000] {
        disk(&format!("room {room}\n"));
        for n in 0..SAMPLES {
            for outcome in [
                server.put("a", n).await,
                server.receive("b", n).await,
                server.grant("a", "c", n).await,
            ] {
                match outcome {
                    Ok(()) | Err(BlobError::Missing(_)) => {}
                    Err(error) => {
                        assert_eq!(error, BlobError::Full);
                        refusals += 1;
                    }
                }
            }
        }
        disk("");
        server.receive("d", 1).await.unwrap();
    }
    assert!(refusals > 20, "the disk was full {refusals} times only");
}

/// The names of a directory cannot be synced.
pub(crate) async fn break_names(data: &Path) {
    let server = Server::open(data).await;
    server.put("a", 0).await.unwrap();
    disk(&format!("fail {DATA}/{}\n", shard(1)));
    let told = server.put("a", 1).await.unwrap_err().to_string();
    assert!(told.contains("has stopped taking blobs, because"), "{told}");
    assert_refuses(&server, data).await;
}

/// The bytes of a blob cannot be synced.
pub(crate) async fn break_data(data: &Path) {
    let server = Server::open(data).await;
    // The first temporary file of this process.
    disk(&format!("fail {DATA}/tmp/blob-0\n"));
    let told = server.put("a", 1).await.unwrap_err().to_string();
    assert!(told.contains("restart the server"), "{told}");
    assert_refuses(&server, data).await;
}

/// Nothing is taken any more, though the disk does what it should, until another process opens it.
async fn assert_refuses(server: &Server, data: &Path) {
    disk("");
    for outcome in [
        server.put("a", 2).await,
        server.receive("a", 2).await,
        server.grant("a", "b", 0).await,
    ] {
        assert!(
            matches!(outcome, Err(BlobError::Store(_) | BlobError::Missing(_))),
            "{outcome:?}"
        );
    }
    assert_eq!(fs::read_dir(data.join("tmp")).unwrap().count(), 0);
}

/// Lets a process do its part on a disk with faults, then goes on with a sound one: what was acknowledged is there, also after
/// a cut of power.
async fn assert_keeps_promises(part: &str) {
    let directory = scratch();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let recorder = Recorder::new(&root, directory.path()).unwrap();
    for part in [part, "live"] {
        assert!(run(&recorder, part, &root), "{part} failed");
    }
    let (mut state, mut ledger) = (State::default(), Ledger::default());
    for event in read(recorder.log()).unwrap() {
        state.apply(&event);
        ledger.read(&event);
    }
    for loss in [Loss::Nothing, Loss::Everything, Loss::Some(1), Loss::Some(2)] {
        let after = scratch();
        state.build(after.path(), loss).unwrap();
        judge(&after.path().join(DATA), &ledger).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_may_be_emptied() {
    assert_keeps_promises("fill").await;
}

#[tokio::test]
async fn a_failed_sync_ends_all_storing_until_reopened() {
    for part in ["break-names", "break-data"] {
        assert_keeps_promises(part).await;
    }
}
