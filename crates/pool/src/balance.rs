//! Which of several instances takes the next call.

/// Chooses by the power of two choices: of two different instances drawn at random, the one with fewer calls under way.
/// The longest queue then grows as `log log n` rather than `log n / log log n` of a random choice, without looking at all.
///
/// `outstanding` tells how many calls the instance of an index below `len` has under way; `random` is 64 uniform bits.
/// Answers nothing where `len` is 0.
#[must_use]
pub fn choose(len: usize, outstanding: impl Fn(usize) -> u32, random: u64) -> Option<usize> {
    choose_near(len, outstanding, |_| false, random)
}

/// Chooses like [`choose`]; but where one of the two is near and the other is not, the near one takes the call unless it has more than
/// one and a half times as many under way. So what is near is preferred among the busy, and never before what is idle.
#[must_use]
pub fn choose_near(
    len: usize,
    outstanding: impl Fn(usize) -> u32,
    near: impl Fn(usize) -> bool,
    random: u64,
) -> Option<usize> {
    if len < 2 {
        return (len == 1).then_some(0);
    }
    let first = scale(random >> 32, len);
    // Drawn from the others, then shifted over the first: never the same one twice.
    let second = scale(random & 0xffff_ffff, len - 1);
    let second = second + usize::from(second >= first);
    let (of_first, of_second) = (u64::from(outstanding(first)), u64::from(outstanding(second)));
    let takes_second = match (near(first), near(second)) {
        (true, false) => 2 * of_first > 3 * of_second,
        (false, true) => 2 * of_second <= 3 * of_first,
        (true, true) | (false, false) => of_second < of_first,
    };
    Some(if takes_second { second } else { first })
}

/// Maps 32 uniform bits to `0..len`.
fn scale(bits: u64, len: usize) -> usize {
    // Below `len`, which is a usize, so nothing is cut off; lists longer than 2^32 do not occur.
    ((bits * len as u64) >> 32) as usize
}

#[cfg(test)]
mod tests;
