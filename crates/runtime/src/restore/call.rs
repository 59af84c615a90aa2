//! The call by which an instance is put back: its memory while the arguments are lowered, its globals by the function that was
//! added to it, its table of handles before and after that.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::component::__internal::wasmtime_environ::component::TypeResourceTableIndex;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, Instance, Lift, Lower, TypedFunc,
};
use wasmtime::{Store, ValRaw, bail};

use super::pristine::Pristine;
use crate::host::HostState;

/// More ticks than a server lives for.
const UNTIL_ENDED: u64 = 1 << 48;

tokio::task_local! {
    /// The table that handles were put into, and how many. Lifting is static in wasmtime: what it needs to know comes with the task.
    static LENT: Cell<Option<(TypeResourceTableIndex, u32)>>;
}

/// Puts an instance back whose table of handles is empty and had no more than `handles` in it at once; the first one whose memory is seen shows
/// what all begin with. Answers whether it did.
///
/// # Errors
/// Where the instance cannot be called, or had more handles. It must not be used then, nor where the answer is no.
pub(super) async fn put_back(
    store: &mut Store<HostState>,
    instance: &Instance,
    export: &ComponentExportIndex,
    pristine: &OnceLock<Option<Pristine>>,
    handles: u32,
) -> wasmtime::Result<bool> {
    let Some(function) = instance.get_func(&mut *store, export) else {
        bail!("the component cannot be put back");
    };
    let done = AtomicBool::new(false);
    let task = Task {
        pristine,
        handles,
        done: &done,
    };
    // What was added cannot go on for long: it is not stopped, nor moved to another thread half-way, as a guest is.
    store.set_epoch_deadline(UNTIL_ENDED);
    // SAFETY: the function was added to the component by `extend`: it takes a handle, one core value, or nothing, and returns nothing. The slot is
    // initialised, with an integer; nothing is read from what it returns.
    let function = unsafe { TypedFunc::<Task<'_>, Nothing>::new_unchecked(function) };
    let call = function.call_async(&mut *store, task);
    LENT.scope(Cell::new(None), call).await?;
    store.set_epoch_deadline(1);
    Ok(done.into_inner())
}

/// What is to be put back, as an argument.
struct Task<'a> {
    pristine: &'a OnceLock<Option<Pristine>>,
    handles: u32,
    done: &'a AtomicBool,
}

/// The result.
struct Nothing;

// SAFETY: `Lower` is an array of `ValRaw`, as the trait demands. The size in memory is never used, as one core value is passed flat.
// `typecheck` would be asked by the safe constructors of `TypedFunc`, which are not used.
unsafe impl ComponentType for Task<'_> {
    type Lower = [ValRaw; 1];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> wasmtime::Result<()> {
        bail!("putting back has no type to check")
    }
}

// SAFETY: as for `ComponentType`; the trait adds no methods.
unsafe impl ComponentNamedList for Task<'_> {}

// SAFETY: whenever `Ok` is returned `dst` was written (`MaybeUninit::write`). Memory is only written through the slice that the context gives.
unsafe impl Lower for Task<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; 1]>,
    ) -> wasmtime::Result<()> {
        let mut first = true;
        let memory = cx.as_slice_mut();
        let pristine = self.pristine.get_or_init(|| {
            first = false;
            Pristine::of(memory)
        });
        let done = match pristine {
            Some(pristine) => !first || pristine.put_back(memory),
            None => false,
        };
        let (handle, empty) = match own(cx, ty) {
            Some(table) => (self.fill(cx, table)?, true),
            None => (0, self.handles == 0),
        };
        self.done.store(done && empty, Ordering::Relaxed);
        dst.write([ValRaw::u32(handle)]);
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: usize,
    ) -> wasmtime::Result<()> {
        bail!("what puts back is lowered flat")
    }
}

impl Task<'_> {
    /// Fills the table of handles, as far as it was ever used; answers the last. Their numbers prove that it was empty so far.
    fn fill<T>(&self, cx: &mut LowerContext<'_, T>, table: TypeResourceTableIndex) -> wasmtime::Result<u32> {
        let mut last = 0;
        let handles = self.handles.max(1);
        for _ in 0..handles {
            last = cx.guest_resource_lower_own(table, 0)?;
            if last > handles {
                bail!("a handle was kept");
            }
        }
        LENT.with(|lent| lent.set(Some((table, handles))));
        Ok(last)
    }
}

/// The table that the one parameter is in.
fn own<T>(cx: &LowerContext<'_, T>, ty: InterfaceType) -> Option<TypeResourceTableIndex> {
    let InterfaceType::Tuple(tuple) = ty else {
        return None;
    };
    match cx.types[tuple].types.first()? {
        InterfaceType::Own(table) => Some(*table),
        _ => None,
    }
}

// SAFETY: as for `Task`, with one core value, which is what a function returns at most.
unsafe impl ComponentType for Nothing {
    type Lower = [ValRaw; 1];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> wasmtime::Result<()> {
        bail!("putting back has no type to check")
    }
}

// SAFETY: as for `ComponentType`; the trait adds no methods.
unsafe impl ComponentNamedList for Nothing {}

// SAFETY: nothing is read.
unsafe impl Lift for Nothing {
    /// Empties the table of handles, the first number last: so they are given out again as in a new one.
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        _: InterfaceType,
        _: &[ValRaw; 1],
    ) -> wasmtime::Result<Self> {
        if let Some((table, handles)) = LENT.with(Cell::take) {
            for number in (1..=handles).rev() {
                cx.guest_resource_lift_own(table, number)?;
            }
        }
        Ok(Self)
    }

    fn linear_lift_from_memory(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        _: &[u8],
    ) -> wasmtime::Result<Self> {
        bail!("nothing is lifted flat")
    }
}
