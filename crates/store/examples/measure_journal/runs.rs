//! The runs that are written.

use bytes::Bytes;
use jiff::Timestamp;
use weft_types::{Digest, Priority, RunId, RunStatus, VersionNumber};
use weft_workflow::event::{Accepted, Counts, Event, Finished, Place, Stamped, Stored, Trigger, Usage};
use weft_workflow::frame::Writer;
use weft_workflow::plan::NodeIndex;
use weft_workflow_engine::port::journal::Entry;

/// Nodes of a short run, and bytes of an output.
const NODES: u32 = 5;
const OUTPUT: usize = 64;

/// A whole short run in one entry.
pub(crate) fn short_run() -> Entry {
    let (run, events) = events();
    entry(run, &events, true)
}

/// Some of a run's events in one entry.
pub(crate) fn entry(run: RunId, events: &[Event], closes: bool) -> Entry {
    let mut frames = Vec::new();
    let mut writer = Writer::new(run, 0);
    for event in events {
        let stamped = Stamped {
            at: Timestamp::now(),
            event: event.clone(),
        };
        // No event here is as large as a frame may be.
        let _ = writer.append(&stamped, &mut frames);
    }
    Entry {
        run,
        frames: frames.into(),
        count: events.len() as u32,
        closes,
        key: None,
    }
}

/// A run and all that happens in it.
pub(crate) fn events() -> (RunId, Vec<Event>) {
    let run = RunId(uuid::Uuid::now_v7());
    let mut events = vec![Event::Accepted(Box::new(accepted(run)))];
    events.push(Event::Started);
    events.extend((0..NODES).map(|node| Event::NodeSucceeded {
        place: Place::of(NodeIndex(node)),
        attempt: 1,
        usage: Usage {
            wall_us: 20,
            cpu_us: 10,
        },
        output: Some(Stored::Direct(Bytes::from_static(&[7; OUTPUT]))),
    }));
    let luck = run.0.as_bytes()[15];
    events.push(Event::Finished(Box::new(Finished {
        status: if luck < 8 {
            RunStatus::Failed
        } else {
            RunStatus::Succeeded
        },
        result: Some(Stored::Direct(Bytes::from_static(&[7; OUTPUT]))),
        failure: None,
        counts: Counts {
            succeeded: NODES,
            ..Counts::default()
        },
    })));
    (run, events)
}

fn accepted(run: RunId) -> Accepted {
    let luck = run.0.as_bytes()[14];
    Accepted {
        run,
        project: name("default"),
        workflow: name(&format!("flow-{}", luck % 8)),
        version: VersionNumber(1),
        plan: Digest::from_bytes([1; 32]),
        nodes: NODES,
        arguments: Stored::Direct(Bytes::from_static(&[7; OUTPUT])),
        globals: None,
        seed: [3; 32],
        submitter: format!("user-{}", luck % 16),
        trigger: Trigger::Direct,
        scheduled_at: None,
        priority: Priority::Medium,
        deadline: None,
        group: None,
        labels: Default::default(),
        extras: String::new(),
        host: "localhost".to_owned(),
        trace: ([1; 16], [2; 8]),
        depth: 0,
        given: Vec::new(),
        left_out: Vec::new(),
    }
}

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    match text.parse() {
        Ok(name) => name,
        Err(error) => panic!("{text} is not a name: {error:?}"),
    }
}
