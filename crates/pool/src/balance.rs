//! Which of several instances takes the next call.

/// Chooses by the power of two choices: of two different instances drawn at random, the one with fewer calls under way.
/// The longest queue then grows as `log log n` rather than `log n / log log n` of a random choice, without looking at all.
///
/// `outstanding` tells how many calls the instance of an index below `len` has under way; `random` is 64 uniform bits.
/// Answers nothing where `len` is 0.
#[must_use]
pub fn choose(len: usize, outstanding: impl Fn(usize) -> u32, random: u64) -> Option<usize> {
    choose_near(len, outstanding, |_| None, random)
}

/// Chooses like [`choose`]; but where one of the two is near and the other is not, the near one takes the call unless it is further ahead
/// of the other than `lead` tells, in calls under way; none where an instance is not near.
#[must_use]
pub fn choose_near(
    len: usize,
    outstanding: impl Fn(usize) -> u32,
    lead: impl Fn(usize) -> Option<u32>,
    random: u64,
) -> Option<usize> {
    if len < 2 {
        return (len == 1).then_some(0);
    }
    let first = scale(random >> 32, len);
    // Drawn from the others, then shifted over the first: never the same one twice.
    let second = scale(random & 0xffff_ffff, len - 1);
    let second = second + usize::from(second >= first);
    let (of_first, of_second) = (outstanding(first), outstanding(second));
    let takes_second = match (lead(first), lead(second)) {
        (Some(lead), None) => of_first > of_second.saturating_add(lead),
        (None, Some(lead)) => of_second <= of_first.saturating_add(lead),
        (Some(_), Some(_)) | (None, None) => of_second < of_first,
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
