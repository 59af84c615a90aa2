//! Copies of databases that are written while they are copied: each opens as after a crash at one moment.

use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use weft_function_engine::port::{KeyValue, Registry};
use weft_store::{Copies, CopyError, OpenError, RESTORING, Stop, Store};
use weft_workflow_engine::port::journal::Journal;
use weft_workflow_engine::port::records::Records;

use crate::journal::commit;
use crate::runs::{Run, id};
use crate::samples::{project, version};
use crate::small;
use crate::trimming::{eventually, short};

/// How often it is copied.
const COPIES: usize = 6;
/// A run that stays open.
const OPEN: u64 = 0;

/// Has each of many runs write a value, and then end, until told to stop; counts those that were acknowledged.
async fn write(store: Arc<Store>, acknowledged: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let (journal, keyvalue) = (store.journal(), store.keyvalue());
    let mut number = OPEN;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        keyvalue
            .increment(&project("default"), "s", "runs", 1)
            .await
            .unwrap();
        commit(&*journal, &mut short(number)).await;
        acknowledged.store(number, Ordering::Relaxed);
    }
}

/// Opens a copy, and sees that everything is there which must be, and nothing that may not.
async fn check(copy: &Path, acknowledged: u64) {
    let store = Store::open(copy, small()).await.unwrap();
    let (journal, records) = (store.journal(), store.records());
    let recovered = journal.recover().await.unwrap();
    let open: Vec<_> = recovered.runs.iter().map(|(run, _)| *run).collect();
    assert_eq!(open, [id(OPEN)]);
    assert!(records.settled(journal.committed()).await);

    let default = project("default");
    let mut known = 0;
    while let Some(record) = records.run(&default, id(known + 1)).await.unwrap() {
        known += 1;
        assert_eq!(record, short(known).record());
    }
    assert!(known >= acknowledged, "{known} of {acknowledged} runs");
    let written = store
        .keyvalue()
        .increment(&default, "s", "runs", 0)
        .await
        .unwrap();
    assert!(written >= Some(known as i64), "{known} runs, {written:?} writes");

    // It goes on from there.
    commit(&*journal, &mut short(known + 1)).await;
    assert!(records.settled(journal.committed()).await);
    assert_eq!(
        records.run(&default, id(known + 1)).await.unwrap(),
        Some(short(known + 1).record())
    );
    store.close().await;
}

/// What holds deletions, told by the files that are there when it begins and when it is let go of.
struct Hold {
    copies: PathBuf,
    seen: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Hold {
    async fn begin(copies: PathBuf, seen: Arc<Mutex<Vec<Vec<String>>>>) -> Self {
        let hold = Self { copies, seen };
        hold.look();
        hold
    }

    fn look(&self) {
        let files = std::fs::read_dir(&self.copies).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        self.seen.lock().unwrap().push(names);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.look();
    }
}

fn fresh(directory: &Path, name: &str) -> PathBuf {
    let copy = directory.join(name);
    std::fs::create_dir(&copy).unwrap();
    copy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_of_a_store_that_is_written_fit_together() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(directory.path().join("data"), small()).await.unwrap());
    store.journal().recover().await.unwrap();
    commit(&*store.journal(), &mut Run::started(OPEN)).await;
    let (acknowledged, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let writing = tokio::spawn(write(store.clone(), acknowledged.clone(), stop.clone()));
    let copies = store.copies().unwrap();
    for number in 0..COPIES {
        // So that rows go that the copy before had, and the records are ahead of what is left.
        let trimmed = store.journal().gauges().trimmed;
        eventually("trimming", async || store.journal().gauges().trimmed > trimmed).await;
        let copy = fresh(directory.path(), &format!("copy-{number}"));
        let acknowledged = acknowledged.load(Ordering::Relaxed);
        copies.write(&copy, &Stop::default(), ready(())).await.unwrap();
        check(&copy, acknowledged).await;
    }
    stop.store(true, Ordering::Relaxed);
    writing.await.unwrap();
}

#[tokio::test]
async fn deletions_are_held_from_before_the_journal_to_behind_the_registry() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("data"), small()).await.unwrap();
    let copies = store.copies().unwrap();
    let copy = fresh(directory.path(), "copy");
    let seen = Arc::<Mutex<Vec<Vec<String>>>>::default();
    let hold = Hold::begin(copy.clone(), seen.clone());
    copies.write(&copy, &Stop::default(), hold).await.unwrap();
    let all = ["journal.db", "kv.db", "records.db", "weft.db"].map(str::to_owned);
    assert_eq!(
        *seen.lock().unwrap(),
        [vec!["records.db".to_owned()], all.to_vec()]
    );
}

