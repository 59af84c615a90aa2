//! Engines: how code is compiled and where its instances are placed.

use std::num::NonZeroUsize;
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};
use weft_function_engine::port::Tier;

use crate::host::HostState;
use crate::linker;

/// How often guests can be interrupted.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Bytes of a table that are overwritten after each instance: a page. Nearly all tables have no more, and are overwritten without
/// a scan; with more, each would be scanned for.
const TABLE_RESIDENT: usize = 4 << 10;
/// Bytes of a stack that are overwritten in place after a call.
const STACK_RESIDENT: usize = 64 << 10;
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

#[cfg(feature = "server")]
mod engines;
#[cfg(feature = "server")]
mod key;

#[cfg(feature = "server")]
pub(crate) use engines::Engines;

/// An engine and what its guests can import.
pub(crate) struct Tiered {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<HostState>,
}

/// What code of a tier is compiled with. An engine that runs it adds only where instances are placed.
pub(crate) fn compile_config(tier: Tier) -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .wasm_memory64(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(Some(MAX_FRAMES));
    #[cfg(feature = "server")]
    compiler(&mut config, tier);
    if tier == Tier::ExplicitBounds {
        // Growing memory then changes no mapping. Mitigations against Spectre stay on: tenants share the process.
        config
            .signals_based_traps(false)
            .memory_guard_size(0)
            .guard_before_linear_memory(false);
    }
    config
}

#[cfg(feature = "server")]
fn compiler(config: &mut Config, tier: Tier) {
    config.parallel_compilation(true);
    match tier {
        Tier::Baseline => config.strategy(wasmtime::Strategy::Winch),
        Tier::Optimized | Tier::ExplicitBounds => config.cranelift_opt_level(wasmtime::OptLevel::Speed),
    };
}

impl Tiered {
    pub(crate) fn new(tier: Tier, placement: PoolingAllocationConfig) -> wasmtime::Result<Self> {
        let mut config = compile_config(tier);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(placement));
        let engine = Engine::new(&config)?;
        let linker = linker::new(&engine)?;
        Ok(Self { engine, linker })
    }
}

/// Bytes of a memory that a worker overwrites in place after a call, for each of its slots; what a call touched beyond is given
/// back. A value of a megabyte fits.
const WORKER_RESIDENT: usize = 1280 << 10;
/// Bytes that are overwritten, touched or not, where it is not told what was touched.
const RESIDENT_UNTOLD: usize = 128 << 10;

/// Where a worker places instances.
pub(crate) fn worker_placement(slots: u32) -> PoolingAllocationConfig {
    let mut pool = places(slots);
    keep_resident(&mut pool, WORKER_RESIDENT)
        .table_keep_resident(TABLE_RESIDENT)
        .async_stack_keep_resident(STACK_RESIDENT)
        .max_unused_warm_slots(slots);
    pool
}

/// Has what a call touched of a memory overwritten in place, as far as that is at most `resident` bytes. The kernel tells what it was
/// (`PAGEMAP_SCAN`); but wasmtime asks it for what is present, so where memory may be swapped out it is not asked.
fn keep_resident(pool: &mut PoolingAllocationConfig, resident: usize) -> &mut PoolingAllocationConfig {
    let told = PoolingAllocationConfig::is_pagemap_scan_available() && !may_swap();
    let (scan, resident) = match told {
        true => (Enabled::Yes, resident),
        false => (Enabled::No, resident.min(RESIDENT_UNTOLD)),
    };
    pool.pagemap_scan(scan).linear_memory_keep_resident(resident)
}

/// Whether the host swaps, as far as it can be seen.
pub(crate) fn may_swap() -> bool {
    // The first line is the head of a table.
    std::fs::read_to_string("/proc/swaps").map_or(true, |swaps| swaps.lines().nth(1).is_some())
}

/// So many instances, of whatever parts, that fit a slot each.
fn places(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    // Guests made of many modules (Python has 14) need as many core instances and tables each.
    let parts = slots.saturating_mul(16);
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
        .max_memory_size(1 << 32);
    pool
}

/// What the compiled form of a tier is called.
pub(crate) fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Baseline => "baseline",
        Tier::Optimized => "optimized",
        Tier::ExplicitBounds => "explicit-bounds",
    }
}

#[cfg(test)]
mod tests;
