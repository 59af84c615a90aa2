//! The text that a request presents as its token.

use http::{HeaderMap, HeaderName, header};
use weft_access::Secret;

/// Where HTTP functions look for nothing: for callers whose `Authorization` is the function's business.
const TOKEN: HeaderName = HeaderName::from_static("weft-token");

/// What a request to the API presents: `Authorization: Bearer …`. Whatever else is there is an empty one, which nobody has.
pub(super) fn to_api(headers: &HeaderMap) -> Option<&[u8]> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let only = all.next()?;
    match all.next() {
        None => Some(bearer(only.as_bytes()).unwrap_or_default()),
        Some(_) => Some(b""),
    }
}

/// What a request to an HTTP function presents: `Weft-Token: …`, or the same as to the API where that is one of our tokens.
/// Another `Authorization` is between the caller and the function.
pub(crate) fn of_function(headers: &HeaderMap) -> Option<&[u8]> {
    if let Some(token) = headers.get(TOKEN) {
        return Some(token.as_bytes());
    }
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    all.find_map(|value| bearer(value.as_bytes()).filter(|token| Secret::is_meant(token)))
}

/// Takes tokens out of what a function gets to see.
pub(crate) fn remove(headers: &mut HeaderMap) {
    headers.remove(TOKEN);
    // Without the word before it, a token is as good for whoever gets to see it.
    let ours = |value: &http::HeaderValue| {
        let value = value.as_bytes();
        Secret::is_meant(bearer(value).unwrap_or(value))
    };
    if headers.get_all(header::AUTHORIZATION).iter().any(ours) {
        headers.remove(header::AUTHORIZATION);
    }
}

/// The text behind `Bearer`, in any case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|&(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            })
    }

    #[test]
    fn tokens_are_found() {
        let auth = |value| ("authorization", value);
        let cases: [(&[_], Option<&str>, Option<&str>); 8] = [
            (&[], None, None),
            (&[auth("Bearer weft_a")], Some("weft_a"), Some("weft_a")),
            (&[auth("bearer  weft_a")], Some("weft_a"), Some("weft_a")),
            (&[auth("Basic abc")], Some(""), None),
            (&[auth("Bearer abc")], Some("abc"), None),
            (
                &[auth("Bearer weft_a"), auth("Bearer weft_b")],
                Some(""),
                Some("weft_a"),
            ),
            (
                &[("weft-token", "weft_a"), auth("Bearer mine")],
                Some("mine"),
                Some("weft_a"),
            ),
            (&[auth("weft_a")], Some(""), None),
        ];
        for (pairs, api, function) in cases {
            let headers = headers(pairs);
            let text = |found: Option<&[u8]>| found.map(|text| String::from_utf8(text.to_vec()).unwrap());
            assert_eq!(text(to_api(&headers)).as_deref(), api, "{pairs:?}");
            assert_eq!(text(of_function(&headers)).as_deref(), function, "{pairs:?}");
        }
    }

    #[test]
    fn functions_see_no_tokens_of_ours() {
        for (pairs, left) in [
            (&[("authorization", "Bearer weft_a")][..], 0),
            (&[("authorization", "weft_a")], 0),
            (&[("weft-token", "weft_a"), ("authorization", "Bearer mine")], 1),
            (
                &[
                    ("authorization", "Bearer mine"),
                    ("authorization", "bearer weft_a"),
                ],
                0,
            ),
        ] {
            let mut headers = headers(pairs);
            remove(&mut headers);
            assert_eq!(headers.len(), left, "{pairs:?}");
        }
    }
}
