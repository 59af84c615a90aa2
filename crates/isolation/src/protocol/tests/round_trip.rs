//! What is encoded is decoded, whatever the pieces it arrives in; what is not, fails without a panic.

use proptest::prelude::*;

use super::super::{
    Answer, AttachedStream, Failure, Header, HttpHead, LoadFailure, LogStream, Patience, Refusal, Request,
    StreamEnd, StreamId,
};
use super::*;

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,20}"
}

fn headers() -> impl Strategy<Value = Vec<Header>> {
    let header = (text(), any::<Vec<u8>>()).prop_map(|(name, value)| Header { name, value });
    proptest::collection::vec(header, 0..4)
}

fn head() -> impl Strategy<Value = HttpHead> {
    (text(), text(), headers()).prop_map(|(method, uri, headers)| HttpHead { method, uri, headers })
}

fn stream() -> impl Strategy<Value = StreamId> {
    any::<u32>().prop_map(StreamId)
}

fn end() -> impl Strategy<Value = StreamEnd> {
    prop_oneof![Just(StreamEnd::Complete), text().prop_map(StreamEnd::Failed)]
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        (text(), proptest::collection::vec(text(), 0..3))
            .prop_map(|(message, frames)| Failure::Trap { message, frames }),
        any::<i32>().prop_map(Failure::Exited),
        any::<u64>().prop_map(Failure::TimedOut),
        any::<u64>().prop_map(Failure::CpuTime),
        any::<u64>().prop_map(Failure::OutOfMemory),
        any::<u64>().prop_map(Failure::SandboxMemory),
        Just(Failure::StackOverflow),
        any::<u64>().prop_map(Failure::OutputTooLarge),
        text().prop_map(Failure::InvalidResult),
        Just(Failure::NoResponse),
        text().prop_map(Failure::CallLimit),
        Just(Failure::Cancelled),
        text().prop_map(Failure::Unavailable),
        text().prop_map(Failure::Platform),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        any::<u32>().prop_map(Target::Export),
        (head(), proptest::option::of(stream())).prop_map(|(head, body)| Target::Http { head, body }),
    ]
}

fn call() -> impl Strategy<Value = ToWorker> {
    let attached =
        (any::<u32>(), any::<u64>(), stream()).prop_map(|(parameter, length, stream)| AttachedStream {
            parameter,
            length,
            stream,
        });
    (
        target(),
        proptest::collection::vec(attached, 0..3),
        any::<i128>(),
        any::<Option<[u8; 16]>>(),
    )
        .prop_map(|(target, attached, clock_ns, key)| {
            let bounds = CallBounds {
                clock_ns,
                key,
                ..bounds()
            };
            ToWorker::Call(Box::new(Call {
                target,
                bounds,
                attached,
            }))
        })
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Got),
        Just(Answer::Absent),
        Just(Answer::Done),
        proptest::collection::vec(text(), 0..4).prop_map(Answer::Keys),
        any::<Option<i64>>().prop_map(Answer::Sum),
        any::<bool>().prop_map(|result| Answer::Returned { result }),
        failure().prop_map(Answer::Failed),
        (any::<u16>(), headers(), proptest::option::of(stream())).prop_map(|(status, headers, body)| {
            Answer::Http {
                status,
                headers,
                body,
            }
        }),
        text().prop_map(|why| Answer::Refused(Refusal::NotGranted(why))),
        (text(), proptest::option::of(text())).prop_map(|(code, detail)| Answer::HttpFailed { code, detail }),
        Just(Answer::Refused(Refusal::Full)),
        text().prop_map(|why| Answer::Refused(Refusal::Quota(why))),
    ]
}

