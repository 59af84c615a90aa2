//! What is drawn by lot, and how often.

/// Rounds of a usual test run; `cargo xtask crash` makes 200.
const ROUNDS: usize = 3;

/// The number of rounds, and chance as the surroundings or the clock say; both are printed, so that a failure can be repeated.
pub(crate) fn draw() -> (usize, fastrand::Rng) {
    let rounds = number("WEFT_CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds as usize);
    let seed = number("WEFT_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("WEFT_CRASH_SEED={seed} WEFT_CRASH_ROUNDS={rounds}");
    (rounds, fastrand::Rng::with_seed(seed))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}
