//! Calls that no key makes one: those of functions that are no workflows.

use http::{HeaderMap, HeaderValue};

use crate::headers;
use crate::problem::{Kind, Problem};

/// What the keys of runs' ends begin with, which are posted to webhooks.
const OF_WEBHOOKS: &[u8] = b"weft-run-ended-";
/// Hexadecimal digits of a node's key.
const OF_NODES: usize = 32;

/// Refuses a caller's idempotency key: who sends one relies on a repetition not being executed, but it would be.
///
/// Keys that servers add by themselves to what their guests send, and to webhooks, are nobody's reliance.
pub(super) fn refuse_key(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(headers::IDEMPOTENCY_KEY) {
        None => Ok(()),
        Some(key) if is_added(key) => Ok(()),
        Some(_) => Err(Problem::new(
            Kind::InvalidHeader,
            "the header `idempotency-key` is for workflows only: a function is executed again whenever it is called. Leave the \
             header out, or call a workflow that calls the function",
        )
        .with("header", headers::IDEMPOTENCY_KEY.as_str())),
    }
}

/// Whether a server made the key: `{key of the node}-{number of the request}`, or that of a run's end.
fn is_added(key: &HeaderValue) -> bool {
    let key = key.as_bytes();
    let of_node = key.split_at_checked(OF_NODES).is_some_and(|(node, rest)| {
        node.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
            && rest
                .strip_prefix(b"-")
                .is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit))
    });
    of_node || key.starts_with(OF_WEBHOOKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_refused_unless_servers_added_them() {
        let node = "0123456789abcdef0123456789abcdef";
        for (key, taken) in [
            (None, true),
            (Some("a".to_owned()), false),
            (Some(String::new()), false),
            (Some(node.to_owned()), false),
            (Some(format!("{node}-")), false),
            (Some(format!("{node}-a")), false),
            (Some(format!("{}-1", node.to_uppercase())), false),
            (Some("01234567-89ab-cdef-0123-456789abcdef".to_owned()), false),
            (Some(format!("{node}-0")), true),
            (Some(format!("{node}-17")), true),
            (
                Some("weft-run-ended-01234567-89ab-cdef-0123-456789abcdef".to_owned()),
                true,
            ),
        ] {
            let headers: HeaderMap = key
                .iter()
                .map(|key| (headers::IDEMPOTENCY_KEY, key.parse().unwrap()))
                .collect();
            assert_eq!(refuse_key(&headers).is_ok(), taken, "{key:?}");
        }
    }
}
