//! Sizes and durations as people write them in settings.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

/// A number of bytes: `64MiB`, `8 KiB` or plain `65536`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Size(pub(crate) u64);

/// A span of time: `30s`, `250ms`, `5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Span(pub(crate) Duration);

/// A moment: a time (RFC 3339), or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    At(Timestamp),
    Ago(Span),
}

/// Either is a text with a unit or a plain number.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a number, or a text with a unit such as \"64MiB\" or \"30s\""
)]
enum Written {
    Number(u64),
    Text(String),
}

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];
const SPANS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

fn parse(text: &str, units: &[(&str, u64)], plain: Option<u64>) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" => plain?,
        unit => units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn print(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)], smallest: &str) -> fmt::Result {
    let largest = units
        .iter()
        .filter(|(_, factor)| value >= *factor && value.is_multiple_of(*factor))
        .max_by_key(|(_, factor)| *factor);
    match largest {
        Some((unit, factor)) => write!(f, "{}{unit}", value / factor),
        None => write!(f, "{value}{smallest}"),
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &SIZES, Some(1))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a size: write bytes, or a number with KiB, MiB or GiB"))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &SPANS, None)
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(|| format!("`{text}` is not a duration: write a number with ms, s, m, h or d"))
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(span) = text.parse() {
            return Ok(Self::Ago(span));
        }
        text.parse().map(Self::At).map_err(|_| {
            format!("`{text}` is neither a time such as `2026-01-31T12:00:00Z` nor a span such as `2h`")
        })
    }
}

impl TryFrom<Written> for Size {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(bytes) => Ok(Self(bytes)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl TryFrom<Written> for Span {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(number) => Err(format!(
                "{number} has no unit: write \"{number}s\" or \"{number}ms\""
            )),
            Written::Text(text) => text.parse(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, self.0, &SIZES[..3], "B")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(
            f,
            u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX),
            &SPANS,
            "ms",
        )
    }
}

/// As the server reads it, by whose clock it is.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => time.fmt(f),
            Self::Ago(span) => span.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, written) in [
            ("64MiB", 64 << 20, "64MiB"),
            ("8 kib", 8192, "8KiB"),
            ("65536", 65536, "64KiB"),
            ("1000", 1000, "1000B"),
            ("0", 0, "0B"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!(size.0, bytes, "{text}");
            assert_eq!(size.to_string(), written);
        }
        for text in ["", "MiB", "1.5MiB", "-1", "1 parsec", "99999999999GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        for (text, ms) in [
            ("30s", 30_000),
            ("250ms", 250),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("2d", 172_800_000),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0.as_millis(), ms);
            assert_eq!(span.to_string(), text);
        }
        for text in ["30", "", "s", "1w"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_times_or_spans() {
        for (text, written) in [
            ("2026-01-31T13:00:00+02:00", "2026-01-31T11:00:00Z"),
            ("2 H", "2h"),
            ("90s", "90s"),
        ] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), written);
        }
        let wrong = "yesterday".parse::<Moment>().unwrap_err();
        assert!(wrong.contains("`yesterday` is neither a time"), "{wrong}");
    }
}
