//! Many copies of real runs, put into the records by the store's own projector: events as a server wrote them, under other ids
//! and at other times.

use std::path::Path;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use weft_store::{Options, Store};
use weft_types::RunId;
use weft_workflow::frame::{Reader, Writer};
use weft_workflow::{Event, Stamped};
use weft_workflow_engine::port::journal::{Entry, Journal as _, Position, Urgency};
use weft_workflow_engine::port::records::Records as _;

/// Between the acceptance of one run and the next.
const GAP: SignedDuration = SignedDuration::from_millis(10);
/// Runs that are written at a time.
const CHUNK: usize = 1000;
/// Callers who submitted them.
const SUBMITTERS: usize = 16;
/// One in so many is a copy of the last original.
const RARE: usize = 32;

/// Runs in the order in which they were accepted.
pub(super) struct Copies {
    first_at: Timestamp,
    pub(super) ids: Vec<RunId>,
    originals: Vec<Original>,
}

/// What happened in a real run.
struct Original(Vec<Stamped>);

impl Copies {
    /// Copies finished runs so many times in all, evenly but for the last one, which is copied less often.
    pub(super) async fn fill(data: &Path, originals: &[RunId], count: usize) -> Result<Self> {
        let store = Store::open(data, Options::default()).await?;
        store.journal().recover().await?;
        let mut copies = Self {
            first_at: Timestamp::now() - GAP * i32::try_from(count)?,
            ids: Vec::with_capacity(count),
            originals: Vec::new(),
        };
        for run in originals {
            copies.originals.push(Original::read(&store, *run).await?);
        }
        while copies.ids.len() < count {
            copies.write(&store).await?;
        }
        store.close().await;
        Ok(copies)
    }

    /// Writes some more, and waits until they are in the records.
    async fn write(&mut self, store: &Store) -> Result<()> {
        let mut last = Position::default();
        for _ in 0..CHUNK {
            let entry = self.entry(self.ids.len())?;
            self.ids.push(entry.run);
            last = store.journal().append(entry, Urgency::Lazy)?;
        }
        store.journal().commit(last).await?;
        store.records().settled(last).await;
        Ok(())
    }

    /// When a run was accepted.
    pub(super) fn at(&self, index: usize) -> Timestamp {
        self.first_at + GAP * i32::try_from(index).unwrap_or(i32::MAX)
    }

    /// All that happened in the run with this number.
    pub(super) fn entry(&self, index: usize) -> Result<Entry> {
        let most = self.originals.len() - 1;
        let original = match index % RARE {
            0 => most,
            _ => index % most,
        };
        let mut random = [7; 10];
        random[2..].copy_from_slice(&(index as u64).to_be_bytes());
        let run = RunId::at(self.at(index), random);
        self.originals[original].copy(run, self.at(index), index % SUBMITTERS)
    }
}

impl Original {
    async fn read(store: &Store, run: RunId) -> Result<Self> {
        let pieces = store.records().history(run, None, usize::MAX).await?;
        let frames: Vec<u8> = pieces.into_iter().flat_map(|(_, frames)| frames).collect();
        let events: Result<Vec<_>, _> = Reader::of(run, 0, Bytes::from(frames))
            .map(|frame| frame.map(|frame| frame.stamped))
            .collect();
        let events = events?;
        let last = events.last().context("the records lack a run")?;
        anyhow::ensure!(
            matches!(last.event, Event::Finished(_)),
            "run {run} has not ended"
        );
        Ok(Self(events))
    }

    fn copy(&self, run: RunId, at: Timestamp, submitter: usize) -> Result<Entry> {
        let (mut writer, mut frames) = (Writer::new(run, 0), Vec::new());
        let first_at = self.0[0].at;
        for event in &self.0 {
            let mut event = event.clone();
            event.at = at + event.at.duration_since(first_at);
            if let Event::Accepted(accepted) = &mut event.event {
                accepted.run = run;
                accepted.submitter = format!("user-{submitter}");
            }
            writer.append(&event, &mut frames)?;
        }
        Ok(Entry {
            run,
            frames: frames.into(),
            count: u32::try_from(self.0.len())?,
            closes: true,
            key: None,
        })
    }
}
