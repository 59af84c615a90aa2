//! One event of every kind, and any events.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use weft_types::value::{BlobAddress, Form};
use weft_types::{Address, Digest, Priority, RunId, RunStatus, VersionNumber};
use weft_workflow::event::{Accepted, Counts, ErrorCode, Finished, Given, NodeError, Origin, Trigger, Usage};
use weft_workflow::{Event, NodeIndex, Place, Stamped, Stored};

use crate::run;

/// An event of every kind, by name.
pub(crate) fn all() -> Vec<(&'static str, Stamped)> {
    let events = [
        ("accepted", accepted()),
        ("started", Event::Started),
        ("node-started", node_started()),
        ("expanded", expanded()),
        ("suspended", suspended(Some(time(7)))),
        ("suspended-for-ever", suspended(None)),
        ("succeeded", succeeded(Some(image(b"an image")))),
        ("succeeded-by-address", succeeded(Some(address()))),
        ("succeeded-with-nothing", succeeded(None)),
        ("failed", failed(None)),
        ("failed-with-value", failed(Some(image(b"an error")))),
        ("skipped", Event::NodeSkipped { node: NodeIndex(3) }),
        ("paused", Event::Paused { by: "anna".into() }),
        ("resumed", Event::Resumed { by: "bert".into() }),
        ("cancel-requested", cancel_requested()),
        ("deadline-passed", Event::DeadlinePassed),
        ("finished", finished()),
        ("completed", completed()),
        ("item-reused", item_reused(Some(image(b"an image")))),
        ("item-reused-with-nothing", item_reused(None)),
    ];
    let stamp = |(at, (name, event))| (name, Stamped::new(time(at as i64), event));
    events.into_iter().enumerate().map(stamp).collect()
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_000_000 + micros).unwrap()
}

pub(crate) fn image(bytes: &'static [u8]) -> Stored {
    Stored::Direct(Bytes::from_static(bytes))
}

fn address() -> Stored {
    Stored::Address(Address::Blob(BlobAddress {
        digest: Digest::of(b"a blob"),
        length: 1 << 40,
        form: Form::Raw,
    }))
}

fn accepted() -> Event {
    let given = |node, skipped, output| Given {
        node: NodeIndex(node),
        origin: if skipped { Origin::Reused } else { Origin::Stub },
        output,
        skipped,
    };
    Event::Accepted(Box::new(Accepted {
        run: run(),
        project: "default".parse().unwrap(),
        workflow: "order".parse().unwrap(),
        version: VersionNumber(12),
        plan: Digest::of(b"a plan"),
        nodes: 5,
        arguments: image(b"the arguments"),
        globals: Some(image(b"the globals")),
        seed: [7; 32],
        submitter: "anna".into(),
        trigger: Trigger::Parent {
            run: RunId::at(time(0), [1; 10]),
            place: Place::item(NodeIndex(4), 300),
            root: RunId::at(time(0), [2; 10]),
        },
        scheduled_at: Some(time(-1)),
        priority: Priority::High,
        deadline: Some(time(60_000_000)),
        group: Some("gpu".into()),
        labels: BTreeMap::from([("team".into(), "blue".into())]),
        extras: r#"{"ticket":7}"#.into(),
        host: "here".into(),
        trace: ([3; 16], [4; 8]),
        depth: 2,
        given: vec![
            given(1, false, Some(image(b"a stub"))),
            given(2, true, None),
            given(3, false, Some(address())),
        ],
        left_out: vec![NodeIndex(4)],
    }))
}

fn node_started() -> Event {
    Event::NodeStarted {
        place: Place::of(NodeIndex(1)),
        attempt: 2,
    }
}

fn expanded() -> Event {
    Event::Expanded {
        node: NodeIndex(2),
        items: 100_000,
    }
}

fn suspended(due: Option<Timestamp>) -> Event {
    Event::Suspended {
        node: NodeIndex(1),
        due,
    }
}

fn succeeded(output: Option<Stored>) -> Event {
    Event::NodeSucceeded {
        place: Place::item(NodeIndex(2), 99_999),
        attempt: 1,
        usage: usage(),
        output,
    }
}

fn usage() -> Usage {
    Usage {
        wall_us: 1_234,
        cpu_us: 567,
    }
}

fn failed(value: Option<Stored>) -> Event {
    Event::NodeFailed {
        place: Place::of(NodeIndex(1)),
        attempt: 3,
        usage: usage(),
        error: error(value),
    }
}

fn error(value: Option<Stored>) -> NodeError {
    NodeError {
        code: ErrorCode::FunctionError,
        message: "no such card".into(),
        value,
    }
}

fn cancel_requested() -> Event {
    Event::CancelRequested {
        by: "anna".into(),
        reason: "enough".into(),
    }
}

fn completed() -> Event {
    Event::Completed {
        node: NodeIndex(1),
        by: "anna".into(),
    }
}

fn item_reused(output: Option<Stored>) -> Event {
    Event::ItemReused {
        node: NodeIndex(2),
        item: 99_999,
        output,
    }
}

fn finished() -> Event {
    Event::Finished(Box::new(Finished {
        status: RunStatus::Failed,
        result: Some(image(b"a result")),
        failure: Some((Some(Place::of(NodeIndex(1))), error(Some(image(b"why"))))),
        counts: Counts {
            succeeded: 1,
            skipped: 2,
            failed: 3,
            cancelled: 4,
        },
    }))
}

/// A few events in any order, some of them with images of any bytes.
pub(crate) fn any_events() -> impl Strategy<Value = Vec<Stamped>> {
    let image = proptest::collection::vec(any::<u8>(), 0..200);
    let event = (0..all().len(), image, any::<i32>()).prop_map(|(which, image, micros)| {
        let (_, mut stamped) = all().swap_remove(which);
        stamped.at = time(micros.into());
        if let Event::NodeSucceeded { output, .. } = &mut stamped.event {
            *output = Some(Stored::Direct(image.into()));
        }
        stamped
    });
    proptest::collection::vec(event, 1..6)
}
