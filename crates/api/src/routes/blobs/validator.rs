//! What a client has already (RFC 9110, section 13): a blob's digest is its entity tag, and a strong one.

use http::{HeaderMap, HeaderValue, header};
use weft_types::Digest;

use crate::headers;

pub(super) fn entity_tag(digest: Digest) -> HeaderValue {
    headers::ascii(tag(digest).as_bytes())
}

/// Whether the client has the blob, and asks for it only if not.
pub(super) fn client_has(request: &HeaderMap, digest: Digest) -> bool {
    let tag = tag(digest);
    let lists = request.get_all(header::IF_NONE_MATCH).iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.trim_start_matches("W/") == tag)
}

/// Whether a range is asked for of this blob, rather than of another that the client has a part of.
pub(super) fn range_applies(request: &HeaderMap, digest: Digest) -> bool {
    let given = request.get(header::IF_RANGE);
    given.is_none_or(|given| *given == entity_tag(digest))
}

fn tag(digest: Digest) -> String {
    format!("\"{digest}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn any_of_the_tags_will_do() {
        let digest = Digest::of(b"a blob");
        let tag = tag(digest);
        let other = super::tag(Digest::of(b"another"));
        for (value, expected) in [
            (tag.clone(), true),
            (format!("W/{tag}"), true),
            (format!("{other}, {tag}"), true),
            ("*".to_owned(), true),
            (other, false),
            (digest.to_string(), false),
            (String::new(), false),
        ] {
            let request = with(header::IF_NONE_MATCH, &value);
            assert_eq!(client_has(&request, digest), expected, "{value}");
        }
        assert!(!client_has(&HeaderMap::new(), digest));
    }

    #[test]
    fn a_range_is_of_the_blob_that_the_client_knows() {
        let digest = Digest::of(b"a blob");
        assert!(range_applies(&HeaderMap::new(), digest));
        assert!(range_applies(&with(header::IF_RANGE, &tag(digest)), digest));
        for other in [
            &*format!("W/{}", tag(digest)),
            "\"x\"",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ] {
            assert!(!range_applies(&with(header::IF_RANGE, other), digest), "{other}");
        }
    }
}
