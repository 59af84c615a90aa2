//! Results in a hostile guest's memory: [type](super::typed::split), a bound in two bytes, where the root lies in two bytes, then the memory.

use std::convert::Infallible;

use weft_types::guest::{self, GuestMemory};
use weft_types::image::Bounds;
use weft_types::json;

use super::Target;
use super::json::example;
use super::typed::{self, BOUNDS};

pub(super) const TARGET: Target = Target {
    name: "lift",
    run,
    seeds,
    words: &["\0\0\0\0", "\x08\0\0\0", "\x10\0\0\0", "\x04\0\0\0", "\u{e9}"],
    longest: 4096,
    changes: 20_000,
};

fn run(input: &[u8]) {
    let Some((ty, rest)) = typed::split(input) else {
        return;
    };
    let Some(([low, high, at_low, at_high], memory)) = rest.split_first_chunk::<4>() else {
        return;
    };
    let bounds = Bounds {
        bytes: u16::from_le_bytes([*low, *high]).into(),
        elements: 1000,
    };
    let at = usize::from(u16::from_le_bytes([*at_low, *at_high]));
    let root = memory.get(at..).unwrap_or_default();
    let mut lifted = vec![guest::lift(&ty, memory, root, bounds)];
    if let (1, Some(core)) = (ty.layout().flat, root.first_chunk::<8>()) {
        let unflat = guest::unflatten(&ty, u64::from_le_bytes(*core));
        lifted.push(unflat.and_then(|root| guest::lift(&ty, memory, &root, bounds)));
    }
    for image in lifted.into_iter().flatten() {
        typed::is_sound(&ty, &image, bounds);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    typed::inputs(|ty| {
        let image = json::parse(ty, example(ty).as_bytes(), BOUNDS).unwrap();
        let mut memory = Memory(Vec::new());
        let Ok(root) = guest::lower(ty, &image, &mut memory);
        let at = memory.0.len() as u16;
        let mut input = vec![0xff, 0x0f];
        input.extend_from_slice(&at.to_le_bytes());
        input.extend_from_slice(&memory.0);
        input.extend_from_slice(&root);
        input
    })
}

/// Memory that is allocated from its beginning.
struct Memory(Vec<u8>);

impl GuestMemory for Memory {
    type Error = Infallible;

    fn allocate(&mut self, align: u32, size: u32) -> Result<u32, Infallible> {
        let start = self.0.len().next_multiple_of(align as usize);
        self.0.resize(start + size as usize, 0);
        Ok(start as u32)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
