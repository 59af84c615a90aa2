//! Calls with values of types known only at run time, without wasmtime's generic values: an image is copied into guest
//! memory block by block, and a result out of it, by [`weft_types::guest`]. Where an export deals in handles of `weft:data`, the
//! guest gets numbers of its table of handles instead, and answers one.
//!
//! This is the one place that implements wasmtime's hidden lowering traits, whose contract may change with any version of
//! it: wasmtime is pinned exactly, and the tests compare with its public `Val` interface.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use wasmtime::component::__internal::wasmtime_environ::component::{StringEncoding, TypeResourceTableIndex};
use wasmtime::component::__internal::{
    CanonicalAbiInfo, ComponentTypes, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, Instance, Lift, Lower, Resource, ResourceType,
    TypedFunc,
};
use wasmtime::{Store, ValRaw, bail};
use weft_types::guest::{self, GuestMemory, Instead, LiftError, Root};
use weft_types::image::{Attached, Bounds, Conversion, Image, Piece};
use weft_types::{Signature, Type};

use crate::data::{Blob, Sink};
use crate::host::HostState;
use crate::inspect::value::Handles;

/// The canonical ABI passes up to this many core values flat, and more by one pointer.
const MAX_FLAT: usize = 16;

/// An exported function.
pub(crate) struct Callee {
    pub(crate) index: ComponentExportIndex,
    pub(crate) signature: Signature,
    /// Where it deals in handles.
    pub(crate) handles: Option<Handles>,
}

/// The arguments of a call.
pub(crate) struct Arguments {
    /// Of the parameters' type.
    pub(crate) image: Image,
    /// What is not in the image.
    pub(crate) attached: Attached,
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

/// Calls an export. `bounds` apply to the result.
///
/// # Errors
/// Whatever ended the guest; a [`LiftError`] where its result is no value, or too large.
pub(crate) async fn call(
    store: &mut Store<HostState>,
    instance: &Instance,
    callee: Arc<Callee>,
    arguments: Arguments,
    bounds: Bounds,
) -> wasmtime::Result<Option<Image>> {
    let Some(function) = instance.get_func(&mut *store, &callee.index) else {
        bail!("the component has no such export");
    };
    let lent = lend(store.data_mut(), &callee, &arguments)?;
    let parameters = Parameters {
        callee: &callee,
        lent: &lent,
        arguments: Mutex::new(Some(arguments)),
    };
    // SAFETY: the caller has to make sure that the function takes `Parameters` and returns `Answer`. Both have as many
    // core values as any function can take or return: `Parameters` initialises all sixteen slots with plain integers,
    // `Answer` reads the first. A core value of an export lifted by a component is a number, never a reference, so every
    // pattern of bits in a slot is valid for it, and a pointer among them is only ever an index into the guest's own
    // memory, which the guest or `guest::lift` checks; a handle among them is an index into the guest's own table of
    // handles, which wasmtime checks. Whether the values also make sense, is checked when code is loaded:
    // `callee.signature` and `callee.handles` are read from the loaded component itself.
    let function = unsafe { TypedFunc::<Parameters<'_>, Answer>::new_unchecked(function) };
    let expected = Expected {
        callee: callee.clone(),
        bounds,
    };
    let answer = EXPECTED
        .scope(expected, function.call_async(&mut *store, parameters))
        .await?;
    // A store whose call failed is not used again.
    let state = store.data_mut();
    lent.into_iter()
        .flatten()
        .try_for_each(|blob| state.take_back(blob))?;
    answer.into_image(state, &callee.signature, bounds)
}

/// Puts what a guest shall be lent into its store: by parameter, the handles' representations.
fn lend(
    state: &mut HostState,
    callee: &Callee,
    arguments: &Arguments,
) -> wasmtime::Result<Vec<Option<Resource<Blob>>>> {
    let Some(handles) = &callee.handles else {
        return Ok(Vec::new());
    };
    let mut lend =
        |parameter| -> wasmtime::Result<_> { state.lend(arguments.bytes(&callee.signature, parameter)?) };
    let parameters = handles.blobs.iter().enumerate();
    parameters
        .map(|(parameter, is_blob)| is_blob.then(|| lend(parameter)).transpose())
        .collect()
}

impl Arguments {
    /// The value of a parameter that is a `list<u8>`, without a copy.
    ///
    /// # Errors
    /// Where it is something else.
    pub(crate) fn bytes(&self, signature: &Signature, parameter: usize) -> wasmtime::Result<Bytes> {
        if let Some(bytes) = self.attached.get(parameter) {
            return Ok(bytes.clone());
        }
        let member = self.image.view(&signature.params).member(parameter);
        match member.and_then(|member| member.to_bytes()) {
            Some(bytes) => Ok(bytes),
            None => bail!("parameter {parameter} is no list of bytes"),
        }
    }
}

/// The parameters of a call.
struct Parameters<'a> {
    callee: &'a Callee,
    /// The blobs, by parameter; none at all where the callee deals in none.
    lent: &'a [Option<Resource<Blob>>],
    /// Taken when they are lowered: while the guest executes, its own copy is enough.
    arguments: Mutex<Option<Arguments>>,
}

/// The result of a call.
enum Answer {
    /// A value, if its type has one.
    Value(Option<Image>),
    /// The `err` of a `result` whose success is a sink, which this type has a number for.
    Failure(Image, Type),
    /// A sink of the guest's, or the success that is one.
    Sink(Resource<Sink>),
}

impl Answer {
    /// The value, of the signature's type.
    fn into_image(
        self,
        state: &mut HostState,
        signature: &Signature,
        bounds: Bounds,
    ) -> wasmtime::Result<Option<Image>> {
        match (self, &signature.result) {
            (Self::Value(image), _) => Ok(image),
            (Self::Sink(sink), Some(ty)) => state.answered(sink, ty).map(Some),
            (Self::Failure(image, of), Some(ty)) => {
                let carried = image.view(&of).payload();
                let carried = carried.map(|carried| Box::new(Piece::View(carried, &Conversion::IDENTITY)));
                Ok(Some(Image::assemble(ty, &Piece::Err(carried), bounds)?))
            }
            (Self::Sink(_) | Self::Failure(..), None) => {
                bail!("a handle is the result of an export that has none")
            }
        }
    }
}

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
        ty: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; MAX_FLAT]>,
    ) -> wasmtime::Result<()> {
        check_encoding(cx.options().string_encoding)?;
        let arguments = self
            .arguments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(arguments) = arguments else {
            bail!("the parameters were lowered before")
        };
        let handles = self.lower_handles(cx, ty)?;
        let mut memory = Memory(cx);
        let root = self.lower_values(&arguments, &handles, &mut memory)?;
        let mut flat = [0; MAX_FLAT];
        let passed = self.passed();
        let layout = passed.layout();
        if layout.flat as usize <= MAX_FLAT {
            guest::flatten(passed, &root, &mut flat);
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

impl Parameters<'_> {
    /// The parameters' record as the guest gets it.
    fn passed(&self) -> &Type {
        match &self.callee.handles {
            Some(handles) => &handles.params,
            None => &self.callee.signature.params,
        }
    }

    /// Lends the blobs for this call: by parameter, their numbers in the guest's table. That the guest holds none of them any
    /// longer when it answers is checked by wasmtime.
    fn lower_handles<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
    ) -> wasmtime::Result<Vec<Option<u32>>> {
        let mut lower = |(parameter, blob): (usize, &Option<Resource<Blob>>)| {
            let Some(blob) = blob else {
                return Ok(None);
            };
            let table = match member(cx.types, ty, parameter) {
                Some(InterfaceType::Borrow(table)) => table,
                _ => bail!("parameter {parameter} is not lent"),
            };
            check_resource::<Blob>(cx.resource_type(table))?;
            cx.guest_resource_lower_borrow(table, blob.rep()).map(Some)
        };
        self.lent.iter().enumerate().map(&mut lower).collect()
    }

    fn lower_values<M: GuestMemory<Error = wasmtime::Error>>(
        &self,
        arguments: &Arguments,
        handles: &[Option<u32>],
        memory: &mut M,
    ) -> wasmtime::Result<Root> {
        let params = &self.callee.signature.params;
        let Arguments { image, attached } = arguments;
        if handles.is_empty() && attached.is_empty() {
            return guest::lower(params, image, memory);
        }
        let instead = |parameter| match handles.get(parameter).copied().flatten() {
            Some(handle) => Some(Instead::Handle(handle)),
            None => attached.get(parameter).map(|bytes| Instead::Bytes(bytes)),
        };
        guest::lower_arguments((params, self.passed()), image, instead, memory)
    }
}

