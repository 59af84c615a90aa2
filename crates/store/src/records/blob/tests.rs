//! The bytes of each form. What was written once must be read for ever: where this fails, what a record is made of has changed, and
//! needs another form beside the old one.

use std::collections::BTreeMap;

use bytes::Bytes;
use uuid::Uuid;
use weft_types::value::{Address, BlobAddress, Form};
use weft_types::{Digest, Priority, RunId, RunStatus, VersionNumber};
use weft_workflow::event::{Counts, ErrorCode, NodeError, Place, Stored, Trigger, Usage};
use weft_workflow::plan::NodeIndex;
use weft_workflow::record::Expansion;

use super::*;

/// A line each: what it is a sample of, and the record in hexadecimal digits. The latest form is the one that is written.
const GOLDEN: &str = include_str!("../../../tests/golden/record-form-2.txt");
/// As they were written before stubs were counted.
const WITHOUT_STUBS: &str = include_str!("../../../tests/golden/record-form-1.txt");

fn golden() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    lines(GOLDEN)
}

fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    text.lines().map(|line| {
        let (name, digits) = line.split_once(' ').unwrap();
        let bytes = (0..digits.len()).step_by(2);
        let bytes = bytes.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        (name, bytes.collect())
    })
}

fn run(number: u128) -> RunId {
    RunId(Uuid::from_u128(number))
}

/// A run that has just been accepted, with nothing in it that need not be.
fn accepted() -> RunRecord {
    let at = "2026-01-02T03:04:05.678901Z".parse().unwrap();
    RunRecord {
        run: run(1),
        project: "default".parse().unwrap(),
        workflow: "order".parse().unwrap(),
        version: VersionNumber(1),
        plan: Digest::from_bytes([1; 32]),
        status: RunStatus::Waiting,
        submitter: "anna".to_owned(),
        trigger: Trigger::Direct,
        scheduled_at: None,
        priority: Priority::Medium,
        deadline: None,
        host: "host".to_owned(),
        labels: BTreeMap::new(),
        extras: String::new(),
        depth: 0,
        express: false,
        trace: [2; 16],
        created_at: at,
        started_at: None,
        updated_at: at,
        finished_at: None,
        nodes: 5,
        counts: Counts::default(),
        expanded: Vec::new(),
        usage: Usage::default(),
        result: None,
        failure: None,
        stubs: 0,
    }
}

/// One with something in everything.
fn full() -> RunRecord {
    let time = |text: &str| Some(text.parse().unwrap());
    RunRecord {
        status: RunStatus::TimedOut,
        trigger: Trigger::Parent {
            run: run(2),
            place: Place {
                node: NodeIndex(3),
                item: Some(300),
            },
            root: run(3),
        },
        scheduled_at: time("2026-01-02T03:00:00Z"),
        priority: Priority::Lowest,
        deadline: time("1969-12-31T23:59:59.5Z"),
        labels: BTreeMap::from([
            ("größe".to_owned(), "\0".to_owned()),
            ("l".to_owned(), String::new()),
        ]),
        extras: "{\"a\":1}".to_owned(),
        depth: 7,
        express: true,
        started_at: time("2026-01-02T03:04:06Z"),
        finished_at: time("2026-01-02T03:04:07.000000001Z"),
        counts: Counts {
            succeeded: 1,
            skipped: 2,
            failed: 300,
            cancelled: 4,
        },
        expanded: vec![Expansion {
            node: NodeIndex(3),
            items: 1_000,
            succeeded: 999,
        }],
        usage: Usage {
            wall_us: 70_000,
            cpu_us: 69_000,
        },
        result: Some(Stored::Direct(Bytes::from_static(b"image"))),
        failure: Some((
            Some(Place {
                node: NodeIndex(4),
                item: None,
            }),
            NodeError {
                code: ErrorCode::WaitTimeout,
                message: "nobody came".to_owned(),
                value: Some(Stored::Address(Address::Blob(BlobAddress {
                    digest: Digest::from_bytes([4; 32]),
                    length: 1 << 40,
                    form: Form::Raw,
                }))),
            },
        )),
        stubs: 3,
        ..accepted()
    }
}

fn samples() -> Vec<(String, RunRecord)> {
    let mut samples = vec![("accepted".to_owned(), accepted()), ("full".to_owned(), full())];
    let triggers = [
        Trigger::Schedule,
        Trigger::Backfill,
        Trigger::Rerun { of: run(9) },
    ];
    samples.extend(triggers.into_iter().enumerate().map(|(number, trigger)| {
        let record = RunRecord {
            trigger,
            ..accepted()
        };
        (format!("trigger-{number}"), record)
    }));
    samples.extend(super::super::columns::STATUSES.map(|status| {
        let record = RunRecord { status, ..accepted() };
        (format!("status-{}", status as u8), record)
    }));
    samples.extend(
        [Priority::Highest, Priority::High, Priority::Low].map(|priority| {
            let record = RunRecord {
                priority,
                ..accepted()
            };
            (format!("priority-{}", priority as u8), record)
        }),
    );
    samples
}

#[test]
fn records_are_written_as_ever() {
    let samples = samples();
    let written: Vec<String> = samples
        .iter()
        .map(|(name, record)| {
            let bytes = encode(record).unwrap();
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{name} {digits}")
        })
        .collect();
    assert_eq!(written, GOLDEN.lines().collect::<Vec<_>>());
}

#[test]
fn records_are_read_as_ever() {
    assert_eq!(golden().count(), samples().len());
    for ((name, record), (golden_name, golden)) in samples().into_iter().zip(golden()) {
        assert_eq!(name, golden_name);
        assert_eq!(decode(&golden).unwrap(), record, "{name}");
    }
}

#[test]
fn records_without_stubs_are_read_as_ever() {
    assert_eq!(lines(WITHOUT_STUBS).count(), samples().len());
    for ((name, record), (golden_name, old)) in samples().into_iter().zip(lines(WITHOUT_STUBS)) {
        assert_eq!(name, golden_name);
        let expected = RunRecord { stubs: 0, ..record };
        assert_eq!(decode(&old).unwrap(), expected, "{name}");
    }
}

#[test]
fn whatever_changed_is_noticed() {
    let (_, whole) = golden().next().unwrap();
    for bit in 0..whole.len() * 8 {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&changed).is_err(), "bit {bit}");
    }
    for length in 0..whole.len() {
        assert!(decode(&whole[..length]).is_err(), "{length} bytes");
    }
    let mut later = whole;
    later[0] = FORM + 1;
    let told = decode(&later).unwrap_err().to_string();
    assert!(told.contains("which this version does not know"), "{told}");
}
