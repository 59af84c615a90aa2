//! What is noticed when frames are not what was written.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use weft_types::RunId;
use weft_workflow::event::LATEST;
use weft_workflow::frame::{Frame, FrameError, MAX_LEN, Reader, VERSION, Writer, write as write_frame};
use weft_workflow::{Event, NodeIndex, Stamped, Stored};

use crate::samples::{any_events, time};
use crate::{read, run, write};

fn started() -> Stamped {
    Stamped::new(time(0), Event::Started)
}

fn other_run() -> RunId {
    RunId::at(time(0), [9; 10])
}

/// A frame with a body of any bytes, whose checksum matches.
fn forged(version: u8, body: &[u8]) -> Bytes {
    let mut rest = vec![version];
    rest.extend_from_slice(run().0.as_bytes());
    rest.extend_from_slice(&0u32.to_le_bytes());
    rest.extend_from_slice(body);
    let length = (rest.len() as u32).to_le_bytes();
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(&rest);
    let mut frame = length.to_vec();
    frame.extend_from_slice(&hasher.finalize().to_le_bytes());
    frame.extend_from_slice(&rest);
    frame.into()
}

#[test]
fn a_time_beyond_the_latest_is_the_latest() {
    let suspended = |due| Event::Suspended {
        node: NodeIndex(1),
        due: Some(due),
    };
    let latest = Stamped::new(time(0), suspended(LATEST));
    let frames = read(write(&[
        Stamped::new(time(0), suspended(Timestamp::MAX)),
        latest.clone(),
    ]))
    .unwrap();
    assert_eq!(frames[0].stamped, latest);
    assert_eq!(frames[1].stamped, latest);
    // As it was written before there was a latest.
    let at = time(0).as_microsecond();
    let body = postcard::to_allocvec(&(at, 4u32, 1u32, Some(253_402_207_200_999_999_i64))).unwrap();
    assert_eq!(read(forged(VERSION, &body)).unwrap()[0].stamped, latest);
}

proptest! {
    #[test]
    fn what_was_written_is_read(events in any_events()) {
        let frames = read(write(&events)).unwrap();
        for (at, (frame, event)) in frames.iter().zip(&events).enumerate() {
            prop_assert_eq!((frame.run, frame.seq), (run(), at as u32));
            prop_assert_eq!(&frame.stamped, event);
        }
        prop_assert_eq!(frames.len(), events.len());
    }

    /// Wherever it is: in a length, a checksum, a head, a body.
    #[test]
    fn any_byte_that_changes_is_noticed(
        events in any_events(),
        at in any::<proptest::sample::Index>(),
        flip in 1..=255u8,
    ) {
        let bytes = write(&events);
        let at = at.index(bytes.len());
        let mut damaged = bytes.to_vec();
        damaged[at] ^= flip;
        let mut reader = Reader::of(run(), 0, damaged.into());
        let frames: Vec<Frame> = reader.by_ref().map_while(Result::ok).collect();
        // All frames before the damage are read, and none from there on.
        let begin = reader.position();
        prop_assert!(begin <= at);
        prop_assert!(frames.len() < events.len());
        for (frame, event) in frames.iter().zip(&events) {
            prop_assert_eq!(&frame.stamped, event);
        }
        // And the damage is in the frame that was refused.
        let intact = Reader::of(run(), frames.len() as u32, bytes.slice(begin..)).next_raw();
        let length = intact.unwrap().unwrap().bytes.len();
        prop_assert!(at < begin + length);
    }

    #[test]
    fn any_end_that_is_cut_off_is_noticed(
        events in any_events(),
        at in any::<proptest::sample::Index>(),
    ) {
        let bytes = write(&events);
        let cut = bytes.slice(..at.index(bytes.len()));
        let mut reader = Reader::of(run(), 0, cut.clone());
        let mut read = 0;
        let end = loop {
            match reader.next() {
                Some(Ok(_)) => read += 1,
                other => break other,
            }
        };
        // Between two frames nothing is missing but whole frames.
        let is_whole = write(&events[..read]).len() == cut.len();
        match end {
            None => prop_assert!(is_whole),
            Some(Err(FrameError::Torn { at, missing })) => {
                prop_assert!(!is_whole);
                prop_assert_eq!(at, reader.position());
                prop_assert!(cut.len() + missing <= bytes.len());
            }
            Some(other) => prop_assert!(false, "{other:?}"),
        }
        prop_assert!(reader.next().is_none(), "nothing follows an end");
    }

    /// Also where a checksum matches: who can write frames must not be able to stop who reads them.
    #[test]
    fn no_bytes_are_too_much(body in proptest::collection::vec(any::<u8>(), 0..100), raw in any::<bool>()) {
        let bytes = if raw { body.into() } else { forged(VERSION, &body) };
        let _ = Reader::new(bytes).count();
    }
}

