//! Which form a call's arguments have and which its answer shall have.

use http::{HeaderMap, header};

use crate::problem::{Kind, Problem};

const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";

/// The form of the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Json,
    Octets,
}

/// The form the answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    Json,
    /// Bytes and nothing else.
    Octets,
    /// Bytes where the result is bytes, else JSON.
    OctetsOrJson,
}

impl Sent {
    /// Reads `Content-Type`, which an empty body does not need.
    pub(super) fn of(headers: &HeaderMap, empty: bool) -> Result<Self, Problem> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return if empty {
                Ok(Self::Json)
            } else {
                Err(unsupported("no `Content-Type` was sent"))
            };
        };
        let text = value.to_str().unwrap_or_default();
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim();
        if essence.eq_ignore_ascii_case(OCTETS) {
            return Ok(Self::Octets);
        }
        if !essence.eq_ignore_ascii_case(JSON) {
            return Err(unsupported(&format!("`{}` was sent", essence.escape_debug())));
        }
        match charset(parameters) {
            Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => Err(unsupported(&format!(
                "JSON in `{}` was sent",
                charset.escape_debug()
            ))),
            _ => Ok(Self::Json),
        }
    }
}

/// Expects JSON, or nothing.
pub(crate) fn expect_json(headers: &HeaderMap, empty: bool) -> Result<(), Problem> {
    match Sent::of(headers, empty) {
        Ok(Sent::Json) => Ok(()),
        Ok(Sent::Octets) | Err(_) => {
            let sent = headers
                .get(header::CONTENT_TYPE)
                .map(|value| value.to_str().unwrap_or_default());
            let sent = sent.map_or("no `Content-Type`".to_owned(), |sent| {
                format!("`{}`", sent.escape_debug())
            });
            let detail = format!("{sent} was sent; this takes `{JSON}` (in UTF-8)");
            Err(Problem::new(Kind::UnsupportedMediaType, detail).with("accepts", [JSON]))
        }
    }
}

fn charset(parameters: &str) -> Option<&str> {
    let mut pairs = parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"'))
}

fn unsupported(found: &str) -> Problem {
    Problem::new(
        Kind::UnsupportedMediaType,
        format!(
            "{found}; a call takes `{JSON}` (in UTF-8), or `{OCTETS}` where its one parameter is a `list<u8>`"
        ),
    )
    .with("accepts", [JSON, OCTETS])
}

impl Accepted {
    /// Reads `Accept`: bytes are answered only to those who name them.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut json = Weight::default();
        let mut octets = 0;
        let mut any = false;
        for value in headers.get_all(header::ACCEPT) {
            let text = value.to_str().unwrap_or_default();
            if text == "*/*" {
                return Ok(Self::Json);
            }
            for range in text.split(',').map(str::trim).filter(|range| !range.is_empty()) {
                any = true;
                let (essence, quality) = weighted(range);
                match essence {
                    _ if essence.eq_ignore_ascii_case(OCTETS) => octets = quality,
                    _ if essence.eq_ignore_ascii_case(JSON) => json.own = Some(quality),
                    "*/*" | "application/*" => json.wildcard = json.wildcard.max(quality),
                    _ => {}
                }
            }
        }
        let json_quality = json.own.unwrap_or(json.wildcard);
        match (octets, json_quality) {
            _ if !any => Ok(Self::Json),
            (0, 0) => Err(not_acceptable(&format!(
                "an answer can have the type `{JSON}` or `{OCTETS}`"
            ))),
            (0, _) => Ok(Self::Json),
            (_, 0) => Ok(Self::Octets),
            (octets, _) if json.own.is_some_and(|own| own > octets) => Ok(Self::Json),
            _ => Ok(Self::OctetsOrJson),
        }
    }
}

/// How much JSON is wanted: by its own name, and by wildcards, which count where its name is not there.
#[derive(Default)]
struct Weight {
    own: Option<u16>,
    wildcard: u16,
}

/// A media range and its quality in thousandths.
fn weighted(range: &str) -> (&str, u16) {
    let (essence, parameters) = range.split_once(';').unwrap_or((range, ""));
    let quality = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("q")
            .then(|| value.trim().parse::<f32>().ok())?
    });
    let thousandths = quality.map_or(1000, |quality| (quality.clamp(0.0, 1.0) * 1000.0) as u16);
    (essence.trim(), thousandths)
}

pub(super) fn not_acceptable(detail: &str) -> Problem {
    Problem::new(Kind::NotAcceptable, detail.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn one(name: header::HeaderName, value: Option<&str>) -> HeaderMap {
        value
            .map(|value| (name, HeaderValue::from_str(value).unwrap()))
            .into_iter()
            .collect()
    }

    #[test]
    fn sent_is_what_content_type_says() {
        let cases = [
            (None, true, Ok(Sent::Json)),
            (None, false, Err(Kind::UnsupportedMediaType)),
            (Some("application/json"), false, Ok(Sent::Json)),
            (Some("Application/JSON; charset=\"UTF-8\""), false, Ok(Sent::Json)),
            (
                Some("application/json; charset=latin1"),
                false,
                Err(Kind::UnsupportedMediaType),
            ),
            (Some("application/octet-stream"), true, Ok(Sent::Octets)),
            (Some("text/plain"), false, Err(Kind::UnsupportedMediaType)),
            (Some("text/plain"), true, Err(Kind::UnsupportedMediaType)),
            (
                Some("application/x-www-form-urlencoded"),
                false,
                Err(Kind::UnsupportedMediaType),
            ),
            (Some(""), false, Err(Kind::UnsupportedMediaType)),
        ];
        for (value, empty, expected) in cases {
            let found = Sent::of(&one(header::CONTENT_TYPE, value), empty).map_err(|problem| problem.kind());
            assert_eq!(found, expected, "{value:?} {empty}");
        }
    }

    #[test]
    fn bytes_are_answered_to_those_who_name_them() {
        let cases = [
            (None, Ok(Accepted::Json)),
            (Some("*/*"), Ok(Accepted::Json)),
            (Some(""), Ok(Accepted::Json)),
            (Some("application/json"), Ok(Accepted::Json)),
            (Some("application/*"), Ok(Accepted::Json)),
            (Some("text/html, */*;q=0.8"), Ok(Accepted::Json)),
            (Some("application/octet-stream"), Ok(Accepted::Octets)),
            (Some("application/octet-stream, */*"), Ok(Accepted::OctetsOrJson)),
            (
                Some("application/octet-stream, application/json"),
                Ok(Accepted::OctetsOrJson),
            ),
            (
                Some("application/json, application/octet-stream;q=0.5"),
                Ok(Accepted::Json),
            ),
            (
                Some("application/json;q=0.5, application/octet-stream"),
                Ok(Accepted::OctetsOrJson),
            ),
            (Some("application/octet-stream;q=0, */*"), Ok(Accepted::Json)),
            (
                Some("application/octet-stream, application/json;q=0"),
                Ok(Accepted::Octets),
            ),
            (Some("text/html"), Err(Kind::NotAcceptable)),
            (Some("application/json;q=0"), Err(Kind::NotAcceptable)),
            (Some("*/*;q=0"), Err(Kind::NotAcceptable)),
        ];
        for (value, expected) in cases {
            let found = Accepted::of(&one(header::ACCEPT, value)).map_err(|problem| problem.kind());
            assert_eq!(found, expected, "{value:?}");
        }
    }
}
