//! Calls with values of types known only at run time, without wasmtime's generic values: an image is copied into guest
//! memory block by block, and a result out of it, by [`weft_types::guest`].
//!
//! This is the one place that implements wasmtime's hidden lowering traits, whose contract may change with any version of
//! it: wasmtime is pinned exactly, and the tests compare with its public `Val` interface.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, Instance, Lift, Lower, TypedFunc,
};
use wasmtime::{Store, ValRaw, bail};
use weft_types::guest::{self, GuestMemory, LiftError};
use weft_types::image::{Bounds, Image};
use weft_types::{Signature, Type};

use crate::host::HostState;

/// The canonical ABI passes up to this many core values flat, and more by one pointer.
const MAX_FLAT: usize = 16;

/// An exported function.
pub(crate) struct Callee {
    pub(crate) index: ComponentExportIndex,
    pub(crate) signature: Signature,
}

/// How to read the result of the call under way.
struct Expected {
    callee: Arc<Callee>,
    bounds: Bounds,
}

tokio::task_local! {
    /// Lifting is static in wasmtime: what it needs to know comes with the task.
    static EXPECTED: Expected;
}

/// Calls an export with an image of its parameters' type. `bounds` apply to the result.
///
/// # Errors
/// Whatever ended the guest; a [`LiftError`] where its result is no value, or too large.
pub(crate) async fn call(
    store: &mut Store<HostState>,
    instance: &Instance,
    callee: Arc<Callee>,
    arguments: Image,
    bounds: Bounds,
) -> wasmtime::Result<Option<Image>> {
    let Some(function) = instance.get_func(&mut *store, &callee.index) else {
        bail!("the component has no such export");
    };
    let parameters = Parameters {
        ty: &callee.signature.params,
        image: Mutex::new(Some(arguments)),
    };
    // SAFETY: the caller has to make sure that the function takes `Parameters` and returns `Answer`. Both have as many
    // core values as any function can take or return: `Parameters` initialises all sixteen slots with plain integers,
    // `Answer` reads the first. A core value of an export lifted by a component is a number, never a reference, so every
    // pattern of bits in a slot is valid for it, and a pointer among them is only ever an index into the guest's own
    // memory, which the guest or `guest::lift` checks. Whether the values also make sense, is checked when code is loaded:
    // `callee.signature` is read from the loaded component itself.
    let function = unsafe { TypedFunc::<Parameters<'_>, Answer>::new_unchecked(function) };
    let expected = Expected {
        callee: callee.clone(),
        bounds,
    };
    let answer = EXPECTED
        .scope(expected, function.call_async(store, parameters))
        .await?;
    Ok(answer.0)
}

/// The parameters of a call: an image of a record.
struct Parameters<'a> {
    ty: &'a Type,
    /// Taken when it is lowered: while the guest executes, its own copy is enough.
    image: Mutex<Option<Image>>,
}

/// The result of a call, if its type has one.
struct Answer(Option<Image>);

// SAFETY: `Lower` is an array of `ValRaw`, as the trait demands. The size in memory is not given, and never used: as
// sixteen core values fit, wasmtime lowers and lifts flat, and `Parameters` spills by itself. `typecheck` would be asked by
// the safe constructors of `TypedFunc`, which are not used (see `call`).
unsafe impl ComponentType for Parameters<'_> {
    type Lower = [ValRaw; MAX_FLAT];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> wasmtime::Result<()> {
        bail!("parameters known at run time have no type to check")
    }
}

// SAFETY: as for `ComponentType`; the trait adds no methods.
unsafe impl ComponentNamedList for Parameters<'_> {}

