//! What guests can import.

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::host::HostState;
use crate::{data, keyvalue, wasi};

/// Everything that needs no other function: WASI 0.2, `wasi:http`, `wasi:keyvalue` and `weft:data`. What a version was not granted is
/// refused when it is used, not when it is linked.
pub(crate) fn new(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasi::add_virtual_clock(&mut linker)?;
    keyvalue::add_to_linker(&mut linker)?;
    data::add_to_linker(&mut linker)?;
    Ok(linker)
}
