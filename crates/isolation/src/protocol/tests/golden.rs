//! The bytes of version 4. Where they change, [`VERSION`] must.

use super::super::{Answer, Failure, LogStream, StreamEnd, StreamId};
use super::*;

fn hex<M: Message>(frame: &Frame<M>) -> String {
    bytes_of(frame).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_a_server_says_has_these_bytes() {
    let answer = ToWorker::Answer {
        request: 4,
        answer: Answer::Got,
    };
    let said = [
        hex(&frame(0, hello_worker())),
        hex(&frame(0, load())),
        hex(&with_body(1, call_of(Target::Export(3)), b"image")),
        hex(&frame(1, ToWorker::Cancel)),
        hex(&with_body(1, answer, b"value")),
        hex(&with_body(1, ToWorker::Chunk(StreamId(2)), b"bytes")),
        hex(&frame(1, ToWorker::End(StreamId(2), StreamEnd::Complete))),
        hex(&frame(1, ToWorker::Credit(StreamId(1), 300))),
    ];
    assert_eq!(said.join("\n"), include_str!("golden/to_worker.txt").trim_end());
}

#[test]
fn what_a_worker_says_has_these_bytes() {
    let returned = ToHost::Returned {
        result: true,
        cpu_us: 5,
        start_us: 6,
        reusable: true,
    };
    let trap = Failure::Trap {
        message: "unreachable".to_owned(),
        frames: vec!["main".to_owned()],
    };
    let said = [
        hex(&frame(0, hello_host())),
        hex(&frame(0, ToHost::Loaded)),
        hex(&with_body(1, returned, b"image")),
        hex(&frame(1, ToHost::Failed(trap))),
        hex(&frame(1, ToHost::Failed(Failure::OutOfMemory(64 << 20)))),
        hex(&with_body(1, ToHost::Log(LogStream::Stderr), b"line")),
        hex(&frame(
            1,
            ToHost::End(StreamId(1), StreamEnd::Failed("gone".to_owned())),
        )),
    ];
    assert_eq!(said.join("\n"), include_str!("golden/to_host.txt").trim_end());
}
