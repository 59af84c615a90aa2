//! Where WebAssembly runs: the only crate that knows wasmtime.
//!
//! [`Runtime`] implements the port of the function engine. Within:
//! - `prepare` compiles uploads in a process of its own, `inspect` and `adapt` tell what they are;
//! - `engine` holds the engines of the tiers, `linker` what guests can import, `load` makes code ready;
//! - `instance` executes calls in a `live` store, polled by an `execution` that can move to the `heavy` threads, which take `turns` there;
//! - `restore` puts an instance back into the state in which it began, so that a fresh one need not be made for each call;
//! - `abi` passes values, `data` large bytes by handles, `http` requests and responses;
//! - `worker` is what executes in a process of its own: everything but what the feature `server` adds;
//! - `host` is what a store carries: `limits` and `epoch` bound the guest, `memory` all of them together, `wasi`, `reach` and `outbound` are its world.

mod abi;
#[cfg(feature = "server")]
mod adapt;
mod code;
mod data;
mod engine;
mod epoch;
mod execution;
mod failure;
#[cfg_attr(
    not(feature = "server"),
    expect(dead_code, reason = "workers have one thread")
)]
mod heavy;
mod history;
mod host;
mod http;
mod imports;
mod inspect;
mod instance;
mod keyvalue;
mod limits;
mod linker;
mod live;
mod load;
#[cfg_attr(
    not(feature = "server"),
    expect(dead_code, reason = "the group of a worker bounds its memory")
)]
mod memory;
#[cfg(feature = "server")]
mod outbound;
mod output;
#[cfg(feature = "server")]
pub mod prepare;
mod reach;
mod restore;
#[cfg(feature = "server")]
mod runtime;
mod stop;
mod val;
mod wasi;
mod worker;

pub use engine::Slots;
#[cfg(feature = "server")]
pub use memory::GuestMemory;
#[cfg(feature = "server")]
pub use outbound::Settings as OutboundSettings;
pub use restore::look_at_own_pages;
#[cfg(feature = "server")]
pub use runtime::{Error, Runtime, Settings};
pub use worker::Mapped;

/// Whether memory may be swapped out here: what a call touched is not asked for then.
#[must_use]
pub fn may_swap() -> bool {
    engine::may_swap()
}

/// Whether the kernel tells which pages a call touched (Linux 6.7 and later). Without it a fresh instance costs several
/// times as much.
#[must_use]
pub fn pagemap_scan_available() -> bool {
    wasmtime::PoolingAllocationConfig::is_pagemap_scan_available()
}
