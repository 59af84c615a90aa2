//! Frames that are whole and stand in the wrong place.

use super::super::conversation::Fate;
use super::super::{
    Answer, AttachedStream, Failure, Header, HttpHead, LogStream, Request, StreamEnd, StreamId,
};
use super::*;

const TERMS: Terms = Terms {
    calls: 2,
    requests: 2,
    streams: 2,
    window: 10,
};

fn returned() -> ToHost {
    ToHost::Returned {
        result: false,
        cpu_us: 1,
        start_us: 1,
        reusable: false,
    }
}

fn get(number: u32) -> ToHost {
    ToHost::Request {
        number,
        request: Request::Get {
            store: "s".to_owned(),
            key: "k".to_owned(),
        },
    }
}

fn http_call(body: Option<StreamId>) -> ToWorker {
    call_of(Target::Http {
        head: HttpHead {
            method: "POST".to_owned(),
            uri: "http://here/".to_owned(),
            headers: Vec::new(),
        },
        body,
    })
}

fn response(body: Option<StreamId>) -> ToHost {
    ToHost::Response {
        length: None,
        status: 200,
        headers: vec![Header {
            name: "a".to_owned(),
            value: b"b".to_vec(),
        }],
        body,
    }
}

/// A conversation with call 1 of an export open.
fn calling() -> Conversation {
    let mut conversation = serving(TERMS);
    let opened = conversation.worker_hears(&frame(1, call_of(Target::Export(0))));
    assert_eq!(opened, Ok(Fate::Current));
    conversation
}

/// A conversation with call 1 of the HTTP handler open, whose request and response have bodies.
fn streaming() -> Conversation {
    let mut conversation = serving(TERMS);
    let opened = conversation.worker_hears(&frame(1, http_call(Some(StreamId(0)))));
    assert_eq!(opened, Ok(Fate::Current));
    let answered = conversation.host_hears(&frame(1, response(Some(StreamId(1)))));
    assert_eq!(answered, Ok(Fate::Current));
    conversation
}

#[test]
fn nothing_is_heard_before_a_hello() {
    for message in [ToHost::Loaded, returned()] {
        let heard = Conversation::new(TERMS).host_hears(&frame(0, message));
        assert!(matches!(heard, Err(ProtocolError::Order { .. })), "{heard:?}");
    }
    for message in [load(), call_of(Target::Export(0)), ToWorker::Cancel] {
        let said = Conversation::new(TERMS).worker_hears(&frame(0, message));
        assert!(matches!(said, Err(ProtocolError::Order { .. })), "{said:?}");
    }
}

#[test]
fn strangers_and_other_versions_are_told_apart() {
    let stranger = ToHost::Hello {
        magic: *b"http/1.1",
        version: VERSION.to_le_bytes(),
        layers: 0,
    };
    let heard = Conversation::new(TERMS).host_hears(&frame(0, stranger));
    assert_eq!(heard, Err(ProtocolError::Magic(*b"http/1.1")));
    let newer = ToHost::Hello {
        magic: MAGIC,
        version: (VERSION + 1).to_le_bytes(),
        layers: 0,
    };
    let heard = Conversation::new(TERMS).host_hears(&frame(0, newer));
    assert_eq!(heard, Err(ProtocolError::Version(VERSION + 1)));
}

#[test]
fn hello_and_loading_happen_once() {
    let mut conversation = serving(TERMS);
    let again = [
        conversation.host_hears(&frame(0, hello_host())),
        conversation.host_hears(&frame(0, ToHost::Loaded)),
        conversation.worker_hears(&frame(0, hello_worker())),
        conversation.worker_hears(&frame(0, load())),
    ];
    for heard in again {
        assert!(matches!(heard, Err(ProtocolError::Order { .. })), "{heard:?}");
    }
}

