//! Where WebAssembly runs: the only crate that knows wasmtime.
//!
//! [`Runtime`] implements the port of the function engine. Within:
//! - `prepare` compiles uploads in a process of its own, `inspect` and `adapt` tell what they are;
//! - `engine` holds the engines of the tiers, `linker` what guests can import, `load` makes code ready;
//! - `instance` executes calls in a `live` store, polled by an `execution` that can move to the `heavy` threads;
//! - `abi` passes values, `data` large bytes by handles, `http` requests and responses;
//! - `host` is what a store carries: `limits` and `epoch` bound the guest, `wasi` and `outbound` are its world.

mod abi;
mod adapt;
mod code;
mod data;
mod engine;
mod epoch;
mod execution;
mod failure;
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
mod outbound;
mod output;
pub mod prepare;
mod runtime;
mod stop;
mod val;
mod wasi;

pub use engine::Slots;
pub use outbound::Settings as OutboundSettings;
pub use runtime::{Error, Runtime, Settings};

/// Whether the kernel tells which pages a call touched (Linux 6.7 and later). Without it a fresh instance costs several
/// times as much.
#[must_use]
pub fn pagemap_scan_available() -> bool {
    wasmtime::PoolingAllocationConfig::is_pagemap_scan_available()
}
