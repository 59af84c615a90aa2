//! Runs to journal.

use std::sync::Arc;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use weft_types::value::{BlobAddress, Form};
use weft_types::{Address, Digest, FunctionName, Priority, ProjectName, RunId, RunStatus, VersionNumber};
use weft_workflow::event::{Accepted, Counts, Event, Finished, Place, Stamped, Stored, Trigger, Usage};
use weft_workflow::frame::Writer;
use weft_workflow::plan::NodeIndex;
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::journal::Entry;
use weft_workflow_engine::port::records::ExpressRun;

use crate::samples::{function, project};

/// When the first run is accepted; each later one is a second later.
const START: &str = "2026-01-02T03:04:05Z";

/// A run in the making, and all that happened in it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    writer: Writer,
    events: Vec<Stamped>,
    /// Frames that were not taken yet.
    fresh: Vec<u8>,
    count: u32,
}

/// What a run is to be like.
#[derive(Clone, Debug)]
pub(crate) struct Like {
    pub(crate) project: ProjectName,
    pub(crate) workflow: FunctionName,
    pub(crate) version: u32,
    pub(crate) submitter: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) parent: Option<RunId>,
}

impl Default for Like {
    fn default() -> Self {
        Self {
            project: project("default"),
            workflow: function("order"),
            version: 1,
            submitter: "anna".to_owned(),
            labels: BTreeMap::new(),
            parent: None,
        }
    }
}

/// When run number `number` is accepted.
pub(crate) fn time(number: u64) -> Timestamp {
    let start: Timestamp = START.parse().unwrap();
    start + jiff::SignedDuration::from_secs(number as i64)
}

/// The run with this number, which is its own.
pub(crate) fn id(number: u64) -> RunId {
    id_at(number, time(number))
}

fn id_at(number: u64, time: Timestamp) -> RunId {
    let mut random = [7; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    RunId::at(time, random)
}

impl Run {
    /// The run with this number, accepted and started.
    pub(crate) fn started(number: u64) -> Self {
        Self::like(number, Like::default())
    }

    /// As a function starts it on behalf of run `of`: the time in its number is that of the other.
    pub(crate) fn on_behalf(number: u64, of: u64) -> Self {
        Self::new(id_at(number, time(of)), number, Like::default())
    }

    pub(crate) fn like(number: u64, like: Like) -> Self {
        Self::new(id(number), number, like)
    }

    fn new(id: RunId, number: u64, like: Like) -> Self {
        let mut run = Self {
            id,
            writer: Writer::new(id, 0),
            events: Vec::new(),
            fresh: Vec::new(),
            count: 0,
        };
        let at = time(number);
        run.push(at, Event::Accepted(Box::new(accepted(id, like))));
        run.push(at, Event::Started);
        run
    }

    /// A node of it succeeds, with an output of so many bytes.
    pub(crate) fn node(self, node: u32, bytes: usize) -> Self {
        self.succeeded(node, Stored::Direct(Bytes::from(vec![node as u8; bytes])))
    }

    /// A node of it succeeds, with an output that is this blob.
    pub(crate) fn blob(self, node: u32, blob: Digest) -> Self {
        self.succeeded(node, address(blob))
    }

    fn succeeded(mut self, node: u32, output: Stored) -> Self {
        let at = self.events[0].at + jiff::SignedDuration::from_millis(1);
        self.push(
            at,
            Event::NodeSucceeded {
                place: Place::of(NodeIndex(node)),
                attempt: 1,
                usage: Usage {
                    wall_us: 12,
                    cpu_us: 7,
                },
                output: Some(output),
            },
        );
        self
    }

    pub(crate) fn paused(mut self) -> Self {
        let at = self.events[0].at + jiff::SignedDuration::from_millis(2);
        self.push(
            at,
            Event::Paused {
                by: "anna".to_owned(),
            },
        );
        self
    }

    /// It ends, in this state.
    pub(crate) fn ended(self, status: RunStatus) -> Self {
        self.ended_with(status, Stored::Direct(Bytes::from_static(b"result")))
    }

    /// It succeeds, with a result that is this blob.
    pub(crate) fn ended_by_address(self, blob: Digest) -> Self {
        self.ended_with(RunStatus::Succeeded, address(blob))
    }

    fn ended_with(mut self, status: RunStatus, result: Stored) -> Self {
        let at = self.events[0].at + jiff::SignedDuration::from_millis(3);
        let finished = Finished {
            status,
            result: Some(result),
            failure: None,
            counts: Counts {
                succeeded: 1,
                ..Counts::default()
            },
        };
        self.push(at, Event::Finished(Box::new(finished)));
        self
    }

    /// What happened since the last entry.
    pub(crate) fn entry(&mut self) -> Entry {
        let closes = matches!(self.events.last().unwrap().event, Event::Finished(_));
        Entry {
            run: self.id,
            frames: std::mem::take(&mut self.fresh).into(),
            count: std::mem::take(&mut self.count),
            closes,
            key: None,
        }
    }

    /// The frames of all that happened.
    pub(crate) fn frames(&self) -> Bytes {
        let mut writer = Writer::new(self.id, 0);
        let mut frames = Vec::new();
        for event in &self.events {
            writer.append(event, &mut frames).unwrap();
        }
        frames.into()
    }

    /// The record after all that happened.
    pub(crate) fn record(&self) -> RunRecord {
        RunRecord::fold(&self.events).unwrap()
    }

    /// As one that was not journalled.
    pub(crate) fn express(&self) -> ExpressRun {
        ExpressRun {
            record: Arc::new(RunRecord {
                express: true,
                ..self.record()
            }),
            frames: self.frames(),
            blobs: self
                .events
                .iter()
                .flat_map(|stamped| stamped.event.blobs())
                .collect(),
        }
    }

    fn push(&mut self, at: Timestamp, event: Event) {
        let event = Stamped { at, event };
        self.writer.append(&event, &mut self.fresh).unwrap();
        self.events.push(event);
        self.count += 1;
    }
}

fn address(digest: Digest) -> Stored {
    Stored::Address(Address::Blob(BlobAddress {
        digest,
        length: 1,
        form: Form::Image,
    }))
}

fn accepted(run: RunId, like: Like) -> Accepted {
    Accepted {
        run,
        project: like.project,
        workflow: like.workflow,
        version: VersionNumber(like.version),
        plan: Digest::of(b"plan"),
        nodes: 5,
        arguments: Stored::Direct(Bytes::from_static(b"arguments")),
        globals: None,
        seed: [3; 32],
        submitter: like.submitter,
        trigger: match like.parent {
            None => Trigger::Direct,
            Some(run) => Trigger::Parent {
                run,
                place: Place::of(NodeIndex(1)),
                root: run,
            },
        },
        scheduled_at: None,
        priority: Priority::Medium,
        deadline: None,
        group: None,
        labels: like.labels,
        extras: "{}".to_owned(),
        host: "here".to_owned(),
        trace: ([1; 16], [2; 8]),
        depth: u32::from(like.parent.is_some()),
        given: Vec::new(),
        left_out: Vec::new(),
    }
}