#[test]
fn a_worker_speaks_of_open_calls_only() {
    let mut conversation = calling();
    for message in [
        returned(),
        ToHost::Failed(Failure::Cancelled),
        ToHost::Log(LogStream::Stdout),
        get(0),
    ] {
        let heard = conversation.host_hears(&frame(2, message));
        assert!(
            matches!(heard, Err(ProtocolError::NoCall { call: 2, .. })),
            "{heard:?}"
        );
    }
    assert_eq!(conversation.host_hears(&frame(1, returned())), Ok(Fate::Current));
    let twice = conversation.host_hears(&frame(1, returned()));
    assert!(
        matches!(twice, Err(ProtocolError::NoCall { call: 1, .. })),
        "{twice:?}"
    );
    assert_eq!(conversation.open_calls().count(), 0);
}

#[test]
fn a_server_may_be_late_but_not_wrong() {
    let mut conversation = calling();
    assert_eq!(conversation.host_hears(&frame(1, returned())), Ok(Fate::Current));
    assert_eq!(
        conversation.worker_hears(&frame(1, ToWorker::Cancel)),
        Ok(Fate::Late)
    );
    let wrong = conversation.worker_hears(&frame(2, ToWorker::Cancel));
    assert!(
        matches!(wrong, Err(ProtocolError::NoCall { call: 2, .. })),
        "{wrong:?}"
    );
    let wrong = conversation.worker_hears(&frame(0, ToWorker::Cancel));
    assert!(
        matches!(wrong, Err(ProtocolError::NoCall { call: 0, .. })),
        "{wrong:?}"
    );
}

#[test]
fn calls_are_numbered_upwards_and_bounded() {
    let mut conversation = calling();
    let again = conversation.worker_hears(&frame(1, call_of(Target::Export(0))));
    assert!(
        matches!(again, Err(ProtocolError::Taken { what: "call", .. })),
        "{again:?}"
    );
    let later = conversation.worker_hears(&frame(5, call_of(Target::Export(0))));
    assert_eq!(later, Ok(Fate::Current));
    let more = conversation.worker_hears(&frame(6, call_of(Target::Export(0))));
    assert!(
        matches!(more, Err(ProtocolError::TooMany { limit: 2, .. })),
        "{more:?}"
    );
}

#[test]
fn requests_are_numbered_upwards_bounded_and_answered_once() {
    let answer = |request| ToWorker::Answer {
        request,
        answer: Answer::Absent,
    };
    let mut conversation = calling();
    assert_eq!(conversation.host_hears(&frame(1, get(3))), Ok(Fate::Current));
    assert_eq!(conversation.worker_hears(&frame(1, answer(3))), Ok(Fate::Current));
    let twice = conversation.worker_hears(&frame(1, answer(3)));
    assert!(matches!(twice, Err(ProtocolError::Order { .. })), "{twice:?}");
    let again = conversation.host_hears(&frame(1, get(3)));
    assert!(
        matches!(
            again,
            Err(ProtocolError::Taken {
                what: "request",
                number: 3
            })
        ),
        "{again:?}"
    );
    assert_eq!(conversation.host_hears(&frame(1, get(4))), Ok(Fate::Current));
    assert_eq!(conversation.host_hears(&frame(1, get(5))), Ok(Fate::Current));
    let more = conversation.host_hears(&frame(1, get(6)));
    assert!(
        matches!(more, Err(ProtocolError::TooMany { limit: 2, .. })),
        "{more:?}"
    );
}

#[test]
fn only_an_http_call_is_responded_to_and_once() {
    let heard = calling().host_hears(&frame(1, response(None)));
    assert!(
        matches!(
            heard,
            Err(ProtocolError::Order {
                message: "response",
                ..
            })
        ),
        "{heard:?}"
    );
    let heard = streaming().host_hears(&frame(1, response(None)));
    assert!(
        matches!(
            heard,
            Err(ProtocolError::Order {
                message: "response",
                ..
            })
        ),
        "{heard:?}"
    );
}

