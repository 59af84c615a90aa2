//! Every kept input, and changes of them drawn by lot: no promise is broken.
//!
//! `WEFT_FUZZ_SEED` repeats a run, `WEFT_FUZZ_CHANGES` multiplies the number of changes.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use weft_fuzz::{Mutator, find, kept};

/// Bytes of all kept inputs together, at most.
const MOST_KEPT: usize = 1 << 20;

macro_rules! targets {
    ($($test:ident: $name:literal,)*) => {
        const NAMES: &[&str] = &[$($name),*];
        $(#[test]
        fn $test() {
            let seed = number("WEFT_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..));
            println!("WEFT_FUZZ_SEED={seed}");
            replay($name, seed);
        })*
    };
}

targets! {
    uploads_are_accepted_or_refused: "component",
    json_is_a_value_or_refused: "json",
    memory_of_guests_is_lifted_or_refused: "lift",
    images_are_sound_or_refused: "image",
    definitions_are_planned_or_told_about: "definition",
    frames_of_workers_are_understood_or_refused: "worker-frames",
    frames_of_journals_are_understood_or_refused: "journal-frames",
}

#[test]
fn every_target_is_replayed_and_little_is_kept() {
    let names: Vec<_> = weft_fuzz::TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, NAMES);
    let bytes = weft_fuzz::TARGETS.iter().flat_map(kept).map(|input| input.len());
    let bytes: usize = bytes.sum();
    assert!(bytes <= MOST_KEPT, "{bytes} bytes are kept");
}

fn replay(name: &str, seed: u64) {
    let target = find(name).unwrap();
    let mut inputs = kept(target);
    assert!(!inputs.is_empty(), "nothing is kept for {name}");
    inputs.extend((target.seeds)());
    let run = |input: &[u8]| {
        let kept_promises = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        assert!(kept_promises.is_ok(), "{name}: input {}", input.escape_ascii());
    };
    inputs.iter().for_each(|input| run(input));
    let mut mutator = Mutator::new(target, seed);
    let times = usize::try_from(number("WEFT_FUZZ_CHANGES").unwrap_or(1)).unwrap();
    for _ in 0..target.changes * times {
        run(&mutator.change(&inputs));
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}
