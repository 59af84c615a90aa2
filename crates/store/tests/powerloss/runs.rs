//! Runs: what is journalled of them, and what is found of it.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use weft_store::Store;
use weft_types::{Digest, Priority, RunId, RunStatus, VersionNumber};
use weft_workflow::event::{Accepted, Counts, Event, Finished, Place, Stamped, Stored, Trigger, Usage};
use weft_workflow::frame::{Reader, Writer};
use weft_workflow::plan::NodeIndex;
use weft_workflow_engine::port::journal::{Entry, Hold, Journal, JournalError, Key, Position, Urgency};
use weft_workflow_engine::port::records::Records;

use crate::ledger::{acknowledged, asked, refused};
use crate::workload::{Outcome, project};

/// The run that only serves to see the records catch up.
const PROBE: u64 = u64::MAX;

/// Runs under way: how many events each has.
#[derive(Debug)]
pub(crate) struct Runs(Mutex<HashMap<RunId, u32>>);

/// Something that was appended and is not acknowledged yet.
#[derive(Clone, Debug)]
pub(crate) struct Appended {
    position: Position,
    thing: String,
    value: String,
}

impl Runs {
    /// Goes on with what is found in the journal.
    pub(crate) async fn open(store: &Store) -> Self {
        let found = store.journal().recover().await.unwrap();
        let counted = found
            .runs
            .iter()
            .map(|(run, frames)| (*run, count(*run, frames).unwrap()));
        Self(Mutex::new(counted.collect()))
    }

    /// Appends the next event of a run.
    pub(crate) fn append(
        &self,
        store: &Store,
        number: u64,
        closes: bool,
        urgency: Urgency,
    ) -> Result<Appended, String> {
        let run = id(number);
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(run).or_insert(0);
        let (thing, value) = (format!("run/{number}"), (*count + 1).to_string());
        asked(&thing, &value);
        match store.journal().append(entry(number, *count, closes), urgency) {
            Ok(position) => {
                *count += 1;
                Ok(Appended {
                    position,
                    thing,
                    value,
                })
            }
            Err(error) => {
                if error == JournalError::Held(Hold::DiskFull) {
                    refused(&thing, &value);
                }
                Err(error.to_string())
            }
        }
    }

    /// Appends the next event of a run, and waits until that is committed.
    pub(crate) async fn commit(&self, store: &Store, number: u64, closes: bool) -> Outcome {
        let appended = self.append(store, number, closes, Urgency::Prompt)?;
        settle(store, &[appended]).await
    }
}

/// Waits until all of these are committed.
pub(crate) async fn settle(store: &Store, all: &[Appended]) -> Outcome {
    let Some(last) = all.iter().map(|appended| appended.position).max() else {
        return Ok(());
    };
    store
        .journal()
        .commit(last)
        .await
        .map_err(|error| error.to_string())?;
    all.iter()
        .for_each(|appended| acknowledged(&appended.thing, &appended.value));
    Ok(())
}

/// Waits until the records have all that is committed.
pub(crate) async fn project_all(store: &Store) {
    store.records().settled(store.journal().committed()).await;
}

/// Removes a closed run.
pub(crate) async fn delete(store: &Store, number: u64) -> Outcome {
    let thing = format!("run/{number}");
    asked(&thing, "");
    let deleted = store.records().delete(&project(), id(number)).await;
    assert!(
        deleted.map_err(|error| error.to_string())?,
        "run {number} is there"
    );
    acknowledged(&thing, "");
    Ok(())
}

/// What is found in a store after a cut of power.
pub(crate) struct Found {
    open: HashMap<RunId, Bytes>,
    /// Requests by the keys they came with.
    pub(crate) keys: HashMap<String, RunId>,
}

impl Found {
    /// Recovers, and waits for the records to catch up.
    pub(crate) async fn read(store: &Store) -> Result<Self, String> {
        let journal = store.journal();
        let found = journal.recover().await.map_err(|error| error.to_string())?;
        let probe = journal.append(entry(PROBE, 0, true), Urgency::Prompt);
        let position = probe.map_err(|error| error.to_string())?;
        journal
            .commit(position)
            .await
            .map_err(|error| error.to_string())?;
        store.records().settled(position).await;
        Ok(Self {
            open: found.runs.into_iter().collect(),
            keys: found.keys.into_iter().map(|key| (key.key, key.run)).collect(),
        })
    }

