//! Parameters of a query: known ones, each at most once where it is one value, with errors that name them.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use jiff::Timestamp;
use weft_types::VersionNumber;

use crate::problem::{Kind, Problem};

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

/// That a request has none, for routes that know none.
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::parse(&parts.uri, &[]).map(|_| Self)
    }
}

impl Query {
    /// Reads the query; only parameters of these names may be there.
    pub(crate) fn parse(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let axum::extract::Query(pairs) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)?;
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(Self(pairs)),
            Some((name, _)) => {
                let known = match known {
                    [] => "there is none here".to_owned(),
                    known => format!("known are `{}`", known.join("`, `")),
                };
                Err(invalid(name, &format!("is unknown; {known}")))
            }
        }
    }

    /// The value of a parameter that may be given once.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.all(name);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(invalid(name, "is given more than once")),
        }
    }

    /// The values of a parameter that may be given repeatedly.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter of any type that can be read from text; `expected` says what it must be.
    pub(crate) fn value<T: FromStr>(&self, name: &str, expected: impl Display) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let value = text
            .parse()
            .map_err(|_| invalid(name, &format!("must be {expected}, not `{}`", shown(text))))?;
        Ok(Some(value))
    }

    /// How many items are asked for.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Problem> {
        let expected = format!("a number from 1 to {most}");
        match self.value::<usize>("limit", &expected)? {
            None => Ok(default),
            Some(limit) if (1..=most).contains(&limit) => Ok(limit),
            Some(limit) => Err(invalid("limit", &format!("must be {expected}, not {limit}"))),
        }
    }

    /// A version's number.
    pub(crate) fn version(&self) -> Result<Option<VersionNumber>, Problem> {
        Ok(self.value("version", "a version's number")?.map(VersionNumber))
    }

    /// `true`, `false`, or the bare name for true.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Problem> {
        match self.text(name)? {
            None => Ok(default),
            Some("") => Ok(true),
            Some(_) => Ok(self.value(name, "`true` or `false`")?.unwrap_or(default)),
        }
    }

    /// A time as `250ms`, `5s` or `2m`, or a bare number of milliseconds; not 0.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let duration = parse_duration(text).filter(|duration| !duration.is_zero());
        duration.map(Some).ok_or_else(|| {
            let expected = "must be a time such as `250ms`, `5s` or `2m`, or a number of milliseconds";
            invalid(name, &format!("{expected}, not `{}`", shown(text)))
        })
    }

    /// A moment: a time, or how long before `now` it was, as `30s`, `10m`, `2h` or `1d`.
    pub(crate) fn moment(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let moment = match parse_span(text) {
            Some(ago) => now.checked_sub(ago).ok(),
            None => text.parse().ok(),
        };
        moment.map(Some).ok_or_else(|| {
            let expected =
                "must be a time such as `2026-01-31T12:00:00Z`, or how long ago it was, such as `30s`, `10m`, `2h` or `1d`";
            invalid(name, &format!("{expected}, not `{}`", shown(text)))
        })
    }
}

/// A span with its unit, which may be longer than a request takes.
fn parse_span(text: &str) -> Option<Duration> {
    let (number, each) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => (hours, 3_600),
        (_, Some(days)) => (days, 86_400),
        // A bare number could be milliseconds as well as a year.
        _ => return parse_duration(text).filter(|_| text.ends_with(['s', 'm'])),
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(each)
        .map(Duration::from_secs)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis_each = match unit {
        "" | "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(millis_each)
        .map(Duration::from_millis)
}

/// A problem with a parameter.
pub(crate) fn invalid(name: &str, message: &str) -> Problem {
    let name = shown(name);
    Problem::new(Kind::InvalidQuery, format!("the parameter `{name}` {message}")).with("parameter", name)
}

fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .collect::<String>()
        .escape_debug()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["limit", "version", "timeout", "label", "download", "since"];

    fn query(text: &str) -> Result<Query, Kind> {
        let uri = format!("/x?{text}").parse().unwrap();
        Query::parse(&uri, KNOWN).map_err(|problem| problem.kind())
    }

    #[test]
    fn values_are_read() {
        let query = query("limit=7&label=a%3Ab&label=c%20d&version=3&download").unwrap();
        assert_eq!(query.limit(100, 1000).unwrap(), 7);
        assert_eq!(query.all("label").collect::<Vec<_>>(), ["a:b", "c d"]);
        assert_eq!(query.version().unwrap(), Some(VersionNumber(3)));
        assert!(query.flag("download", false).unwrap());
        assert_eq!(query.duration("timeout").unwrap(), None);
    }

    #[test]
    fn durations_have_units() {
        let duration = |text: &str| {
            query(&format!("timeout={text}"))
                .unwrap()
                .duration("timeout")
                .ok()
                .flatten()
        };
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("250"), Some(Duration::from_millis(250)));
        assert_eq!(duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        for text in [
            "",
            "0",
            "-1s",
            "s",
            "1h",
            "1.5s",
            "99999999999999999999",
            "99999999999999999m",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_times_or_spans() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let moment = |text: &str| query(&format!("since={text}")).unwrap().moment("since", now);
        for (text, expected) in [
            ("2026-01-31T13:00:00%2B02:00", "2026-01-31T11:00:00Z"),
            ("250ms", "2026-01-31T11:59:59.75Z"),
            ("0s", "2026-01-31T12:00:00Z"),
            ("30s", "2026-01-31T11:59:30Z"),
            ("10m", "2026-01-31T11:50:00Z"),
            ("2h", "2026-01-31T10:00:00Z"),
            ("1d", "2026-01-30T12:00:00Z"),
        ] {
            assert_eq!(moment(text).unwrap(), Some(expected.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "30",
            "h",
            "-1h",
            "1.5h",
            "1w",
            "yesterday",
            "999999999d",
            "99999999999999999999d",
        ] {
            let problem = moment(text).unwrap_err();
            assert_eq!(problem.kind(), Kind::InvalidQuery, "{text}");
            assert!(
                problem.detail().contains("`since` must be a time"),
                "{}",
                problem.detail()
            );
        }
        assert_eq!(query("").unwrap().moment("since", now).unwrap(), None);
    }

    #[test]
    fn mistakes_name_the_parameter() {
        assert_eq!(query("unknown=1").unwrap_err(), Kind::InvalidQuery);
        let cases = [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
        ];
        for (text, name) in cases {
            let problem = query(text).unwrap().limit(100, 1000).unwrap_err();
            assert!(
                problem.detail().contains(&format!("`{name}`")),
                "{text}: {}",
                problem.detail()
            );
        }
    }
}