// SAFETY: whenever `Ok` is returned all of `dst` was written (`MaybeUninit::write`). Memory is only written through the
// bounds-checked slice that the context gives.
unsafe impl Lower for Parameters<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; MAX_FLAT]>,
    ) -> wasmtime::Result<()> {
        check_encoding(cx.options().string_encoding)?;
        let image = self.image.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(image) = image else {
            bail!("the parameters were lowered before")
        };
        let mut memory = Memory(cx);
        let root = guest::lower(self.ty, &image, &mut memory)?;
        let mut flat = [0; MAX_FLAT];
        let layout = self.ty.layout();
        if layout.flat as usize <= MAX_FLAT {
            guest::flatten(self.ty, &root, &mut flat);
        } else {
            let at = memory.allocate(layout.align, layout.size)?;
            memory.write(at, &root)?;
            flat[0] = at.into();
        }
        dst.write(flat.map(ValRaw::u64));
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: usize,
    ) -> wasmtime::Result<()> {
        bail!("parameters known at run time are lowered flat")
    }
}

// SAFETY: as for `Parameters`, with one core value, which is what a function returns at most: the value itself or the
// address of a larger one.
unsafe impl ComponentType for Answer {
    type Lower = [ValRaw; 1];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> wasmtime::Result<()> {
        bail!("results known at run time have no type to check")
    }
}

// SAFETY: as for `ComponentType`; the trait adds no methods.
unsafe impl ComponentNamedList for Answer {}

// SAFETY: the slot is initialised, by the guest's result or, where it has none, by a parameter (`Parameters` fills all
// slots, and both share them). It is only read as an integer, which any pattern of bits is.
unsafe impl Lift for Answer {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        _: InterfaceType,
        src: &[ValRaw; 1],
    ) -> wasmtime::Result<Self> {
        check_encoding(cx.options().string_encoding)?;
        let memory = cx.memory();
        EXPECTED.with(|expected| {
            let Some(ty) = &expected.callee.signature.result else {
                return Ok(Self(None));
            };
            let image = lift(ty, memory, src[0], expected.bounds)?;
            Ok(Self(Some(image)))
        })
    }

    fn linear_lift_from_memory(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        _: &[u8],
    ) -> wasmtime::Result<Self> {
        bail!("results known at run time are lifted flat")
    }
}

fn lift(ty: &Type, memory: &[u8], value: ValRaw, bounds: Bounds) -> Result<Image, LiftError> {
    let layout = ty.layout();
    match layout.flat {
        0 => guest::lift(ty, memory, &vec![0; layout.size as usize], bounds),
        1 => {
            let root = guest::unflatten(ty, value.get_u64())?;
            guest::lift(ty, memory, &root, bounds)
        }
        _ => {
            let at = value.get_u32();
            let invalid = |what| LiftError::Invalid { what, at };
            if !at.is_multiple_of(layout.align) {
                return Err(invalid("a result that is not aligned"));
            }
            let root = memory
                .get(at as usize..)
                .and_then(|behind| behind.get(..layout.size as usize));
            guest::lift(
                ty,
                memory,
                root.ok_or(invalid("a result beyond the end of memory"))?,
                bounds,
            )
        }
    }
}

fn check_encoding(encoding: StringEncoding) -> wasmtime::Result<()> {
    match encoding {
        StringEncoding::Utf8 => Ok(()),
        other => bail!("the component passes strings as {other:?}; only UTF-8 is supported"),
    }
}

/// The memory that a call is lowered into.
struct Memory<'c, 'a, T: 'static>(&'c mut LowerContext<'a, T>);

impl<T> Memory<'_, '_, T> {
    fn write(&mut self, at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
        let behind = self.memory().get_mut(at as usize..);
        match behind.and_then(|behind| behind.get_mut(..bytes.len())) {
            Some(place) => place.copy_from_slice(bytes),
            None => bail!("the guest's allocation lies beyond the end of its memory"),
        }
        Ok(())
    }
}

impl<T> GuestMemory for Memory<'_, '_, T> {
    type Error = wasmtime::Error;

    fn allocate(&mut self, align: u32, size: u32) -> wasmtime::Result<u32> {
        // Checks that the block is aligned and within memory.
        let at = self.0.realloc(0, 0, align, size as usize)?;
        Ok(u32::try_from(at)?)
    }

    fn memory(&mut self) -> &mut [u8] {
        self.0.as_slice_mut()
    }
}

#[cfg(test)]
mod tests;
