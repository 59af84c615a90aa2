//! Frames of a journal: a byte of options, then frames. With its lowest bit the checksums are put right first, so that bodies are reached.

use bytes::Bytes;
use weft_workflow::Stamped;
use weft_workflow::frame::{Frame, FrameError, Reader, write};
use weft_workflow::record::RunRecord;

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "journal-frames",
    run,
    seeds: || vec![vec![0]],
    words: &["\x1c\0\0\0", "default", "\0\0\0\x01"],
    longest: 4096,
    changes: 20_000,
};

fn run(input: &[u8]) {
    let Some((options, frames)) = input.split_first() else {
        return;
    };
    let mut bytes = frames.to_vec();
    if options & 1 != 0 {
        seal(&mut bytes);
    }
    let bytes = Bytes::from(bytes);
    let mut reader = Reader::new(bytes.clone());
    let mut read: Vec<Frame> = Vec::new();
    let mut end = None;
    for frame in reader.by_ref() {
        match frame {
            Ok(frame) => read.push(frame),
            Err(error) => end = Some(error),
        }
    }
    assert!(reader.next_raw().is_none(), "nothing follows an end");
    match end {
        None => assert_eq!(reader.position(), bytes.len()),
        Some(FrameError::Torn { at, missing }) => assert!(at == reader.position() && missing > 0),
        Some(error) => assert!(!error.to_string().is_empty()),
    }
    read.iter().for_each(is_written_again);
    let events: Vec<&Stamped> = read.iter().map(|frame| &frame.stamped).collect();
    for event in &events {
        let _ = event.event.blobs().count();
    }
    if let Some(record) = RunRecord::fold(events.iter().copied()) {
        // Events are believed to be legal, which these are not: the sums are any, and yet sums.
        assert!(record.progress().is_finite(), "{record:?}");
    }
}

/// What was read is written as a frame that is read as the same.
fn is_written_again(frame: &Frame) {
    let mut bytes = Vec::new();
    write(frame.run, frame.seq, &frame.stamped, &mut bytes).unwrap();
    let again = Reader::of(frame.run, frame.seq, bytes.into()).next().unwrap();
    assert_eq!(again.as_ref(), Ok(frame));
}

/// Gives each frame that is all there the checksum that it should have.
fn seal(mut bytes: &mut [u8]) {
    while let Some((head, rest)) = bytes.split_first_chunk_mut::<8>() {
        let length = [head[0], head[1], head[2], head[3]];
        let Some((body, behind)) = rest.split_at_mut_checked(u32::from_le_bytes(length) as usize) else {
            return;
        };
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&length);
        checksum.update(body);
        head[4..].copy_from_slice(&checksum.finalize().to_le_bytes());
        bytes = behind;
    }
}
