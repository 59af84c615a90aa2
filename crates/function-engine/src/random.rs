//! Unpredictable bytes: a generator per thread, seeded by the system, so that a call neither locks nor asks the kernel.

use std::cell::RefCell;

use jiff::Timestamp;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use uuid::Uuid;

use crate::port::TraceContext;

thread_local! {
    static GENERATOR: RefCell<ChaCha12Rng> = RefCell::new(generator());
}

/// `N` bytes that nobody can foresee.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    GENERATOR.with_borrow_mut(|generator| generator.fill_bytes(&mut bytes));
    bytes
}

/// An id for a call accepted at `now`: a version 7 UUID, so that ids sort by time.
pub(crate) fn invocation(now: Timestamp) -> Uuid {
    // Clocks before 1970 do not occur.
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes()).into_uuid()
}

/// The beginning of a trace, not sampled: for calls that came without one.
#[must_use]
pub fn new_trace() -> TraceContext {
    TraceContext {
        trace_id: bytes(),
        span_id: bytes(),
        sampled: false,
    }
}

/// The context of a call made within `parent`.
pub(crate) fn child(parent: TraceContext) -> TraceContext {
    TraceContext {
        span_id: bytes(),
        ..parent
    }
}

fn generator() -> ChaCha12Rng {
    let mut seed = [0; 32];
    // Without a source of randomness no seed could be kept secret: better no call at all.
    getrandom::fill(&mut seed).expect("the system provides randomness");
    ChaCha12Rng::from_seed(seed)
}
