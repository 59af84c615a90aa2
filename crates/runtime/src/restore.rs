//! Fresh instances without making each: after a call, an instance is put back into the state in which it began.
//!
//! Making an instance and ending it is most of what a small call costs. What a call can leave behind in most components is little:
//! what it wrote to one memory, which the kernel tells by pages, a few mutable globals, and handles. `examine` reads in the binary
//! whether that is all; `extend` adds an export then, the one way to reach the globals; `call` calls it. A component that keeps more
//! gets a new instance for each call, and so does a call that leaves more behind: a handle, a memory that has grown, or a trap.

mod call;
#[cfg(feature = "server")]
mod examine;
#[cfg(feature = "server")]
mod extend;
mod pristine;
mod touched;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, Instance};

#[cfg(feature = "server")]
pub(crate) use extend::extend;

use crate::host::HostState;
use pristine::Pristine;

/// The export that is added. No upload may have one of this name.
pub(crate) const EXPORT: &str = "weft-put-back";
/// The export that is added to the module with the memory.
#[cfg(feature = "server")]
const CORE_EXPORT: &str = "weft:put-back";
/// An instance is put back for the next call if that is likely soon: the one before came no longer ago.
const SOON: Duration = Duration::from_millis(100);
/// Most handles at once after which an instance is put back.
const MAX_HANDLES: u32 = 128;

/// What times are counted from.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Most instances of all code that are to be put back, called or idle. Fewer than are kept idle in all, which leaves some of that to those that are dear
/// to start; and where more code is called in turn, the rest is not put back in vain.
const MAX_PLACES: usize = 384;

/// Opens what the kernel tells this process's pages by, for a process that will not be able to open anything. Without it none of its
/// instances is put back. What it tells is of the process that opened it: no copy of that, which a fork makes, may go on with it.
pub fn look_at_own_pages() {
    touched::open();
}

/// The right to be put back.
pub(crate) struct Place(());

static PLACES: AtomicUsize = AtomicUsize::new(0);

impl Place {
    /// One of those that are left.
    pub(crate) fn take() -> Option<Self> {
        let more = |taken| (taken < MAX_PLACES).then_some(taken + 1);
        let taken = PLACES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Self(()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How the instances of a component are put back.
pub(crate) struct Restorer {
    export: ComponentExportIndex,
    /// Nothing where that is too much to be kept.
    pristine: OnceLock<Option<Pristine>>,
    /// When a call came last, in milliseconds since the start; 0 before the first.
    last: AtomicU64,
}

impl Restorer {
    /// Of a component, where its instances can be put back here.
    pub(crate) fn of(component: &Component) -> Option<Self> {
        let export = component.get_export_index(None, EXPORT)?;
        touched::can_be_told().then(|| Self {
            export,
            pristine: OnceLock::new(),
            last: AtomicU64::new(0),
        })
    }

    /// Whether calls come so often that an instance is worth being put back after the one that comes now.
    pub(crate) fn is_worth_it(&self, now: Instant) -> bool {
        let now = now.saturating_duration_since(*START).as_millis();
        // As many milliseconds as fit are centuries.
        let now = now as u64 + 1;
        let last = self.last.load(Ordering::Relaxed);
        if last != now {
            // Written once a millisecond: all cores read it.
            self.last.store(now, Ordering::Relaxed);
        }
        let kept = self.pristine.get().is_none_or(Option::is_some);
        kept && last > 0 && now.saturating_sub(last) <= SOON.as_millis() as u64
    }

    /// Keeps what instances begin with, which a new one shows, unless it is known.
    ///
    /// # Errors
    /// Where it cannot be called.
    pub(crate) async fn look_at(
        &self,
        store: &mut Store<HostState>,
        instance: &Instance,
    ) -> wasmtime::Result<()> {
        if self.pristine.get().is_none() {
            call::put_back(store, instance, &self.export, &self.pristine, 0).await?;
        }
        Ok(())
    }

    /// Puts an instance back, whose calls went well. False where it is not as it began: it must not be called again.
    pub(crate) async fn put_back(&self, store: &mut Store<HostState>, instance: &Instance) -> bool {
        let Some(handles) = store
            .data()
            .handles_at_once()
            .filter(|handles| *handles <= MAX_HANDLES)
        else {
            return false;
        };
        // Only a new instance shows what all begin with.
        if self.pristine.get().is_none() {
            return false;
        }
        let done = call::put_back(store, instance, &self.export, &self.pristine, handles).await;
        done.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
