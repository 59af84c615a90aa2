//! The access log: one line a request.
//!
//! Its lines look like those of every other event, and the log filter knows them by the target [`TARGET`]; but they are
//! written without the machinery of events, which would cost a call more than anything else the API does for it.

use std::cell::RefCell;
use std::io::Write as _;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Serialize;
use weft_api::{Finished, Observer};

use super::LogFormat;
use super::writer::Lines;

/// The target of access log lines; silenced with `weft::access=off`.
const TARGET: &str = "weft::access";

/// Writes a line for every finished request.
pub(crate) struct AccessLog {
    lines: Lines,
    format: LogFormat,
}

impl AccessLog {
    pub(super) fn new(lines: Lines, format: LogFormat) -> Self {
        Self { lines, format }
    }
}

impl Observer for AccessLog {
    fn finished(&self, request: &Finished<'_>) {
        if !tracing::enabled!(target: TARGET, tracing::Level::INFO) {
            return;
        }
        LINE.with_borrow_mut(|line| {
            line.text.clear();
            match self.format {
                LogFormat::Text => line.write_text(request),
                LogFormat::Json => line.write_json(request),
            }
            line.text.push(b'\n');
            // Nothing is left to be done about a full queue: it counts what it drops.
            let _ = (&self.lines).write(&line.text);
        });
    }
}

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}

/// A line being written, with what the next one can use of it.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    clock: Clock,
}

/// What a line says, in the order in which it does.
#[derive(Serialize)]
struct Event<'a> {
    timestamp: &'a str,
    level: &'a str,
    method: &'a str,
    path: &'a str,
    status: u16,
    bytes: u64,
    micros: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation: Option<&'a str>,
    trace: &'a str,
    target: &'a str,
}

impl Line {
    fn write_text(&mut self, request: &Finished<'_>) {
        let Self { text, clock } = self;
        text.extend_from_slice(clock.show(ended(request)).as_bytes());
        text.extend_from_slice(b"  INFO weft::access: method=");
        quote(request.method.as_str(), text);
        text.extend_from_slice(b" path=");
        quote(request.uri.path(), text);
        number(b" status=", request.status.as_u16().into(), text);
        number(b" bytes=", request.bytes, text);
        number(b" micros=", micros(request), text);
        if let Some(invocation) = invocation(request) {
            text.extend_from_slice(b" invocation=");
            quote(invocation, text);
        }
        text.extend_from_slice(b" trace=");
        text.extend_from_slice(&hex(&request.trace.context.trace_id));
    }

    fn write_json(&mut self, request: &Finished<'_>) {
        let trace = hex(&request.trace.context.trace_id);
        let event = Event {
            timestamp: self.clock.show(ended(request)),
            level: "INFO",
            method: request.method.as_str(),
            // The query is left out: it may hold what does not belong into logs.
            path: request.uri.path(),
            status: request.status.as_u16(),
            bytes: request.bytes,
            micros: micros(request),
            invocation: invocation(request),
            trace: std::str::from_utf8(&trace).unwrap_or_default(),
            target: TARGET,
        };
        // Neither texts and numbers nor a vector can fail.
        let _ = serde_json::to_writer(&mut self.text, &event);
    }
}

fn ended(request: &Finished<'_>) -> SystemTime {
    request.began.checked_add(request.took).unwrap_or(request.began)
}

fn micros(request: &Finished<'_>) -> u64 {
    u64::try_from(request.took.as_micros()).unwrap_or(u64::MAX)
}

fn invocation<'a>(request: &Finished<'a>) -> Option<&'a str> {
    request.invocation.and_then(|id| id.to_str().ok())
}

/// Shows times; the part down to the second, which lines share, is made once.
#[derive(Default)]
struct Clock {
    second: Option<i64>,
    /// As `2026-01-31T12:00:00.000000Z`.
    text: String,
}

/// Where the fraction of a second begins and ends in such a text.
const FRACTION: std::ops::Range<usize> = 20..26;

impl Clock {
    fn show(&mut self, time: SystemTime) -> &str {
        let time = Timestamp::try_from(time).unwrap_or_default();
        if self.second != Some(time.as_second()) {
            self.second = Some(time.as_second());
            self.text = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string();
        }
        let micros = time.subsec_nanosecond().unsigned_abs() / 1000;
        // The first of seven digits makes zeroes of what is missing, and is left out.
        let mut digits = itoa::Buffer::new();
        self.text
            .replace_range(FRACTION, &digits.format(1_000_000 + micros)[1..]);
        &self.text
    }
}

/// Appends `text` as the other lines quote it.
fn quote(text: &str, out: &mut Vec<u8>) {
    // Every byte is looked at, whatever those before it were: many at once that way.
    let plain = |all: bool, c: u8| all & c.is_ascii_graphic() & (c != b'"') & (c != b'\\');
    if text.bytes().fold(true, plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // A vector takes everything.
        let _ = write!(out, "{text:?}");
    }
}

fn number(name: &[u8], value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn hex(id: &[u8; 16]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (byte, pair) in id.iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests;
