//! Parts of a representation (RFC 9110, section 14): one range of bytes.

use std::ops::Range;

use http::{HeaderMap, HeaderValue, header};

use crate::headers;
use crate::problem::{Kind, Problem};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything: also where what is asked for is not understood, or is several parts.
    Whole,
    /// These bytes, of which there is at least one.
    Part(Range<u64>),
    /// Bytes that there are not.
    Beyond,
}

impl Wanted {
    /// What is asked for of so many bytes.
    pub(super) fn of(request: &HeaderMap, length: u64) -> Self {
        let mut values = request.get_all(header::RANGE).iter();
        let only = values.next().filter(|_| values.next().is_none());
        let text = only.and_then(|value| value.to_str().ok());
        text.and_then(|text| parse(text, length)).unwrap_or(Self::Whole)
    }
}

/// None for what is no single range of bytes.
fn parse(text: &str, length: u64) -> Option<Wanted> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let part = match (first, last) {
        ("", last) => length.saturating_sub(number(last)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if part.is_empty() {
        Wanted::Beyond
    } else {
        Wanted::Part(part)
    })
}

/// Digits and nothing else; more of them than a number has are the largest number.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Which bytes an answer has.
pub(super) fn content_range(part: &Range<u64>, length: u64) -> HeaderValue {
    let text = format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1));
    headers::ascii(text.as_bytes())
}

/// The problem of a range that lies beyond the end.
pub(super) fn beyond(length: u64) -> Problem {
    let detail = format!("the blob has {length} bytes, and `Range` asks for others");
    let range = format!("bytes */{length}");
    Problem::new(Kind::RangeNotSatisfiable, detail)
        .with("length", length)
        .with_header(header::CONTENT_RANGE, headers::ascii(range.as_bytes()))
        .with_header(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, length: u64, expected: Wanted) {
        let request = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_str(text).unwrap())]);
        assert_eq!(Wanted::of(&request, length), expected, "`{text}` of {length}");
    }

    #[test]
    fn parts_are_cut_at_the_end() {
        for (text, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-9", 0..10),
            ("bytes=3-5", 3..6),
            ("bytes=9-9", 9..10),
            ("bytes=9-", 9..10),
            ("bytes=0-", 0..10),
            ("bytes=5-99", 5..10),
            ("bytes=5-99999999999999999999999", 5..10),
            ("bytes=-1", 9..10),
            ("bytes=-10", 0..10),
            ("bytes=-99", 0..10),
            ("Bytes = 1-2", 1..3),
        ] {
            check(text, 10, Wanted::Part(part));
        }
    }

    #[test]
    fn what_lies_beyond_the_end_is_none() {
        for text in [
            "bytes=10-",
            "bytes=10-10",
            "bytes=99999999999999999999999-",
            "bytes=-0",
        ] {
            check(text, 10, Wanted::Beyond);
        }
        for text in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            check(text, 0, Wanted::Beyond);
        }
    }

    #[test]
    fn what_is_not_understood_is_ignored() {
        for text in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-3",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=0-1,3-4",
            "bytes=0x1-",
            "bytes=1 -2",
            "lines=0-1",
            "0-1",
        ] {
            check(text, 10, Wanted::Whole);
        }
        let twice = ["bytes=0-1", "bytes=2-3"].map(|text| (header::RANGE, HeaderValue::from_static(text)));
        let mut request = HeaderMap::new();
        for (name, value) in twice {
            request.append(name, value);
        }
        assert_eq!(Wanted::of(&request, 10), Wanted::Whole);
        assert_eq!(Wanted::of(&HeaderMap::new(), 10), Wanted::Whole);
    }

    #[test]
    fn answers_name_their_bytes() {
        assert_eq!(content_range(&(0..1), 10), "bytes 0-0/10");
        assert_eq!(content_range(&(5..10), 10), "bytes 5-9/10");
    }
}