#[test]
fn streams_flow_as_far_as_credit_goes() {
    let mut conversation = streaming();
    let chunk = |body| with_body(1, ToHost::Chunk(StreamId(1)), body);
    assert_eq!(conversation.host_hears(&chunk(b"12345678")), Ok(Fate::Current));
    let credit = frame(1, ToWorker::Credit(StreamId(1), 1));
    assert_eq!(conversation.worker_hears(&credit), Ok(Fate::Current));
    assert_eq!(conversation.host_hears(&chunk(b"123")), Ok(Fate::Current));
    let over = conversation.host_hears(&chunk(b"1"));
    let expected = ProtocolError::Credit {
        call: 1,
        stream: StreamId(1),
        length: 1,
        credit: 0,
    };
    assert_eq!(over, Err(expected));
}

#[test]
fn credit_never_exceeds_the_window() {
    let mut conversation = streaming();
    let credit = frame(1, ToHost::Credit(StreamId(0), u32::MAX));
    assert_eq!(conversation.host_hears(&credit), Ok(Fate::Current));
    let over = conversation.worker_hears(&with_body(1, ToWorker::Chunk(StreamId(0)), b"12345678901"));
    assert!(
        matches!(over, Err(ProtocolError::Credit { credit: 10, .. })),
        "{over:?}"
    );
}

#[test]
fn a_stream_ends_once_and_its_credit_may_be_late() {
    let mut conversation = streaming();
    let end = frame(1, ToWorker::End(StreamId(0), StreamEnd::Complete));
    assert_eq!(conversation.worker_hears(&end), Ok(Fate::Current));
    let late = frame(1, ToHost::Credit(StreamId(0), 1));
    assert_eq!(conversation.host_hears(&late), Ok(Fate::Late));
    assert!(matches!(
        conversation.worker_hears(&end),
        Err(ProtocolError::NoStream { .. })
    ));
    let after = with_body(1, ToWorker::Chunk(StreamId(0)), b"1");
    assert!(matches!(
        conversation.worker_hears(&after),
        Err(ProtocolError::NoStream { .. })
    ));
}

#[test]
fn a_worker_sends_in_its_own_streams_only() {
    let mut conversation = streaming();
    let chunk = with_body(1, ToHost::Chunk(StreamId(0)), b"1");
    assert!(matches!(
        conversation.host_hears(&chunk),
        Err(ProtocolError::NoStream { .. })
    ));
    let credit = frame(1, ToHost::Credit(StreamId(1), 1));
    assert!(matches!(
        conversation.host_hears(&credit),
        Err(ProtocolError::NoStream { .. })
    ));
    let mut conversation = serving(TERMS);
    let opened = conversation.worker_hears(&frame(1, http_call(None)));
    assert_eq!(opened, Ok(Fate::Current));
    let foreign = conversation.host_hears(&frame(1, response(Some(StreamId(2)))));
    assert!(
        matches!(foreign, Err(ProtocolError::NoStream { .. })),
        "{foreign:?}"
    );
}

#[test]
fn attached_streams_are_distinct_and_bounded() {
    let attach = |streams: &[u32]| {
        let attached = streams.iter().map(|stream| AttachedStream {
            parameter: 0,
            length: 1,
            stream: StreamId(*stream),
        });
        ToWorker::Call(Box::new(Call {
            target: Target::Export(0),
            bounds: bounds(),
            attached: attached.collect(),
        }))
    };
    assert_eq!(
        serving(TERMS).worker_hears(&frame(1, attach(&[0, 2]))),
        Ok(Fate::Current)
    );
    let twice = serving(TERMS).worker_hears(&frame(1, attach(&[0, 0])));
    assert!(
        matches!(twice, Err(ProtocolError::Taken { what: "stream", .. })),
        "{twice:?}"
    );
    let many = serving(TERMS).worker_hears(&frame(1, attach(&[0, 2, 4])));
    assert!(matches!(many, Err(ProtocolError::TooMany { .. })), "{many:?}");
}
