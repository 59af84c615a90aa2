//! `wasi:clocks/monotonic-clock` with sleeps that follow the guest's clock.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::{self, Host};
use wasmtime_wasi::p2::{DynPollable, subscribe};

use crate::host::HostState;

/// Replaces the monotonic clock in `linker`: WASI's own would complete sleeps in real time.
pub(crate) fn add_virtual_clock(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<_, Clocks>(linker, |state| Clock(state))?;
    linker.allow_shadowing(false);
    Ok(())
}

struct Clocks;

impl HasData for Clocks {
    type Data<'a> = Clock<'a>;
}

/// The guest's monotonic clock, virtual or real.
struct Clock<'a>(&'a mut HostState);

impl Host for Clock<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.0.clocks().now()
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.0.clocks().resolution()
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let Some(clock) = self.0.virtual_clock() else {
            return self.0.clocks().subscribe_instant(when);
        };
        let sleep = self.0.table.push(clock.sleep_until(when))?;
        subscribe(&mut self.0.table, sleep)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let Some(clock) = self.0.virtual_clock() else {
            return self.0.clocks().subscribe_duration(duration);
        };
        let when = clock.read().saturating_add(duration);
        let sleep = self.0.table.push(clock.sleep_until(when))?;
        subscribe(&mut self.0.table, sleep)
    }
}
