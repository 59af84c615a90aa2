//! Changes of inputs, drawn by lot.

use fastrand::Rng;

use crate::Target;

/// Makes inputs of inputs; the same ones for the same seed.
#[derive(Debug)]
pub struct Mutator {
    random: Rng,
    target: &'static Target,
}

/// Values at which lengths and numbers tend to break.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];
/// Changes made to one input, at most.
const MOST: usize = 6;

impl Mutator {
    /// One for inputs of `target`.
    #[must_use]
    pub fn new(target: &'static Target, seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            target,
        }
    }

    /// A changed copy of one of `inputs`, no longer than the target takes.
    ///
    /// # Panics
    /// Where there are no inputs.
    pub fn change(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = inputs[self.random.usize(..inputs.len())].clone();
        for _ in 0..self.random.usize(1..=MOST) {
            let other = &inputs[self.random.usize(..inputs.len())];
            self.once(&mut input, other);
        }
        input.truncate(self.target.longest);
        input
    }

    fn once(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.random.usize(..=input.len());
        let end = input.len().min(at + self.random.usize(..32));
        match self.random.u8(..8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.random.u8(..8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = byte.wrapping_add(self.random.u8(..));
                }
            }
            2 => self.edge(input, at),
            3 => drop(input.drain(at..end)),
            4 => {
                let copy = input[at..end].to_vec();
                let to = self.random.usize(..=input.len());
                drop(input.splice(to..to, copy));
            }
            5 => {
                let from = self.random.usize(..=other.len());
                let piece = &other[from..other.len().min(from + self.random.usize(..64))];
                drop(input.splice(at..end, piece.iter().copied()));
            }
            6 if !self.target.words.is_empty() => {
                let word = self.target.words[self.random.usize(..self.target.words.len())];
                drop(input.splice(at..end.min(at + word.len()), word.bytes()));
            }
            _ => input.insert(at, self.random.u8(..)),
        }
    }

    /// Writes an edge value over up to eight bytes.
    fn edge(&mut self, input: &mut [u8], at: usize) {
        let value = EDGES[self.random.usize(..EDGES.len())].to_le_bytes();
        let width = 1 << self.random.u8(..4);
        let place = &mut input[at..];
        let width = place.len().min(width);
        place[..width].copy_from_slice(&value[..width]);
    }
}