/// Bytes before the body of a frame.
const HEAD: usize = 29;

#[test]
fn another_version_is_told() {
    let error = read(forged(2, b"whatever")).unwrap_err();
    assert_eq!(error, FrameError::Version { at: 0, found: 2 });
    assert_eq!(
        error.to_string(),
        "the frame at byte 0 has version 2, this program reads version 1"
    );
}

#[test]
fn a_body_that_is_no_event_is_told() {
    let (started, mut longer) = (write(&[started()]), write(&[started()]).to_vec());
    longer.push(0);
    for body in [&b"\xff\xff"[..], &longer[HEAD..]] {
        let error = read(forged(VERSION, body)).unwrap_err();
        assert!(matches!(error, FrameError::Body { at: 0, .. }), "{error}");
    }
    assert_eq!(read(forged(VERSION, &started[HEAD..])).unwrap().len(), 1);
}

#[test]
fn an_image_that_is_not_there_is_told() {
    let event = Event::NodeSucceeded {
        place: weft_workflow::Place::of(weft_workflow::NodeIndex(0)),
        attempt: 1,
        usage: Default::default(),
        output: Some(Stored::Direct(Bytes::from_static(b"image"))),
    };
    let bytes = write(&[Stamped::new(time(0), event)]);
    for (missing, expected) in [(1, "an image is cut off"), (6, "an image is missing")] {
        let body = &bytes[HEAD..bytes.len() - missing];
        let why = expected.into();
        let error = read(forged(VERSION, body)).unwrap_err();
        assert_eq!(error, FrameError::Body { at: 0, why });
    }
}

#[test]
fn a_length_that_no_frame_has_is_told() {
    for length in [0, 21, MAX_LEN + 1, u32::MAX] {
        let mut bytes = write(&[started()]).to_vec();
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        assert_eq!(read(bytes.into()), Err(FrameError::Length { at: 0, length }));
    }
}

#[test]
fn a_frame_that_is_missing_is_told() {
    let bytes = write(&[started(), started(), started()]);
    let one = bytes.len() / 3;
    let mut reader = Reader::of(run(), 0, [&bytes[..one], &bytes[2 * one..]].concat().into());
    reader.next().unwrap().unwrap();
    let error = FrameError::Gap {
        at: one,
        run: run(),
        expected: 1,
        found: 2,
    };
    assert_eq!(reader.next(), Some(Err(error.clone())));
    assert_eq!(
        error.to_string(),
        format!(
            "the frame at byte {one} is event 2 of run {}, where event 1 follows",
            run()
        )
    );
    let late = Reader::of(run(), 0, bytes.slice(one..)).next();
    assert!(matches!(
        late,
        Some(Err(FrameError::Gap {
            expected: 0,
            found: 1,
            ..
        }))
    ));
    assert_eq!(Reader::of(run(), 1, bytes.slice(one..)).count(), 2);
}

#[test]
fn frames_of_several_runs_may_be_mixed_where_that_is_expected() {
    let mut bytes = Vec::new();
    let mut frames = |run, seqs: &[u32]| {
        for seq in seqs {
            write_frame(run, *seq, &started(), &mut bytes).unwrap();
        }
    };
    frames(run(), &[4, 5]);
    frames(other_run(), &[0]);
    frames(run(), &[7, 8]);
    let bytes = Bytes::from(bytes);
    let all: Result<Vec<Frame>, FrameError> = Reader::new(bytes.clone()).collect();
    let seqs: Vec<u32> = all.unwrap().iter().map(|frame| frame.seq).collect();
    assert_eq!(seqs, [4, 5, 0, 7, 8]);
    let error = Reader::of(run(), 4, bytes).find_map(Result::err);
    assert!(matches!(error, Some(FrameError::Run { found, .. }) if found == other_run()));
}

#[test]
fn an_event_that_is_too_large_is_not_written() {
    let image = Bytes::from(vec![0; MAX_LEN as usize]);
    let event = Event::NodeSucceeded {
        place: weft_workflow::Place::of(weft_workflow::NodeIndex(0)),
        attempt: 1,
        usage: Default::default(),
        output: Some(Stored::Direct(image)),
    };
    let mut writer = Writer::new(run(), 3);
    let mut bytes = b"before".to_vec();
    assert!(writer.append(&Stamped::new(time(0), event), &mut bytes).is_err());
    assert_eq!(bytes, b"before");
    assert_eq!(writer.append(&started(), &mut bytes), Ok(3));
}