#[tokio::test]
async fn nothing_is_trimmed_before_the_journal_is_copied_though_the_records_have_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("data"), small()).await.unwrap();
    let journal = store.journal();
    journal.recover().await.unwrap();
    let copy = fresh(directory.path(), "copy");
    let hold = async {
        // The records were copied without them.
        let before = journal.gauges().trimmed;
        for number in 1..200 {
            commit(&*journal, &mut short(number)).await;
        }
        assert!(store.records().settled(journal.committed()).await);
        assert_eq!(journal.gauges().trimmed, before);
    };
    let copies = store.copies().unwrap();
    copies.write(&copy, &Stop::default(), hold).await.unwrap();
    let copy = Store::open(copy, small()).await.unwrap();
    assert!(copy.records().settled(copy.journal().committed()).await);
    for number in 1..200 {
        let record = copy.records().run(&project("default"), id(number)).await.unwrap();
        assert_eq!(record, Some(short(number).record()));
    }
    eventually("trimming", async || journal.gauges().trimmed > 100).await;
}

#[tokio::test]
async fn copying_ends_when_it_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("data"), small()).await.unwrap();
    store.journal().recover().await.unwrap();
    for number in 0..200 {
        commit(&*store.journal(), &mut short(number)).await;
    }
    let (copy, stop) = (fresh(directory.path(), "copy"), Stop::default());
    let hold = async { stop.stop() };
    let stopped = store
        .copies()
        .unwrap()
        .write(&copy, &stop, hold)
        .await
        .unwrap_err();
    assert!(
        matches!(
            stopped,
            CopyError::Failed {
                database: "journal.db",
                ..
            }
        ),
        "{stopped}"
    );
    assert!(!copy.join("kv.db").exists());
}

#[tokio::test]
async fn code_of_versions_is_named_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let store = Store::open(&data, small()).await.unwrap();
    let new = version("echo", b"code");
    store.registry().add_version(new.clone()).await.unwrap();
    let copy = fresh(directory.path(), "copy");
    let copies = store.copies().unwrap();
    let copied = copies.write(&copy, &Stop::default(), ready(())).await.unwrap();
    let file = data.join(format!("artifacts/wasm/{}.wasm", new.digest.hex()));
    assert_eq!(copied.code, [file]);
}

#[tokio::test]
async fn a_store_that_is_closed_or_was_killed_is_copied_and_one_that_is_open_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let missing = Copies::offline(&data).unwrap_err();
    assert!(matches!(missing, CopyError::Missing { .. }), "{missing}");
    assert!(!data.exists());

    let store = Store::open(&data, small()).await.unwrap();
    store.journal().recover().await.unwrap();
    commit(&*store.journal(), &mut Run::started(OPEN)).await;
    let used = Copies::offline(&data).unwrap_err();
    assert!(matches!(used, CopyError::Open(OpenError::InUse { .. })), "{used}");
    // As by a kill: nothing is closed, and the logs hold what was not copied into the databases.
    drop(store);
    eventually("the lock is let go of", async || Copies::offline(&data).is_ok()).await;

    let copy = fresh(directory.path(), "copy");
    let copies = Copies::offline(&data).unwrap();
    assert!(copies.bytes() > 0);
    copies.write(&copy, &Stop::default(), ready(())).await.unwrap();
    drop(copies);
    check(&copy, 0).await;
    check(&data, 0).await;

    // The journal and the records there are of an earlier time.
    std::fs::write(data.join("runs-elsewhere"), "").unwrap();
    let elsewhere = Copies::offline(&data).unwrap_err();
    assert!(matches!(elsewhere, CopyError::Elsewhere { .. }), "{elsewhere}");
    Store::open(&data, small()).await.unwrap().close().await;
    Copies::offline(&data).unwrap();
}

#[tokio::test]
async fn a_directory_that_was_not_restored_to_its_end_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join(RESTORING)).unwrap();
    let refused = Store::open(directory.path(), small()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Unfinished { .. }), "{refused}");
    assert!(!directory.path().join("weft.db").exists());
}
