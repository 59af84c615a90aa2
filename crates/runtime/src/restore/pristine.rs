//! A memory as it was when its instance began.

use std::ops::Range;

use super::touched;

/// The most that is overwritten, in bytes. What is beyond goes back to the kernel, which gives it anew where it is touched again: so one call
/// that touches much costs those after it nothing.
const MAX_OVERWRITTEN: usize = 256 << 10;
/// The most that is put back at all, in bytes: for more, a new instance is cheaper.
const MAX_TOUCHED: usize = 2 << 20;
/// The most bytes that are kept of what a memory began with: each version that is called often has them once.
const MAX_HELD: usize = 1 << 20;

/// What a memory held when its instance began: some bytes in one place, and zeros around them.
pub(super) struct Pristine {
    length: usize,
    place: Range<usize>,
    bytes: Box<[u8]>,
}

impl Pristine {
    /// Keeps what a memory holds, unless that is much.
    pub(super) fn of(memory: &[u8]) -> Option<Self> {
        let start = memory.iter().position(|byte| *byte != 0).unwrap_or(0);
        let last = memory.iter().rposition(|byte| *byte != 0);
        let end = last.map_or(start, |last| last + 1);
        let bytes = &memory[start..end];
        (bytes.len() <= MAX_HELD).then(|| Self {
            length: memory.len(),
            place: start..end,
            bytes: bytes.into(),
        })
    }

    /// Gives a memory back what it held, wherever it was written to. False where it has grown or so much was written that it is not
    /// done, or what was written cannot be told; the memory is then in no state to be used.
    pub(super) fn put_back(&self, memory: &mut [u8]) -> bool {
        if memory.len() != self.length {
            return false;
        }
        let Some(regions) = touched::regions(memory, MAX_TOUCHED) else {
            return false;
        };
        let mut left = MAX_OVERWRITTEN;
        for (region, zeros) in regions.iter() {
            let holds_zeros = region.end <= self.place.start || region.start >= self.place.end;
            if zeros && holds_zeros {
                continue;
            }
            let overwritten = region.start..region.end.min(region.start + left);
            let beyond = overwritten.end..region.end;
            left -= overwritten.len();
            self.put_back_region(memory, overwritten);
            if !(beyond.is_empty()
                || touched::give_back(memory, beyond.clone()) && self.holds(memory, &beyond))
            {
                return false;
            }
        }
        true
    }

    /// Whether a memory has in a region what it held there. It has where it is mapped from a file; else what was given back is zeros.
    fn holds(&self, memory: &[u8], region: &Range<usize>) -> bool {
        let within = |at: usize| at.clamp(region.start, region.end);
        let (from, to) = (within(self.place.start), within(self.place.end));
        let offset = self.place.start;
        from >= to || memory[from..to] == self.bytes[from - offset..to - offset]
    }

    fn put_back_region(&self, memory: &mut [u8], region: Range<usize>) {
        let within = |at: usize| at.clamp(region.start, region.end);
        let (from, to) = (within(self.place.start), within(self.place.end));
        memory[region.start..from].fill(0);
        memory[to..region.end].fill(0);
        if from < to {
            let offset = self.place.start;
            memory[from..to].copy_from_slice(&self.bytes[from - offset..to - offset]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_gets_back_what_it_held() {
        let mut first = vec![0_u8; 100];
        first[40..60].fill(7);
        first[50] = 0;
        let pristine = Pristine::of(&first).expect("little");
        for region in [
            0..100,
            0..10,
            0..41,
            40..60,
            45..50,
            59..61,
            60..100,
            99..100,
            30..30,
        ] {
            let mut memory = first.clone();
            memory[region.clone()].fill(9);
            pristine.put_back_region(&mut memory, region.clone());
            assert_eq!(memory, first, "{region:?}");
        }
        let nothing = Pristine::of(&[0; 10]).expect("nothing");
        let mut memory = [9; 10];
        nothing.put_back_region(&mut memory, 0..10);
        assert_eq!(memory, [0; 10]);
    }

    #[test]
    fn a_memory_of_another_length_is_none_of_it() {
        let pristine = Pristine::of(&[1; 10]).expect("little");
        assert!(!pristine.put_back(&mut [1; 11]));
    }

    #[test]
    fn much_is_not_kept() {
        let mut memory = vec![0; MAX_HELD + 2];
        memory[0] = 1;
        memory[MAX_HELD] = 1;
        assert!(Pristine::of(&memory).is_none());
        memory[MAX_HELD] = 0;
        memory[MAX_HELD - 1] = 1;
        assert!(Pristine::of(&memory).is_some());
    }
}
