//! Finding the exports that a version record names in the loaded component.

use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{self, ComponentFunc, ComponentItem};
use weft_function_engine::port::LoadError;
use weft_types::signature::{Callable, Export};

use crate::abi::Callee;
use crate::inspect::value::{Converter, Resources};

/// The callables among `exports`, at the same places, with the types read from the component itself.
pub(crate) fn find(
    engine: &Engine,
    component: &Component,
    exports: &[Export],
) -> Result<Vec<Option<Arc<Callee>>>, LoadError> {
    let ty = component.component_type();
    let mut types = Converter::new(Resources::of(engine, &ty));
    exports
        .iter()
        .map(|export| match &export.callable {
            Callable::No { .. } => Ok(None),
            Callable::Yes(recorded) => {
                let missing = || LoadError::NotIntact(format!("it has no export `{}`", export.full_name()));
                let func = function(engine, &ty, export).ok_or_else(missing)?;
                let signature = types.exported(&func).ok().filter(|found| found == recorded);
                let signature = signature.ok_or_else(|| {
                    LoadError::NotIntact(format!(
                        "export `{}` has other types than recorded",
                        export.full_name()
                    ))
                })?;
                let index = match &export.interface {
                    Some(interface) => {
                        let instance = component.get_export_index(None, interface).ok_or_else(missing)?;
                        component.get_export_index(Some(&instance), &export.name)
                    }
                    None => component.get_export_index(None, &export.name),
                };
                let handles = types.handles(&func, &signature);
                let handles = handles.map_err(|error| LoadError::NotIntact(error.to_string()))?;
                Ok(Some(Arc::new(Callee {
                    index: index.ok_or_else(missing)?,
                    signature,
                    handles,
                })))
            }
        })
        .collect()
}

fn function(engine: &Engine, ty: &types::Component, export: &Export) -> Option<ComponentFunc> {
    let item = match &export.interface {
        Some(interface) => match ty.get_export(engine, interface)?.ty {
            ComponentItem::ComponentInstance(instance) => instance.get_export(engine, &export.name)?.ty,
            _ => return None,
        },
        None => ty.get_export(engine, &export.name)?.ty,
    };
    match item {
        ComponentItem::ComponentFunc(func) => Some(func),
        _ => None,
    }
}
