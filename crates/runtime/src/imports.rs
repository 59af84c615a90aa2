//! Typed imports that other functions satisfy.
//!
//! The arguments pass through the engine's dynamic values, because a host function whose types are known only at run time
//! gets its arguments in no other form. A call of a function costs instantiating it, beside which this shows only for
//! large values.

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Val};
use weft_function_engine::port::{Failure, ImportBinding};
use weft_types::image::{Bounds, Image};
use weft_types::version::ImportedFunction;
use weft_types::{FunctionName, Type};

use crate::host::HostState;
use crate::val;

/// What a guest may pass to another function in one call; the callee's own limit stands beside it.
const BOUNDS: Bounds = Bounds {
    bytes: 16 << 20,
    elements: 4_000_000,
};

/// A function of an imported interface and who answers its calls.
struct Import {
    interface: String,
    function: ImportedFunction,
    callee: FunctionName,
}

/// Why a call of another function did not answer. It ends the caller, for whom its types leave no other way to learn of it;
/// an `err` that the callee's signature declares is an answer.
#[derive(Debug, thiserror::Error)]
#[error("the call of `{interface}#{function}`, which function `{callee}` answers, failed: {why}")]
pub(crate) struct Unanswered {
    interface: String,
    function: String,
    callee: FunctionName,
    why: Why,
}

impl Unanswered {
    /// What it is where that is no fault of the caller's: calls went too deep or too wide, the platform failed or has no memory left, or nobody knows
    /// what became of the callee. Every caller up to the first fails for that same reason.
    pub(crate) fn passed_on(&self) -> Option<&Failure> {
        match &self.why {
            Why::Callee(
                failure @ (Failure::CallLimit(_)
                | Failure::SandboxMemory(_)
                | Failure::Lost(_)
                | Failure::Platform(_)),
            ) => Some(failure),
            _ => None,
        }
    }
}

/// The ways in which a call of another function fails.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("its arguments: {0}")]
    Arguments(String),
    #[error("{0}")]
    Callee(Failure),
    #[error("its result is not of the type that the caller imports: expected `{0}`")]
    Result(String),
    #[error(
        "its result holds more than {most} values, each byte of a `list<u8>` being one: pass long texts as `string`, or less \
         at a time",
        most = val::MAX_VALUES
    )]
    TooManyValues,
}

/// Satisfies the interfaces of `bindings`.
pub(crate) fn add_to_linker(
    linker: &mut Linker<HostState>,
    bindings: &[ImportBinding],
) -> wasmtime::Result<()> {
    for ImportBinding {
        interface,
        functions,
        callee,
    } in bindings
    {
        let mut instance = linker.instance(interface)?;
        for function in functions {
            let import = Arc::new(Import {
                interface: interface.clone(),
                function: function.clone(),
                callee: callee.clone(),
            });
            instance.func_new_async(&function.name, move |store, _, arguments, results| {
                let import = Arc::clone(&import);
                Box::new(async move { import.call(store, arguments, results).await })
            })?;
        }
    }
    Ok(())
}

impl Import {
    async fn call(
        &self,
        store: StoreContextMut<'_, HostState>,
        arguments: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let answer = self.answer(store, arguments).await.map_err(|why| Unanswered {
            interface: self.interface.clone(),
            function: self.function.name.clone(),
            callee: self.callee.clone(),
            why,
        })?;
        if let (Some(slot), Some(value)) = (results.first_mut(), answer) {
            *slot = value;
        }
        Ok(())
    }

    async fn answer(
        &self,
        store: StoreContextMut<'_, HostState>,
        arguments: &[Val],
    ) -> Result<Option<Val>, Why> {
        let signature = &self.function.signature;
        let arguments = val::arguments(&signature.params, arguments, BOUNDS)
            .map_err(|error| Why::Arguments(error.to_string()))?;
        let caller = &store.data().caller;
        let (version, context) = (Arc::clone(&caller.version), caller.context.clone());
        let host = context.host.as_ref().unwrap_or(&version.host);
        let call = host.call(
            &version.project,
            &self.callee,
            &self.interface,
            &self.function,
            arguments,
            &context,
        );
        let image = call.await.map_err(Why::Callee)?;
        match &signature.result {
            Some(ty) => value(ty, image.as_ref()).map(Some),
            None => Ok(None),
        }
    }
}

/// The result as the guest gets it. Only an image of its type is read.
fn value(ty: &Type, image: Option<&Image>) -> Result<Val, Why> {
    let image = image.filter(|image| image.type_digest() == ty.digest());
    let image = image.ok_or_else(|| Why::Result(ty.to_string()))?;
    val::from_image(ty, image, val::MAX_VALUES).ok_or(Why::TooManyValues)
}
