//! The memory of an instance, summed over all its memories and tables.

use wasmtime::ResourceLimiter;

use crate::host::HostState;
use crate::memory::Memory;
use crate::stop::Stop;

/// What a table element counts, in bytes.
const TABLE_ELEMENT: usize = size_of::<usize>();

/// Refuses an instance more memory than a call may have, with a trap of its own kind.
pub(crate) struct Limiter {
    limit: u64,
    used: u64,
    /// Whether a memory grew after it was created.
    grew: bool,
}

impl Limiter {
    /// A limiter for an instance that has no memory yet; `limit` in bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            grew: false,
        }
    }

    /// Sets the limit of the next call of a reused instance.
    pub(crate) fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Whether a memory grew after it was created.
    pub(crate) fn grew(&self) -> bool {
        self.grew
    }

    /// What the instance has, in bytes.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    /// Takes more, of what all guests have together where that is bounded.
    fn take(&mut self, all: Option<&Memory>, bytes: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(bytes as u64);
        if used > self.limit {
            return Err(Stop::Memory(self.limit).into());
        }
        if let Some(all) = all {
            all.take(self.used, bytes as u64).map_err(Stop::AllMemory)?;
        }
        self.used = used;
        Ok(true)
    }
}

impl HostState {
    fn take(&mut self, bytes: usize) -> wasmtime::Result<bool> {
        self.limiter.take(self.caller.version.memory.as_deref(), bytes)
    }
}

impl ResourceLimiter for HostState {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.limiter.grew |= current > 0;
        self.take(desired.saturating_sub(current))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.take(desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT))
    }
}
