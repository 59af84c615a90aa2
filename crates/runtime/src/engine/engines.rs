//! The engines of a server, one per tier, and the clock that lets them interrupt guests.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use wasmtime::PoolingAllocationConfig;
use weft_function_engine::port::Tier;

use super::key::compiled_key;
use super::{STACK_RESIDENT, Slots, TABLE_RESIDENT, TICK, Tiered, keep_resident, places};

/// Slots per core that keep the memory of the code that used them last. For other code a slot is mapped anew, which stops every
/// core for a moment: so many functions take turns without it. Each core keeps its own, as slots are divided among threads. What
/// one keeps resident is what calls touch, at most [`RESIDENT`].
const WARM_PER_CORE: u32 = 1024;
/// Bytes of a memory that are overwritten in place after a call; what a call touched beyond is given back.
const RESIDENT: usize = 512 << 10;

/// The engines of all tiers, each created when first asked for.
pub(crate) struct Engines {
    slots: Slots,
    tiers: [OnceLock<Tiered>; 3],
    keys: [OnceLock<String>; 3],
    /// Held while an engine is created: two of one tier would waste much address space.
    creating: Mutex<()>,
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
        let slots = match tier {
            Tier::Optimized => self.slots.optimized,
            Tier::Baseline | Tier::ExplicitBounds => self.slots.other,
        };
        let tiered = Tiered::new(tier, placement(slots))?;
        Ok(cell.get_or_init(|| tiered))
    }

    /// Names the compiled form of a tier: the tier and a hash of all that compiled code depends on.
    pub(crate) fn compiled_key(&self, tier: Tier) -> String {
        self.keys[index(tier)].get_or_init(|| compiled_key(tier)).clone()
    }
}

/// Where instances are placed: in slots reserved once, so that no call changes memory mappings.
fn placement(slots: u32) -> PoolingAllocationConfig {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let warm = WARM_PER_CORE.saturating_mul(cores);
    let mut pool = places(slots);
    // Without a resident set each call would unmap what it touched.
    keep_resident(&mut pool, RESIDENT)
        .table_keep_resident(TABLE_RESIDENT)
        .async_stack_keep_resident(STACK_RESIDENT)
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

pub(super) fn tick(engines: &Weak<Engines>) {
    loop {
        std::thread::sleep(TICK);
        let Some(engines) = engines.upgrade() else { return };
        for tiered in engines.tiers.iter().filter_map(OnceLock::get) {
            tiered.engine.increment_epoch();
        }
    }
}
