//! Parameters and results that are handles of `weft:data`: a `list<u8>` to whoever calls, a number to the guest.

use wasmtime::component::types::{ComponentFunc, Type as Wasm};
use weft_types::ty::{Either, Shape};
use weft_types::{Signature, Type};

use super::{Converter, NotAValue, Path};

/// Where the handles are in the types of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handles {
    /// The parameters as the guest gets them: a record with a `u32` for each handle.
    pub(crate) params: Type,
    /// Which parameters are blobs.
    pub(crate) blobs: Box<[bool]>,
    /// The result as the guest gives it, where it is a sink or a `result` whose success is one: a `u32` in that place.
    pub(crate) sink: Option<Type>,
}

impl Converter {
    /// Where the handles are in an export of these types, if there are any.
    ///
    /// # Errors
    /// Where the numbers in their place make no type, which those of the signature did.
    pub(crate) fn handles(
        &self,
        func: &ComponentFunc,
        signature: &Signature,
    ) -> Result<Option<Handles>, weft_types::ty::TypeError> {
        let blobs: Box<[bool]> = func.params().map(|(_, ty)| self.is_blob(&ty)).collect();
        let gives_sink = func.results().next().is_some_and(|ty| self.gives_sink(&ty));
        if !gives_sink && !blobs.contains(&true) {
            return Ok(None);
        }
        let index = Type::from_shape(Shape::U32)?;
        let fields = signature.params.fields().unwrap_or_default().iter().zip(&blobs);
        let fields =
            fields.map(|(field, blob)| (&*field.name, if *blob { index.clone() } else { field.ty.clone() }));
        let params = Type::record(fields.collect::<Vec<_>>())?;
        let sink = match signature.result.as_ref().filter(|_| gives_sink) {
            Some(result) => Some(with_index(result, index)?),
            None => None,
        };
        Ok(Some(Handles { params, blobs, sink }))
    }

    /// The type of a parameter.
    pub(super) fn parameter(&mut self, ty: &Wasm, path: &mut Path) -> Result<Type, NotAValue> {
        match self.is_blob(ty) {
            true => bytes(path),
            false => self.value(ty, path),
        }
    }

    /// The type of a result.
    pub(super) fn result(&mut self, ty: &Wasm, path: &mut Path) -> Result<Type, NotAValue> {
        match ty {
            _ if self.is_sink(ty) => bytes(path),
            Wasm::Result(result) if self.gives_sink(ty) => {
                let ok = Some(Box::new(path.within("ok", |path| bytes(path))?));
                let err = self.payload("err", result.err(), path)?.map(Box::new);
                let either = Either { ok, err, payload: 0 };
                Type::from_shape(Shape::Result(either)).map_err(|error| path.is(&error))
            }
            _ => self.value(ty, path),
        }
    }

    fn is_blob(&self, ty: &Wasm) -> bool {
        matches!(ty, Wasm::Borrow(resource) if self.resources.data.blob.as_ref() == Some(resource))
    }

    fn is_sink(&self, ty: &Wasm) -> bool {
        matches!(ty, Wasm::Own(resource) if self.resources.data.sink.as_ref() == Some(resource))
    }

    fn gives_sink(&self, ty: &Wasm) -> bool {
        match ty {
            Wasm::Result(result) => result.ok().is_some_and(|ok| self.is_sink(&ok)),
            _ => self.is_sink(ty),
        }
    }
}

fn bytes(path: &Path) -> Result<Type, NotAValue> {
    Type::from_shape(Shape::U8)
        .and_then(Type::list)
        .map_err(|error| path.is(&error))
}

/// A result with the number of a handle in place of the bytes.
fn with_index(result: &Type, index: Type) -> Result<Type, weft_types::ty::TypeError> {
    match result.shape() {
        Shape::Result(either) => Type::from_shape(Shape::Result(Either {
            ok: Some(Box::new(index)),
            ..either.clone()
        })),
        _ => Ok(index),
    }
}