    /// How many events of a run there are, as text; nothing where there are none. Journal and records must agree.
    pub(crate) async fn events(&self, store: &Store, number: u64) -> Result<Option<String>, String> {
        let run = id(number);
        let history = history(store, run).await?;
        let count = count(run, &history)?;
        let record = store
            .records()
            .run(&project(), run)
            .await
            .map_err(|error| error.to_string())?;
        match self.open.get(&run) {
            Some(frames) if *frames != history => {
                return Err(format!(
                    "run {number} has other events in the records than in the journal"
                ));
            }
            Some(_) => {}
            None if count == 0 => return Ok(None),
            None if record.as_ref().is_some_and(|record| record.status.is_closed()) => {}
            None => return Err(format!("run {number} is neither open nor closed")),
        }
        if record.is_none() {
            return Err(format!("run {number} has no record"));
        }
        Ok(Some(count.to_string()))
    }
}

async fn history(store: &Store, run: RunId) -> Result<Bytes, String> {
    let pieces = store.records().history(run, None, usize::MAX).await;
    let mut all = BytesMut::new();
    for (_, frames) in pieces.map_err(|error| error.to_string())? {
        all.extend_from_slice(&frames);
    }
    Ok(all.freeze())
}

fn count(run: RunId, frames: &Bytes) -> Result<u32, String> {
    let mut count = 0;
    for frame in Reader::of(run, 0, frames.clone()) {
        frame.map_err(|error| format!("run {run}: {error}"))?;
        count += 1;
    }
    Ok(count)
}

pub(crate) fn id(number: u64) -> RunId {
    let mut random = [7; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    RunId::at(now(), random)
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// Event number `count` of a run. The first ones come with a key.
fn entry(number: u64, count: u32, closes: bool) -> Entry {
    let run = id(number);
    let mut frames = Vec::new();
    let mut writer = Writer::new(run, count);
    let mut written = 0;
    let mut write = |event| {
        let stamped = Stamped { at: now(), event };
        writer.append(&stamped, &mut frames).unwrap();
        written += 1;
    };
    match (count, closes) {
        (_, true) if count > 0 => write(finished()),
        (0, _) => write(accepted(run)),
        _ => write(succeeded(number, count)),
    }
    // The probe is a whole life in one entry.
    if count == 0 && closes {
        write(finished());
    }
    Entry {
        run,
        frames: frames.into(),
        count: written,
        closes,
        key: (count == 0).then(|| Key {
            project: project(),
            workflow: "order".parse().unwrap(),
            key: number.to_string(),
            request: Digest::of(&number.to_le_bytes()),
            run,
            expires_at: "2126-01-02T03:04:05Z".parse().unwrap(),
        }),
    }
}

fn succeeded(number: u64, count: u32) -> Event {
    Event::NodeSucceeded {
        place: Place::of(NodeIndex(count)),
        attempt: 1,
        usage: Usage::default(),
        output: Some(Stored::Direct(vec![number as u8; 3000 + count as usize].into())),
    }
}

fn finished() -> Event {
    Event::Finished(Box::new(Finished {
        status: RunStatus::Succeeded,
        result: None,
        failure: None,
        counts: Counts::default(),
    }))
}

fn accepted(run: RunId) -> Event {
    Event::Accepted(Box::new(Accepted {
        run,
        project: project(),
        workflow: "order".parse().unwrap(),
        version: VersionNumber(1),
        plan: Digest::of(b"plan"),
        nodes: 5,
        arguments: Stored::Direct(Bytes::from_static(b"arguments")),
        globals: None,
        seed: [3; 32],
        submitter: "anna".to_owned(),
        trigger: Trigger::Direct,
        scheduled_at: None,
        priority: Priority::Medium,
        deadline: None,
        group: None,
        labels: [("stage".to_owned(), "test".to_owned())].into(),
        extras: "{}".to_owned(),
        host: "here".to_owned(),
        trace: ([1; 16], [2; 8]),
        depth: 0,
        given: Vec::new(),
        left_out: Vec::new(),
    }))
}