/// The type of a parameter or result by its place.
fn member(types: &ComponentTypes, ty: InterfaceType, index: usize) -> Option<InterfaceType> {
    match ty {
        InterfaceType::Tuple(tuple) => types[tuple].types.get(index).copied(),
        _ => None,
    }
}

/// Makes sure that handles of a table stand for what the host takes them for.
fn check_resource<R: 'static>(found: ResourceType) -> wasmtime::Result<()> {
    match found == ResourceType::host::<R>() {
        true => Ok(()),
        false => bail!("a handle is of another resource than `weft:data` has"),
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
        ty: InterfaceType,
        src: &[ValRaw; 1],
    ) -> wasmtime::Result<Self> {
        check_encoding(cx.options().string_encoding)?;
        let memory = cx.memory();
        EXPECTED.with(|expected| {
            let Callee {
                signature, handles, ..
            } = &*expected.callee;
            let Some(result) = &signature.result else {
                return Ok(Self::Value(None));
            };
            match handles.as_ref().and_then(|handles| handles.sink.as_ref()) {
                None => Ok(Self::Value(Some(lift(result, memory, src[0], expected.bounds)?))),
                Some(given) => {
                    let image = lift(given, memory, src[0], expected.bounds)?;
                    lift_sink(cx, ty, image, given)
                }
            }
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

/// Takes from the guest the sink whose number `image` is, or carries as a success.
fn lift_sink(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    image: Image,
    given: &Type,
) -> wasmtime::Result<Answer> {
    let view = image.view(given);
    let number = match view.choice() {
        None => view.as_integer(),
        Some(choice) if choice.index == 0 => choice.payload.and_then(|payload| payload.as_integer()),
        Some(_) => return Ok(Answer::Failure(image, given.clone())),
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    let Some((number, table)) = number.zip(sink_table(cx.types, ty)) else {
        bail!("the result is no handle");
    };
    check_resource::<Sink>(cx.resource_type(table))?;
    let (rep, _, _) = cx.guest_resource_lift_own(table, number)?;
    Ok(Answer::Sink(Resource::new_own(rep)))
}

/// The table of handles that a result is in, or its success.
fn sink_table(types: &ComponentTypes, ty: InterfaceType) -> Option<TypeResourceTableIndex> {
    let result = match member(types, ty, 0)? {
        InterfaceType::Result(result) => types[result].ok?,
        other => other,
    };
    match result {
        InterfaceType::Own(table) => Some(table),
        _ => None,
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