fn to_worker() -> impl Strategy<Value = ToWorker> {
    prop_oneof![
        Just(hello_worker()),
        Just(load()),
        call(),
        Just(ToWorker::Cancel),
        (any::<u32>(), answer()).prop_map(|(request, answer)| ToWorker::Answer { request, answer }),
        stream().prop_map(ToWorker::Chunk),
        (stream(), end()).prop_map(|(stream, end)| ToWorker::End(stream, end)),
        (stream(), any::<u32>()).prop_map(|(stream, more)| ToWorker::Credit(stream, more)),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (text(), text()).prop_map(|(store, key)| Request::Get { store, key }),
        (text(), text()).prop_map(|(store, key)| Request::Set { store, key }),
        (text(), text()).prop_map(|(store, key)| Request::Delete { store, key }),
        (text(), proptest::option::of(text()), any::<u32>())
            .prop_map(|(store, after, limit)| Request::Keys { store, after, limit }),
        (text(), text(), any::<i64>()).prop_map(|(store, key, delta)| Request::Increment {
            store,
            key,
            delta
        }),
        (text(), text()).prop_map(|(interface, function)| Request::Call { interface, function }),
        (head(), proptest::option::of(stream()), any::<[Option<u64>; 3]>()).prop_map(
            |(head, body, [connect_us, first_byte_us, between_bytes_us])| {
                let patience = Patience {
                    connect_us,
                    first_byte_us,
                    between_bytes_us,
                };
                Request::Http { head, body, patience }
            }
        ),
    ]
}

fn to_host() -> impl Strategy<Value = ToHost> {
    prop_oneof![
        Just(hello_host()),
        Just(ToHost::Loaded),
        text().prop_map(|why| ToHost::LoadFailed(LoadFailure::NotIntact(why))),
        (any::<bool>(), any::<u64>(), any::<u64>(), any::<bool>()).prop_map(
            |(result, cpu_us, start_us, reusable)| ToHost::Returned {
                result,
                cpu_us,
                start_us,
                reusable
            }
        ),
        (any::<u16>(), headers(), proptest::option::of(stream())).prop_map(|(status, headers, body)| {
            ToHost::Response {
                status,
                headers,
                body,
                length: None,
            }
        }),
        failure().prop_map(ToHost::Failed),
        Just(ToHost::Log(LogStream::Stdout)),
        any::<u32>().prop_map(ToHost::Dropped),
        (any::<u32>(), request()).prop_map(|(number, request)| ToHost::Request { number, request }),
        stream().prop_map(ToHost::Chunk),
        (stream(), end()).prop_map(|(stream, end)| ToHost::End(stream, end)),
        (stream(), any::<u32>()).prop_map(|(stream, more)| ToHost::Credit(stream, more)),
    ]
}

/// Encodes a frame, then decodes it from pieces of `piece` bytes.
fn through_pieces<M: Message + std::fmt::Debug>(frame: &Frame<M>, piece: usize) -> Frame<M> {
    let mut decoder = Decoder::new(LIMIT);
    let mut arrived = BytesMut::new();
    for piece in bytes_of(frame).chunks(piece) {
        arrived.extend_from_slice(piece);
        if let Some(frame) = decoder.decode(&mut arrived).expect("a frame of ours") {
            assert_eq!(decoder.finish(&arrived), Ok(()));
            return frame;
        }
    }
    panic!("the frame never became whole");
}

fn framed<M: Message>(call: u64, message: M, body: Vec<u8>) -> Frame<M> {
    let body = match message.carries_body() {
        true => body.into(),
        false => Bytes::new(),
    };
    Frame { call, message, body }
}

proptest! {
    #[test]
    fn what_a_server_says_arrives(
        call in any::<u64>(), message in to_worker(), body in any::<Vec<u8>>(), piece in 1_usize..200,
    ) {
        let frame = framed(call, message, body);
        prop_assert_eq!(through_pieces(&frame, piece), frame);
    }

    #[test]
    fn what_a_worker_says_arrives(
        call in any::<u64>(), message in to_host(), body in any::<Vec<u8>>(), piece in 1_usize..200,
    ) {
        let frame = framed(call, message, body);
        prop_assert_eq!(through_pieces(&frame, piece), frame);
    }

    #[test]
    fn any_bytes_are_refused_or_decoded(bytes in any::<Vec<u8>>(), flips in any::<Vec<(u8, u8)>>(), message in to_host()) {
        let _ = decode::<ToHost>(&bytes);
        let _ = decode::<ToWorker>(&bytes);
        let mut bent = bytes_of(&framed(1, message, bytes)).to_vec();
        for (at, bits) in flips {
            let at = usize::from(at) % bent.len();
            bent[at] ^= bits;
        }
        if let Ok(Some(frame)) = decode::<ToHost>(&bent) {
            prop_assert!(frame.body.len() <= bent.len());
        }
    }
}
