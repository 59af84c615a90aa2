//! Unpredictable bytes: a generator per thread, seeded by the system, so that a run neither locks nor asks the kernel.

use std::cell::RefCell;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

thread_local! {
    static GENERATOR: RefCell<ChaCha12Rng> = RefCell::new(generator());
}

/// `N` bytes that nobody can foresee.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    GENERATOR.with_borrow_mut(|generator| generator.fill_bytes(&mut bytes));
    bytes
}

fn generator() -> ChaCha12Rng {
    let mut seed = [0; 32];
    // Without a source of randomness no seed could be kept secret: better no run at all.
    getrandom::fill(&mut seed).expect("the system provides randomness");
    ChaCha12Rng::from_seed(seed)
}
