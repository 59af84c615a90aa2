//! What workers say, and servers: a byte of options, then the bytes of one direction.
//!
//! Bit 0 chooses the direction, bit 1 a conversation that is under way, the others in which pieces the bytes arrive.

use std::fmt::Debug;

use bytes::BytesMut;
use uuid::Uuid;
use weft_isolation::protocol::conversation::{Conversation, Terms};
use weft_isolation::protocol::{
    Call, CallBounds, Decoder, Frame, Load, MAGIC, Message, ProtocolError, Target as Callee, ToHost,
    ToWorker, Trace, VERSION,
};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "worker-frames",
    run,
    seeds: || vec![vec![0], vec![2], vec![3]],
    words: &["weft-wkr\x01\0\0\0", "\x01\0\0\0\0\0\0\0", "\x02\0\0\0\0\0\0\0"],
    longest: 4096,
    changes: 20_000,
};

/// Most bytes of a frame.
const LIMIT: usize = 1 << 16;
/// Few, so that bounds are reached.
const TERMS: Terms = Terms {
    calls: 3,
    requests: 3,
    streams: 3,
    window: 1 << 10,
};

fn run(input: &[u8]) {
    let Some((options, bytes)) = input.split_first() else {
        return;
    };
    let mut conversation = match options & 2 {
        0 => Conversation::new(TERMS),
        _ => under_way(),
    };
    let piece = usize::from(options >> 2) + 1;
    match options & 1 {
        0 => {
            let frames = frames::<ToHost>(bytes, piece);
            let _ = frames
                .iter()
                .try_for_each(|frame| conversation.host_hears(frame).map(drop));
        }
        _ => {
            let frames = frames::<ToWorker>(bytes, piece);
            let _ = frames
                .iter()
                .try_for_each(|frame| conversation.worker_hears(frame).map(drop));
        }
    }
    assert!(conversation.open_calls().count() <= TERMS.calls);
}

/// The frames in `bytes`, which are the same however these arrive, and are written as bytes that are read as the same.
fn frames<M: Message + PartialEq + Debug>(bytes: &[u8], piece: usize) -> Vec<Frame<M>> {
    let (whole, end) = decode::<M>(bytes, bytes.len().max(1));
    let (pieces, same_end) = decode::<M>(bytes, piece);
    assert_eq!(whole, pieces);
    assert_eq!(end, same_end);
    for frame in &whole {
        let again = frame.encode(LIMIT).unwrap().to_vec();
        assert_eq!(decode::<M>(&again, again.len()).0.first(), Some(frame));
    }
    whole
}

fn decode<M: Message>(bytes: &[u8], piece: usize) -> (Vec<Frame<M>>, Result<(), ProtocolError>) {
    let mut decoder = Decoder::<M>::new(LIMIT);
    let mut arrived = BytesMut::new();
    let mut frames = Vec::new();
    for piece in bytes.chunks(piece) {
        arrived.extend_from_slice(piece);
        assert!(decoder.missing(&arrived) <= LIMIT + 12);
        loop {
            match decoder.decode(&mut arrived) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    let end = decoder.finish(&arrived);
    (frames, end)
}

/// A conversation in which code is loaded and two calls are open.
fn under_way() -> Conversation {
    let mut conversation = Conversation::new(TERMS);
    let version = VERSION.to_le_bytes();
    let load = ToWorker::Load(Load {
        compiled_key: "key".to_owned(),
        reuse: 1,
        frame_bytes: LIMIT as u32,
    });
    let hello = ToHost::Hello {
        magic: MAGIC,
        version,
        layers: 0,
    };
    conversation
        .worker_hears(&frame(
            0,
            ToWorker::Hello {
                magic: MAGIC,
                version,
            },
        ))
        .unwrap();
    conversation.host_hears(&frame(0, hello)).unwrap();
    conversation.worker_hears(&frame(0, load)).unwrap();
    conversation.host_hears(&frame(0, ToHost::Loaded)).unwrap();
    for number in [1, 2] {
        conversation.worker_hears(&frame(number, call())).unwrap();
    }
    conversation
}

fn call() -> ToWorker {
    ToWorker::Call(Box::new(Call {
        target: Callee::Export(0),
        bounds: CallBounds {
            invocation: Uuid::from_u128(1),
            deadline_us: 1,
            cpu_time_us: 1,
            memory: 1,
            output: 1,
            log_lines: 1_000,
            depth: 1,
            seed: [0; 32],
            clock_ns: 0,
            key: None,
            trace: Trace {
                trace_id: [1; 16],
                span_id: [2; 8],
                sampled: false,
            },
        },
        attached: Vec::new(),
    }))
}

fn frame<M>(call: u64, message: M) -> Frame<M> {
    Frame {
        call,
        message,
        body: bytes::Bytes::new(),
    }
}
