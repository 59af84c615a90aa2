//! Names of compiled forms: they tell what may execute them.

use std::hash::{Hash, Hasher};

use wasmtime::Engine;
use weft_function_engine::port::Tier;

use super::{compile_config, tier_name};

/// What is done to code before it is compiled: another word for each change of that.
const PREPARED: &[u8] = b"put back";

/// Names the compiled form of a tier.
pub(crate) fn compiled_key(tier: Tier) -> String {
    let name = tier_name(tier);
    // Placement is not part of what compiled code depends on, so an engine without slots has the same hash. One that
    // cannot be created compiles nothing either, under a name of its own.
    match Engine::new(&compile_config(tier)) {
        Ok(engine) => format!("{name}-{}", compatibility(&engine)),
        Err(_) => format!("{name}-unavailable"),
    }
}

/// Sixteen hex digits over all that code compiled by this engine depends on.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = StableHasher(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.write(PREPARED);
    format!("{:016x}", hasher.finish())
}

/// Unlike the standard one, the same in every version of the compiler.
struct StableHasher(blake3::Hasher);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
        u64::from_be_bytes(first)
    }
}
