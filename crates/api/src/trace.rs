//! W3C trace context: where a request comes from, and which ids it goes on with.

use http::{HeaderMap, HeaderName, HeaderValue};
use weft_function_engine::port::TraceContext;

/// The header that carries a trace context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Length of a version 00 header: `00-<32 hex>-<16 hex>-<2 hex>`.
const LENGTH: usize = 55;
const SAMPLED: u8 = 1;

/// The trace of one request: the span made for it, and the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The trace and the span of this request.
    pub context: TraceContext,
    /// The caller's span; none where the trace begins here.
    pub parent: Option<[u8; 8]>,
}

/// Continues the caller's trace, or begins one: a header that is not valid is as good as none, as the standard asks.
///
/// A trace that begins here is marked as sampled if `sample` is set.
pub(crate) fn begin(headers: &HeaderMap, sample: bool) -> Trace {
    let span_id = nonzero(|| fastrand::u64(..)).to_be_bytes();
    match caller(headers) {
        Some(caller) => Trace {
            context: TraceContext { span_id, ..caller },
            parent: Some(caller.span_id),
        },
        None => Trace {
            context: TraceContext {
                trace_id: nonzero_u128().to_be_bytes(),
                span_id,
                sampled: sample,
            },
            parent: None,
        },
    }
}

/// The header for a context.
pub(crate) fn header(context: &TraceContext) -> HeaderValue {
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    encode(&context.trace_id, &mut text[3..35]);
    encode(&context.span_id, &mut text[36..52]);
    text[54] = if context.sampled { b'1' } else { b'0' };
    // Digits and hyphens are always a valid header value.
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Writes `bytes` in lower-case hexadecimal digits into `out`, which is twice as long.
pub(crate) fn encode(bytes: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Bytes as a text of lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = vec![0; 2 * bytes.len()];
    encode(bytes, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

fn caller(headers: &HeaderMap) -> Option<TraceContext> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let only = all.next()?;
    match all.next() {
        None => parse(only.as_bytes()),
        Some(_) => None,
    }
}

/// Reads a header of version 00, or the part of a later version that is the same by promise.
fn parse(text: &[u8]) -> Option<TraceContext> {
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let version = decode::<1>(&known[..2])?[0];
    let complete = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.is_empty() || rest[0] == b'-',
    };
    let separated = known[2] == b'-' && known[35] == b'-' && known[52] == b'-';
    if !complete || !separated {
        return None;
    }
    let trace_id = decode::<16>(&known[3..35])?;
    let span_id = decode::<8>(&known[36..52])?;
    let flags = decode::<1>(&known[53..55])?[0];
    let valid = trace_id != [0; 16] && span_id != [0; 8];
    valid.then_some(TraceContext {
        trace_id,
        span_id,
        sampled: flags & SAMPLED != 0,
    })
}

/// Reads exactly `N` bytes of lower-case hexadecimal digits.
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Reads lower-case hexadecimal digits of any even number.
pub(crate) fn decode_vec(text: &[u8]) -> Option<Vec<u8>> {
    let pairs = text.chunks(2);
    pairs.map(|pair| decode::<1>(pair).map(|[byte]| byte)).collect()
}

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

fn nonzero(mut draw: impl FnMut() -> u64) -> u64 {
    loop {
        let drawn = draw();
        if drawn != 0 {
            return drawn;
        }
    }
}

fn nonzero_u128() -> u128 {
    u128::from(nonzero(|| fastrand::u64(..))) << 64 | u128::from(fastrand::u64(..))
}

#[cfg(test)]
mod tests;
