//! Bytes that are no frames.

use super::super::{Header, MAX_HEAD, PREFIX};
use super::*;

#[test]
fn every_part_of_a_frame_waits_for_the_rest() {
    let whole = bytes_of(&with_body(7, call_of(Target::Export(3)), b"image"));
    for end in 0..whole.len() {
        let mut decoder = Decoder::<ToWorker>::new(LIMIT);
        let mut part: BytesMut = whole[..end].into();
        assert_eq!(decoder.decode(&mut part), Ok(None), "of {end} bytes");
        assert_eq!(part.len(), end, "nothing is taken of a part");
        let missing = decoder.missing(&part);
        let known = if end < PREFIX { PREFIX } else { whole.len() };
        assert_eq!(missing, known - end);
        let ended = decoder.finish(&part);
        assert_eq!(ended.is_ok(), end == 0, "{ended:?}");
    }
}

#[test]
fn a_length_over_the_limit_is_refused_at_its_prefix() {
    let mut decoder = Decoder::<ToHost>::new(LIMIT);
    let mut bytes: BytesMut = [0xff; PREFIX].as_slice().into();
    assert_eq!(decoder.missing(&bytes), LIMIT, "bounded whatever is announced");
    let refused = decoder.decode(&mut bytes);
    let expected = ProtocolError::TooLong {
        length: 0xffff_ffff,
        limit: LIMIT,
    };
    assert_eq!(refused, Err(expected.clone()));
    let mut good = bytes_of(&frame(0, ToHost::Loaded));
    assert_eq!(
        decoder.decode(&mut good),
        Err(expected),
        "and nothing behind it is heard"
    );
}

#[test]
fn a_head_that_is_no_message_is_refused() {
    let unknown = [&1_u32.to_le_bytes()[..], &[0; 8], &[0x7f]].concat();
    let refused = decode::<ToHost>(&unknown);
    assert!(matches!(refused, Err(ProtocolError::Head(_))), "{refused:?}");
    let empty = [0; PREFIX];
    let refused = decode::<ToHost>(&empty);
    assert!(matches!(refused, Err(ProtocolError::Head(_))), "{refused:?}");
}

#[test]
fn a_head_cut_short_is_refused() {
    let whole = bytes_of(&frame(0, load()));
    for length in 0..whole.len() - PREFIX {
        let mut short = whole[..PREFIX + length].to_vec();
        short[..4].copy_from_slice(&u32::try_from(length).expect("small").to_le_bytes());
        let refused = decode::<ToWorker>(&short);
        assert!(
            matches!(refused, Err(ProtocolError::Head(_))),
            "{length}: {refused:?}"
        );
    }
}

#[test]
fn a_body_behind_a_message_that_has_none_is_refused_both_ways() {
    let stuffed = with_body(0, ToHost::Loaded, b"x");
    let expected = ProtocolError::Body {
        message: "loaded",
        length: 1,
    };
    assert_eq!(stuffed.encode(LIMIT), Err(expected.clone()));
    let mut bytes = bytes_of(&frame(0, ToHost::Loaded)).to_vec();
    bytes.push(b'x');
    bytes[0] += 1;
    assert_eq!(decode::<ToHost>(&bytes), Err(expected));
}

#[test]
fn a_head_is_bounded_whatever_the_frame_may_be() {
    let header = |length| ToHost::Response {
        length: None,
        status: 200,
        headers: vec![Header {
            name: "x".to_owned(),
            value: vec![0; length],
        }],
        body: None,
    };
    let refused = frame(1, header(MAX_HEAD)).encode(LIMIT);
    assert!(matches!(refused, Err(ProtocolError::Head(_))), "{refused:?}");
    // What such a frame would be from someone who does not keep the rule.
    let head = postcard::to_allocvec(&header(MAX_HEAD)).expect("a head");
    let length = u32::try_from(head.len()).expect("small");
    let bytes = [&length.to_le_bytes()[..], &1_u64.to_le_bytes(), &head].concat();
    let refused = decode::<ToHost>(&bytes);
    assert!(matches!(refused, Err(ProtocolError::Head(_))), "{refused:?}");
    assert!(decode::<ToHost>(&bytes_of(&frame(1, header(MAX_HEAD - 100)))).is_ok());
}

#[test]
fn a_list_that_announces_more_than_there_is_reserves_nothing() {
    // `load-failed` is a string: its length says 2^62.
    let head = [2, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
    let length = u32::try_from(head.len()).expect("small");
    let bytes = [&length.to_le_bytes()[..], &[0; 8], &head].concat();
    let refused = decode::<ToHost>(&bytes);
    assert!(matches!(refused, Err(ProtocolError::Head(_))), "{refused:?}");
}

#[test]
fn frames_that_follow_each_other_are_told_apart() {
    let mut bytes = bytes_of(&frame(0, ToHost::Loaded));
    bytes.extend_from_slice(&bytes_of(&with_body(
        1,
        ToHost::Log(super::super::LogStream::Stderr),
        b"line",
    )));
    let mut decoder = Decoder::<ToHost>::new(LIMIT);
    let first = decoder.decode(&mut bytes).expect("a frame").expect("all of it");
    let second = decoder.decode(&mut bytes).expect("a frame").expect("all of it");
    assert_eq!(first.message, ToHost::Loaded);
    assert_eq!((second.call, &second.body[..]), (1, &b"line"[..]));
    assert_eq!(decoder.finish(&bytes), Ok(()));
}
