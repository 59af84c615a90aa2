//! One target under libFuzzer, which is linked in and calls it: `cargo xtask fuzz`.
//!
//! `WEFT_FUZZ_TARGET` names the target; with `WEFT_FUZZ_SEEDS` its seeds and words are written into and beside that directory first.
#![no_main]
#![allow(unsafe_code, clippy::unwrap_used)]

use std::path::Path;
use std::sync::LazyLock;

use weft_fuzz::{Target, find};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    // Before anything is unwound: the fuzzer shows the stack of what it is told by a signal.
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        shown(panic);
        std::process::abort();
    }));
    let name = std::env::var("WEFT_FUZZ_TARGET").unwrap();
    let target = find(&name).unwrap();
    if let Some(directory) = std::env::var_os("WEFT_FUZZ_SEEDS") {
        write(target, Path::new(&directory));
    }
    target
});

/// What libFuzzer calls for each input.
///
/// # Safety
/// `data` is the beginning of `size` bytes that can be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, size: usize) -> i32 {
    let input = match size {
        0 => &[],
        // SAFETY: that is what the fuzzer promises.
        _ => unsafe { std::slice::from_raw_parts(data, size) },
    };
    (TARGET.run)(input);
    0
}

fn write(target: &Target, directory: &Path) {
    for (index, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(directory.join(format!("seed-{index:02}")), seed).unwrap();
    }
    let quoted = target.words.iter().map(|word| {
        let bytes = word.bytes().map(|byte| format!("\\x{byte:02x}"));
        format!("\"{}\"\n", bytes.collect::<String>())
    });
    std::fs::write(directory.with_extension("words"), quoted.collect::<String>()).unwrap();
}
