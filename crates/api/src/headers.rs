//! Weft's own headers, and cheap ways to make common values.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;

use crate::problem::{Kind, Problem};
use crate::trace;

/// The id of a call, in its answer.
pub(crate) const INVOCATION: HeaderName = HeaderName::from_static("weft-invocation");
/// The version that answered.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("weft-version");
/// The seed of an effect-free call's randomness, as 64 hexadecimal digits; both ways.
pub(crate) const SEED: HeaderName = HeaderName::from_static("weft-seed");
/// The time an effect-free call's clock started at, as RFC 3339; both ways.
pub(crate) const TIME: HeaderName = HeaderName::from_static("weft-time");
/// Who makes the request.
pub(crate) const USER: HeaderName = HeaderName::from_static("weft-user");
/// The path that was taken off before a function sees a request's.
pub(crate) const BASE_PATH: HeaderName = HeaderName::from_static("weft-base-path");
/// The run that a call of a workflow is.
pub(crate) const RUN: HeaderName = HeaderName::from_static("weft-run");
/// How that run ended.
pub(crate) const RUN_STATUS: HeaderName = HeaderName::from_static("weft-run-status");
/// Where a result is kept.
pub(crate) const BLOB: HeaderName = HeaderName::from_static("weft-blob");
/// How many runs are kept of a workflow that was deleted.
pub(crate) const KEPT_RUNS: HeaderName = HeaderName::from_static("weft-kept-runs");
/// What the caller calls its request, so that a repetition is none.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How long a call took where.
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Bytes.
pub(crate) const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Who makes requests without [`USER`].
const ANONYMOUS: &str = "anonymous";
/// The longest user in bytes.
const MAX_USER: usize = 128;

/// The status of requests whose client went away; nobody sees it but the log.
pub(crate) fn client_closed_request() -> StatusCode {
    // 499 is within 100 to 999, all of which are accepted.
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Forbids browsers to guess the type of a response.
pub(crate) fn no_sniff(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
}

/// Who makes the request: one to 128 visible ASCII characters, or nobody in particular.
pub(crate) fn user(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get(USER) else {
        return Ok(ANONYMOUS.to_owned());
    };
    let bytes = value.as_bytes();
    let valid = (1..=MAX_USER).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(user) if valid => Ok(user.to_owned()),
        _ => Err(invalid(
            &USER,
            &format!("1 to {MAX_USER} visible ASCII characters without spaces"),
            value,
        )),
    }
}

/// Who makes a request, for routes that need to know.
pub(crate) struct User(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        user(&parts.headers).map(Self)
    }
}

/// The seed to call with.
pub(crate) fn seed(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    let Some(value) = headers.get(SEED) else {
        return Ok(None);
    };
    let seed = trace::decode::<32>(value.as_bytes());
    seed.map(Some)
        .ok_or_else(|| invalid(&SEED, "64 lower-case hexadecimal digits", value))
}

/// The time to call with.
pub(crate) fn time(headers: &HeaderMap) -> Result<Option<Timestamp>, Problem> {
    let Some(value) = headers.get(TIME) else {
        return Ok(None);
    };
    let time = value.to_str().ok().and_then(|text| text.parse().ok());
    time.map(Some)
        .ok_or_else(|| invalid(&TIME, "a time as in `2026-01-31T12:00:00.5Z`", value))
}

/// A seed as a header.
pub(crate) fn seed_value(seed: &[u8; 32]) -> HeaderValue {
    let mut text = [0; 64];
    trace::encode(seed, &mut text);
    ascii(&text)
}

/// A time as a header.
pub(crate) fn time_value(time: Timestamp) -> HeaderValue {
    ascii(time.to_string().as_bytes())
}

/// Durations as [`SERVER_TIMING`] wants them: `queue;dur=0.012, start;dur=0.1, exec;dur=3.5`, in milliseconds.
pub(crate) fn server_timing(queue: Duration, start: Duration, execution: Duration) -> HeaderValue {
    let mut text = Vec::with_capacity(64);
    for (name, duration) in [
        ("queue;dur=", queue),
        (", start;dur=", start),
        (", exec;dur=", execution),
    ] {
        text.extend_from_slice(name.as_bytes());
        let micros = duration.as_micros();
        text.extend_from_slice(itoa::Buffer::new().format(micros / 1000).as_bytes());
        let rest = (micros % 1000) as u16;
        text.extend_from_slice(&[b'.', digit(rest / 100), digit(rest / 10), digit(rest)]);
    }
    ascii(&text)
}

/// A header of visible ASCII, which is always valid.
pub(crate) fn ascii(text: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn digit(number: u16) -> u8 {
    b'0' + (number % 10) as u8
}

fn invalid(name: &HeaderName, expected: &str, found: &HeaderValue) -> Problem {
    let found = String::from_utf8_lossy(found.as_bytes());
    let shown: String = found.chars().take(80).collect();
    Problem::new(
        Kind::InvalidHeader,
        format!(
            "the header `{name}` must be {expected}, not `{}`",
            shown.escape_debug()
        ),
    )
    .with("header", name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn users_are_bounded() {
        assert_eq!(user(&HeaderMap::new()).unwrap(), "anonymous");
        assert_eq!(user(&one(USER, "ada@example.com")).unwrap(), "ada@example.com");
        for text in ["", "a b", &"x".repeat(MAX_USER + 1), "tab\there"] {
            assert_eq!(
                user(&one(USER, text)).unwrap_err().kind(),
                Kind::InvalidHeader,
                "{text:?}"
            );
        }
        let latin = HeaderMap::from_iter([(USER, HeaderValue::from_bytes(b"\xe4da").unwrap())]);
        assert!(user(&latin).is_err());
    }

    #[test]
    fn seeds_and_times_come_back_as_they_went() {
        let drawn = std::array::from_fn(|i| u8::try_from(i).unwrap() * 7);
        let mut headers = HeaderMap::from_iter([(SEED, seed_value(&drawn))]);
        assert_eq!(seed(&headers).unwrap(), Some(drawn));
        let now = Timestamp::new(1_700_000_000, 123_456_789).unwrap();
        headers.insert(TIME, time_value(now));
        assert_eq!(time(&headers).unwrap(), Some(now));
        assert!(seed(&one(SEED, "00")).is_err());
        assert!(time(&one(TIME, "yesterday")).is_err());
    }

    #[test]
    fn timings_are_milliseconds() {
        let micros = Duration::from_micros;
        assert_eq!(
            server_timing(micros(7), micros(1_050), micros(12_345_678)),
            "queue;dur=0.007, start;dur=1.050, exec;dur=12345.678"
        );
    }
}
