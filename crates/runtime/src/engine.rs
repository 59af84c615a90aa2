//! The engines, one per tier, and the clock that lets them interrupt guests.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy,
    WasmBacktraceDetails,
};
use weft_function_engine::port::Tier;

use crate::host::HostState;
use crate::linker;

/// How often guests can be interrupted.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Slots per core that keep the memory of the code that used them last. For other code a slot is mapped anew, which stops every
/// core for a moment: so many functions take turns without it. Each core keeps its own, as slots are divided among threads. What
/// one keeps resident is what calls touch, at most [`RESIDENT`].
const WARM_PER_CORE: u32 = 1024;
/// Bytes of a memory that are overwritten in place after a call; what a call touched beyond is given back.
const RESIDENT: usize = 512 << 10;
/// Bytes of a table that are overwritten after each instance: a page.
const TABLE_RESIDENT: usize = 4 << 10;
/// Frames kept of a trap.
const MAX_FRAMES: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// How many instances there may be at once, per tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Of the tier that most code runs in. Each takes 4 GiB of address space and no memory until used.
    pub optimized: u32,
    /// Of each rarer tier.
    pub other: u32,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            optimized: 4096,
            other: 1024,
        }
    }
}

/// An engine and what its guests can import.
pub(crate) struct Tiered {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<HostState>,
}

/// The engines of all tiers, each created when first asked for.
pub(crate) struct Engines {
    slots: Slots,
    tiers: [OnceLock<Tiered>; 3],
    keys: [OnceLock<String>; 3],
    /// Held while an engine is created: two of one tier would waste much address space.
    creating: Mutex<()>,
}

/// What code of a tier is compiled with. An engine that runs it adds only where instances are placed.
pub(crate) fn compile_config(tier: Tier) -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .parallel_compilation(true)
        .wasm_memory64(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(Some(MAX_FRAMES));
    match tier {
        Tier::Baseline => config.strategy(Strategy::Winch),
        Tier::Optimized => config.cranelift_opt_level(OptLevel::Speed),
        // Growing memory then changes no mapping. Mitigations against Spectre stay on: tenants share the process.
        Tier::ExplicitBounds => config
            .cranelift_opt_level(OptLevel::Speed)
            .signals_based_traps(false)
            .memory_guard_size(0)
            .guard_before_linear_memory(false),
    };
    config
}

impl Engines {
    /// Creates the engine of the usual tier and starts the clock, which ends when this is dropped.
    pub(crate) fn new(slots: Slots) -> wasmtime::Result<Arc<Self>> {
        let engines = Arc::new(Self {
            slots,
            tiers: Default::default(),
            keys: Default::default(),
            creating: Mutex::new(()),
        });
        engines.tier(Tier::Optimized)?;
        let clock = Arc::downgrade(&engines);
        std::thread::Builder::new()
            .name("weft-epoch".into())
            .spawn(move || tick(&clock))?;
        Ok(engines)
    }

    /// The engine of a tier.
    pub(crate) fn tier(&self, tier: Tier) -> wasmtime::Result<&Tiered> {
        let cell = &self.tiers[index(tier)];
        if let Some(tiered) = cell.get() {
            return Ok(tiered);
        }
        let _creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tiered) = cell.get() {
            return Ok(tiered);
        }
        let tiered = Tiered::new(tier, self.slots)?;
        Ok(cell.get_or_init(|| tiered))
    }

    /// Names the compiled form of a tier: the tier and a hash of all that compiled code depends on.
    pub(crate) fn compiled_key(&self, tier: Tier) -> String {
        self.keys[index(tier)].get_or_init(|| compiled_key(tier)).clone()
    }
}

impl Tiered {
    fn new(tier: Tier, slots: Slots) -> wasmtime::Result<Self> {
        let mut config = compile_config(tier);
        let slots = if tier == Tier::Optimized {
            slots.optimized
        } else {
            slots.other
        };
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(placement(slots)));
        let engine = Engine::new(&config)?;
        let linker = linker::new(&engine)?;
        Ok(Self { engine, linker })
    }
}

/// Where instances are placed: in slots reserved once, so that no call changes memory mappings.
fn placement(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    // Guests made of many modules (Python has 14) need as many core instances and tables each.
    let parts = slots.saturating_mul(16);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let warm = WARM_PER_CORE.saturating_mul(cores);
    pool.total_component_instances(slots)
        .total_memories(slots)
        .total_stacks(slots)
        .total_core_instances(parts)
        .total_tables(parts)
        .max_core_instances_per_component(64)
        .max_tables_per_component(64)
        .max_memories_per_component(32)
        .max_core_instance_size(4 << 20)
        .max_component_instance_size(4 << 20)
        .table_elements(20_000)
        // The store's limiter bounds memory per call.
        .max_memory_size(1 << 32)
        // What a call touched is found by PAGEMAP_SCAN and overwritten in place. Without the scan these would be plain
        // writes of the full size, without the resident set each call would unmap what it touched.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(RESIDENT)
        // A table of up to a page, which nearly all are, is overwritten without a scan; with more, each would be scanned for.
        .table_keep_resident(TABLE_RESIDENT)
        .async_stack_keep_resident(64 << 10)
        .max_unused_warm_slots(warm.min(slots));
    pool
}

fn index(tier: Tier) -> usize {
    match tier {
        Tier::Baseline => 0,
        Tier::Optimized => 1,
        Tier::ExplicitBounds => 2,
    }
}

fn tick(engines: &Weak<Engines>) {
    loop {
        std::thread::sleep(TICK);
        let Some(engines) = engines.upgrade() else { return };
        for tiered in engines.tiers.iter().filter_map(OnceLock::get) {
            tiered.engine.increment_epoch();
        }
    }
}

fn compiled_key(tier: Tier) -> String {
    let name = match tier {
        Tier::Baseline => "baseline",
        Tier::Optimized => "optimized",
        Tier::ExplicitBounds => "explicit-bounds",
    };
    // Placement is not part of what compiled code depends on, so an engine without slots has the same hash. One that
    // cannot be created compiles nothing either, under a name of its own.
    match Engine::new(&compile_config(tier)) {
        Ok(engine) => format!("{name}-{}", compatibility(&engine)),
        Err(_) => format!("{name}-unavailable"),
    }
}

/// Sixteen hex digits over all that code compiled by this engine depends on.
fn compatibility(engine: &Engine) -> String {
    let mut hasher = StableHasher(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
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

#[cfg(test)]
mod tests;
