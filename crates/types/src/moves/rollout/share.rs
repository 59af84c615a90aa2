//! Which calls the new version answers.

/// Coprime with 100, so that the tickets of a hundred calls in a row are each drawn once, far from their neighbours.
const STRIDE: u32 = 61;

/// Whether the call with this ticket is one of the `percent` of a hundred that the new version answers: exactly so many of any
/// hundred calls in a row, spread evenly.
#[must_use]
pub fn takes(ticket: u32, percent: u8) -> bool {
    (ticket % 100) * STRIDE % 100 < u32::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_any_hundred_calls_exactly_the_share_is_taken() {
        let check = |percent: u8, start: u32| {
            let taken = (start..start + 100)
                .filter(|ticket| takes(*ticket, percent))
                .count();
            assert_eq!(taken, usize::from(percent), "{percent} from {start}");
        };
        for percent in 0..=100 {
            for start in [0, 1, 37, 99, 100, 4_294_967_100] {
                check(percent, start);
            }
        }
    }

    #[test]
    fn calls_that_are_taken_are_far_from_each_other() {
        let check = |percent: u8, longest: usize| {
            let taken: Vec<_> = (0..300).filter(|ticket| takes(*ticket, percent)).collect();
            let gaps = taken.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
            assert!(gaps.max() <= Some(longest), "{percent}");
        };
        check(5, 23);
        check(25, 5);
        check(50, 3);
    }
}
