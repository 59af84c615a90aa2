//! Types of the engine as types of the platform.

use wasmtime::Engine;
use wasmtime::component::ResourceType;
use wasmtime::component::types::{
    Component as ComponentType, ComponentFunc, ComponentInstance, ComponentItem, Type as Wasm,
};
use weft_types::signature::Callable;
use weft_types::ty::Shape;
use weft_types::{Signature, Type};

use super::split_version;

mod handles;

pub(crate) use handles::Handles;

/// Most nodes converted for one component. Parts that types share count each time they are reached, so that a small
/// component cannot ask for a large conversion.
const MAX_NODES: u32 = 200_000;

/// The interface of large bytes, without its version.
pub(super) const DATA: &str = "weft:data/blobs";
/// What its version begins with.
pub(super) const DATA_VERSIONS: &str = "0.1.";

/// Why a type is no value: where in the signature, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is {found}")]
pub(crate) struct NotAValue {
    /// Path to the type, such as `params.input.body`.
    pub(crate) path: String,
    /// What was found there, such as `own<descriptor>`.
    pub(crate) found: String,
}

/// The resources a component mentions.
#[derive(Default)]
pub(crate) struct Resources {
    /// Their names, for messages.
    names: Vec<(ResourceType, String)>,
    /// Those of `weft:data`, where it imports them.
    data: Data,
}

/// The resources by which large bytes are passed.
#[derive(Default)]
struct Data {
    blob: Option<ResourceType>,
    sink: Option<ResourceType>,
}

/// Whether an import is the interface of large bytes.
pub(super) fn is_data(interface: &str) -> bool {
    let (name, version) = split_version(interface);
    name == DATA && version.is_some_and(|version| version.starts_with(DATA_VERSIONS))
}

impl Resources {
    /// Collects the names under which `ty` imports and exports resources.
    pub(crate) fn of(engine: &Engine, ty: &ComponentType) -> Self {
        let mut names = Vec::new();
        for (name, item) in ty.imports(engine).chain(ty.exports(engine)) {
            collect(engine, name, item.ty, &mut names);
        }
        Self {
            names,
            data: Data::of(engine, ty),
        }
    }

    fn name(&self, resource: &ResourceType) -> &str {
        self.names
            .iter()
            .find(|(known, _)| known == resource)
            .map_or("resource", |(_, name)| name)
    }
}

impl Data {
    /// Those that are imported: what a component exports under the same name is its own.
    fn of(engine: &Engine, ty: &ComponentType) -> Self {
        let mut found = Self::default();
        for (name, item) in ty.imports(engine) {
            if let ComponentItem::ComponentInstance(instance) = item.ty
                && is_data(name)
            {
                found.blob = resource(engine, &instance, "blob");
                found.sink = resource(engine, &instance, "sink");
            }
        }
        found
    }
}

fn resource(engine: &Engine, instance: &ComponentInstance, name: &str) -> Option<ResourceType> {
    match instance.get_export(engine, name)?.ty {
        ComponentItem::Resource(resource) => Some(resource),
        _ => None,
    }
}

fn collect(engine: &Engine, name: &str, item: ComponentItem, names: &mut Vec<(ResourceType, String)>) {
    match item {
        ComponentItem::Resource(resource) => names.push((resource, name.to_owned())),
        ComponentItem::ComponentInstance(instance) => {
            for (name, item) in instance.exports(engine) {
                if let ComponentItem::Resource(resource) = item.ty {
                    names.push((resource, name.to_owned()));
                }
            }
        }
        _ => {}
    }
}

/// How a type is converted that stands in some place.
type Convert = fn(&mut Converter, &Wasm, &mut Path) -> Result<Type, NotAValue>;

/// Converts types within a budget of nodes for the whole component.
pub(crate) struct Converter {
    resources: Resources,
    left: u32,
}

impl Converter {
    /// A converter that names resources by `resources`.
    pub(crate) fn new(resources: Resources) -> Self {
        Self {
            resources,
            left: MAX_NODES,
        }
    }

    /// The types of an export, or why it cannot be called with values.
    pub(crate) fn callable(&mut self, func: &ComponentFunc) -> Callable {
        match self.exported(func) {
            Ok(signature) => Callable::Yes(signature),
            Err(NotAValue { path, found }) => Callable::No { path, found },
        }
    }

    /// The types of an export. A handle of `weft:data` that is a parameter or the result is a `list<u8>` to its callers.
    ///
    /// # Errors
    /// Where one of them is no value.
    pub(crate) fn exported(&mut self, func: &ComponentFunc) -> Result<Signature, NotAValue> {
        self.types(func, Self::parameter, Self::result)
    }

    /// The types of `func`.
    ///
    /// # Errors
    /// Where one of them is no value.
    pub(crate) fn signature(&mut self, func: &ComponentFunc) -> Result<Signature, NotAValue> {
        self.types(func, Self::value, Self::value)
    }

    fn types(
        &mut self,
        func: &ComponentFunc,
        parameter: Convert,
        result: Convert,
    ) -> Result<Signature, NotAValue> {
        let mut path = Path::default();
        if func.async_() {
            return Err(path.is("an async function"));
        }
        let params = path.within("params", |path| {
            let params = func
                .params()
                .map(|(name, ty)| Ok((name, path.within(name, |path| parameter(self, &ty, path))?)))
                .collect::<Result<Vec<_>, _>>()?;
            Type::record(params).map_err(|error| path.is(&error))
        })?;
        let result = func
            .results()
            .next()
            .map(|ty| path.within("result", |path| result(self, &ty, path)))
            .transpose()?;
        Ok(Signature { params, result })
    }

