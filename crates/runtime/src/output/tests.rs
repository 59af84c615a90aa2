use std::sync::{Arc, Mutex};

use uuid::Uuid;
use weft_function_engine::port::{LogSink, Stream};
use weft_types::Type;

use super::{CUT, Capture, Lines, MAX_LINE, Sink, Stop};

#[derive(Default)]
struct Collected(Mutex<Vec<String>>);

impl LogSink for Collected {
    fn line(&self, _: Uuid, _: Stream, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// The lines of output written in `pieces`.
fn lines(pieces: &[&[u8]]) -> Vec<String> {
    let sink = Arc::new(Collected::default());
    let mut lines = Lines {
        invocation: Uuid::nil(),
        sink: sink.clone(),
        stream: Stream::Stdout,
        partial: Vec::new(),
        cut: false,
    };
    for piece in pieces {
        lines.write(piece).unwrap();
    }
    lines.finish();
    let lines = sink.0.lock().unwrap();
    lines.clone()
}

#[test]
fn splits_at_ends_of_lines() {
    assert_eq!(lines(&[b"a\nb\n"]), ["a", "b"]);
    assert_eq!(lines(&[b"a", b"b\n", b"", b"c"]), ["ab", "c"]);
    assert_eq!(lines(&[b"\n\na"]), ["", "", "a"]);
    assert_eq!(lines(&[b"a\r\nb\r", b"\nc"]), ["a", "b", "c"]);
    assert_eq!(lines(&[]), Vec::<String>::new());
}

#[test]
fn replaces_what_is_not_utf8() {
    assert_eq!(lines(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
    // A character in two pieces is whole again.
    assert_eq!(
        lines(&["ß".as_bytes().split_at(1).0, "ß".as_bytes().split_at(1).1]),
        ["ß"]
    );
}

#[test]
fn cuts_long_lines() {
    let full = vec![b'x'; MAX_LINE];
    let fits = String::from_utf8(full.clone()).unwrap();
    let cut = format!("{fits}{CUT}");
    assert_eq!(lines(&[&full, b"\nnext\n"]), [fits.as_str(), "next"]);
    assert_eq!(lines(&[&full, b"y", b"z\nnext\n"]), [cut.as_str(), "next"]);
    let long = [full.as_slice(), b"y\nnext"].concat();
    assert_eq!(lines(&[&long]), [cut.as_str(), "next"]);
    assert_eq!(lines(&[&full, b"y"]), [cut.as_str()]);
}

#[test]
fn captures_up_to_the_limit() {
    let ty: Type = "list<u8>".parse().unwrap();
    let mut capture = Capture::new(&ty, 4).unwrap();
    capture.write(b"ab").unwrap();
    capture.write(b"cd").unwrap();
    assert_eq!(capture.write(b"e"), Err(Stop::Output(4)));
    assert_eq!(&capture.finish().unwrap().raw(&ty).unwrap()[..], b"abcd");
    assert!(Capture::new(&"string".parse().unwrap(), 4).is_none());
}
