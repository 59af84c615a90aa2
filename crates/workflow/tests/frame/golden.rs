//! The bytes of version 1. What was written once must be read for ever: where this test fails, the format changed, and needs another
//! version number beside the old one.

use bytes::Bytes;
use weft_workflow::frame::{Frame, Reader, write};

use crate::{run, samples};

/// A line each: the event's name and its frame in hexadecimal digits. Event number n is the n-th line.
const GOLDEN: &str = include_str!("../golden/frame-v1.txt");

fn golden() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    GOLDEN.lines().map(|line| {
        let (name, digits) = line.split_once(' ').unwrap();
        let bytes = (0..digits.len()).step_by(2);
        let bytes = bytes.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        (name, bytes.collect())
    })
}

#[test]
fn every_event_is_written_as_ever() {
    let samples = samples::all();
    assert_eq!(golden().count(), samples.len(), "a line for every sample");
    for (seq, ((name, event), (golden_name, golden))) in samples.iter().zip(golden()).enumerate() {
        let mut written = Vec::new();
        write(run(), seq as u32, event, &mut written).unwrap();
        let digits: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(*name, golden_name);
        assert_eq!(written, golden, "{name} {digits}");
    }
}

#[test]
fn every_frame_is_read_as_ever() {
    for (seq, ((name, event), (_, golden))) in samples::all().into_iter().zip(golden()).enumerate() {
        let frame = Reader::new(Bytes::from(golden)).next().unwrap().unwrap();
        let expected = Frame {
            run: run(),
            seq: seq as u32,
            stamped: event,
        };
        assert_eq!(frame, expected, "{name}");
    }
}