    fn value(&mut self, ty: &Wasm, path: &mut Path) -> Result<Type, NotAValue> {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => {
                return Err(path.is(&format!(
                    "beyond the {MAX_NODES} types a component may be written with"
                )));
            }
        };
        if path.depth() > Type::MAX_DEPTH as usize {
            return Err(path.is(&format!("nested deeper than {}", Type::MAX_DEPTH)));
        }
        let shape = self.shape(ty, path)?;
        Type::from_shape(shape).map_err(|error| path.is(&error))
    }

    fn shape(&mut self, ty: &Wasm, path: &mut Path) -> Result<Shape, NotAValue> {
        Ok(match ty {
            Wasm::Bool => Shape::Bool,
            Wasm::S8 => Shape::S8,
            Wasm::U8 => Shape::U8,
            Wasm::S16 => Shape::S16,
            Wasm::U16 => Shape::U16,
            Wasm::S32 => Shape::S32,
            Wasm::U32 => Shape::U32,
            Wasm::S64 => Shape::S64,
            Wasm::U64 => Shape::U64,
            Wasm::Float32 => Shape::F32,
            Wasm::Float64 => Shape::F64,
            Wasm::Char => Shape::Char,
            Wasm::String => Shape::String,
            Wasm::Enum(names) => Shape::Enum(names.names().map(Box::from).collect()),
            Wasm::Flags(names) => Shape::Flags(names.names().map(Box::from).collect()),
            Wasm::List(_) | Wasm::Record(_) | Wasm::Tuple(_) => self.product(ty, path)?,
            Wasm::Variant(_) | Wasm::Option(_) | Wasm::Result(_) => self.sum(ty, path)?,
            Wasm::Own(resource) => return Err(path.is(&format!("`own<{}>`", self.resources.name(resource)))),
            Wasm::Borrow(resource) => {
                return Err(path.is(&format!("`borrow<{}>`", self.resources.name(resource))));
            }
            Wasm::Stream(stream) => return Err(path.is(&format!("`stream{}`", element(stream.ty())))),
            Wasm::Future(future) => return Err(path.is(&format!("`future{}`", element(future.ty())))),
            Wasm::ErrorContext => return Err(path.is("`error-context`")),
            Wasm::Map(_) => return Err(path.is("a `map`, which is not supported yet")),
            Wasm::FixedLengthList(_) => {
                return Err(path.is("a list of fixed length, which is not supported yet"));
            }
        })
    }

    fn product(&mut self, ty: &Wasm, path: &mut Path) -> Result<Shape, NotAValue> {
        match ty {
            Wasm::List(list) => {
                let element = path.within("[]", |path| self.value(&list.ty(), path))?;
                Ok(Shape::List(Box::new(element)))
            }
            Wasm::Record(record) => {
                let fields = record
                    .fields()
                    .map(|field| {
                        let ty = path.within(field.name, |path| self.value(&field.ty, path))?;
                        Ok(weft_types::ty::Field {
                            name: field.name.into(),
                            ty,
                            offset: 0,
                        })
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Shape::Record(fields))
            }
            Wasm::Tuple(tuple) => {
                let slots = tuple
                    .types()
                    .enumerate()
                    .map(|(i, ty)| {
                        let ty = path.within(&i.to_string(), |path| self.value(&ty, path))?;
                        Ok(weft_types::ty::Slot { ty, offset: 0 })
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Shape::Tuple(slots))
            }
            _ => Err(path.is("no product type")),
        }
    }

    fn sum(&mut self, ty: &Wasm, path: &mut Path) -> Result<Shape, NotAValue> {
        match ty {
            Wasm::Variant(variant) => {
                let cases = variant
                    .cases()
                    .map(|case| {
                        let ty = self.payload(case.name, case.ty, path)?;
                        Ok(weft_types::ty::Case {
                            name: case.name.into(),
                            ty,
                        })
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Shape::Variant(weft_types::ty::Cases { cases, payload: 0 }))
            }
            Wasm::Option(option) => {
                let ty = path.within("some", |path| self.value(&option.ty(), path))?;
                Ok(Shape::Option(weft_types::ty::Payload {
                    ty: Box::new(ty),
                    payload: 0,
                }))
            }
            Wasm::Result(result) => {
                let ok = self.payload("ok", result.ok(), path)?.map(Box::new);
                let err = self.payload("err", result.err(), path)?.map(Box::new);
                Ok(Shape::Result(weft_types::ty::Either { ok, err, payload: 0 }))
            }
            _ => Err(path.is("no sum type")),
        }
    }

    fn payload(&mut self, case: &str, ty: Option<Wasm>, path: &mut Path) -> Result<Option<Type>, NotAValue> {
        ty.map(|ty| path.within(case, |path| self.value(&ty, path)))
            .transpose()
    }
}

/// What a stream or future carries, as far as it is worth naming.
fn element(ty: Option<Wasm>) -> &'static str {
    match ty {
        None => "",
        Some(Wasm::U8) => "<u8>",
        Some(Wasm::String) => "<string>",
        Some(_) => "<…>",
    }
}

/// The way from a signature to the type being converted.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn within<T>(&mut self, part: &str, convert: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(part.to_owned());
        let converted = convert(self);
        self.0.pop();
        converted
    }

    /// Types above this one; the first two parts name a parameter.
    fn depth(&self) -> usize {
        self.0.len()
    }

    fn is(&self, found: &(impl std::fmt::Display + ?Sized)) -> NotAValue {
        NotAValue {
            path: self.0.join("."),
            found: found.to_string(),
        }
    }
}
