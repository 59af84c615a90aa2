use bytes::{Bytes, BytesMut};
use uuid::Uuid;

use super::conversation::{Conversation, Terms};
use super::{
    Call, CallBounds, Decoder, Frame, Load, MAGIC, Message, ProtocolError, Target, ToHost, ToWorker, Trace,
    VERSION,
};

mod golden;
mod hostile;
mod order;
mod round_trip;

const LIMIT: usize = 1 << 20;

fn frame<M>(call: u64, message: M) -> Frame<M> {
    with_body(call, message, b"")
}

fn with_body<M>(call: u64, message: M, body: &'static [u8]) -> Frame<M> {
    Frame {
        call,
        message,
        body: Bytes::from_static(body),
    }
}

fn bytes_of<M: Message>(frame: &Frame<M>) -> BytesMut {
    let encoded = frame.encode(LIMIT).expect("a frame that may be sent");
    encoded.to_vec().as_slice().into()
}

fn decode<M: Message>(bytes: &[u8]) -> Result<Option<Frame<M>>, ProtocolError> {
    Decoder::new(LIMIT).decode(&mut bytes.into())
}

fn hello_worker() -> ToWorker {
    ToWorker::Hello {
        magic: MAGIC,
        version: VERSION.to_le_bytes(),
    }
}

fn hello_host() -> ToHost {
    ToHost::Hello {
        magic: MAGIC,
        version: VERSION.to_le_bytes(),
        layers: 5,
    }
}

fn load() -> ToWorker {
    ToWorker::Load(Load {
        compiled_key: "48-opt".to_owned(),
        reuse: 1,
        frame_bytes: 1 << 20,
    })
}

fn bounds() -> CallBounds {
    CallBounds {
        invocation: Uuid::from_u128(1),
        deadline_us: 30_000_000,
        cpu_time_us: 1_000_000,
        memory: 64 << 20,
        output: 1 << 20,
        log_lines: 100,
        depth: 1,
        seed: [9; 32],
        clock_ns: 1_700_000_000_000_000_000,
        key: None,
        trace: Trace {
            trace_id: [1; 16],
            span_id: [2; 8],
            sampled: true,
        },
    }
}

fn call_of(target: Target) -> ToWorker {
    ToWorker::Call(Box::new(Call {
        target,
        bounds: bounds(),
        attached: Vec::new(),
    }))
}

/// A conversation in which the code is loaded.
fn serving(terms: Terms) -> Conversation {
    let mut conversation = Conversation::new(terms);
    let said = "a beginning by the rules";
    conversation.worker_hears(&frame(0, hello_worker())).expect(said);
    conversation.host_hears(&frame(0, hello_host())).expect(said);
    conversation.worker_hears(&frame(0, load())).expect(said);
    conversation.host_hears(&frame(0, ToHost::Loaded)).expect(said);
    conversation
}
