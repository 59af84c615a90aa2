//! What a component offers to be called.

use wasmtime::Engine;
use wasmtime::component::types::{Component as ComponentType, ComponentFunc, ComponentItem};
use weft_types::signature::Callable;
use weft_types::version::Flavor;
use weft_types::{Export, Signature, Type};

use super::value::Converter;
use super::{CLI_RUN, HTTP_HANDLER, flavor, is_wasi_0_2, split_version};
use crate::adapt::{ACCEPTED, Refused};
use crate::restore;

/// What `componentize-py` leaves in each component: an interface with the function that initialised it when it was built, and
/// the first parameter of that. It is nobody's to call.
const INITIALISER: (&str, &str, &str) = ("exports", "init", "app-name");

/// Most exports that a refusal names.
const NAMED: usize = 4;

/// The exports of a component and what they make of it.
pub(super) struct Exports {
    pub(super) flavor: Flavor,
    pub(super) callables: Vec<Export>,
}

/// Reads the exports of a component.
///
/// # Errors
/// Where nothing in it can be called.
pub(super) fn read(engine: &Engine, ty: &ComponentType, types: &mut Converter) -> Result<Exports, Refused> {
    let mut found = Found::default();
    for (name, item) in ty.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) if name == restore::EXPORT => {}
            ComponentItem::ComponentFunc(func) => found.add(None, name, types.callable(&func)),
            ComponentItem::ComponentInstance(instance) if !found.is_special(name)? => {
                for (function, item) in instance.exports(engine) {
                    if let ComponentItem::ComponentFunc(func) = item.ty
                        && !is_initialiser(name, function, &func)
                    {
                        found.add(Some(name), function, types.callable(&func));
                    }
                }
            }
            _ => {}
        }
    }
    found.decide()
}

fn is_initialiser(interface: &str, name: &str, func: &ComponentFunc) -> bool {
    let first = func.params().next();
    first.is_some_and(|(param, _)| (interface, name, param) == INITIALISER)
}

#[derive(Default)]
struct Found {
    http: bool,
    command: bool,
    callables: Vec<Export>,
}

impl Found {
    /// Notes the interfaces that decide the flavor; they are no typed exports.
    fn is_special(&mut self, interface: &str) -> Result<bool, Refused> {
        let (name, version) = split_version(interface);
        match name {
            HTTP_HANDLER if is_wasi_0_2(version) => self.http = true,
            CLI_RUN if is_wasi_0_2(version) => self.command = true,
            HTTP_HANDLER | CLI_RUN | "wasi:http/handler" => {
                return Err(Refused(format!(
                    "the component exports `{interface}`, but functions are called through WASI 0.2: {ACCEPTED}"
                )));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn add(&mut self, interface: Option<&str>, name: &str, callable: Callable) {
        let interface = interface.map(str::to_owned);
        self.callables.push(Export {
            name: name.to_owned(),
            interface,
            callable,
        });
    }

    fn decide(self) -> Result<Exports, Refused> {
        let typed = self.callables.iter().any(|export| export.signature().is_some());
        let Some(flavor) = flavor(self.http, typed, self.command) else {
            return Err(self.nothing());
        };
        let callables = match flavor {
            Flavor::Command => vec![run()?],
            // No code is a workflow; the flavors found here are the other three.
            Flavor::Exports | Flavor::Http | Flavor::Workflow => self.callables,
        };
        Ok(Exports { flavor, callables })
    }

    /// Why nothing can be called.
    fn nothing(&self) -> Refused {
        if self.callables.is_empty() {
            return Refused(format!(
                "the component exports no function: export one whose parameters and result are values, or \
                 `{HTTP_HANDLER}@0.2.x`; {ACCEPTED}"
            ));
        }
        let named = self
            .callables
            .iter()
            .take(NAMED)
            .map(obstacle)
            .collect::<Vec<_>>();
        let more = match self.callables.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        Refused(format!(
            "none of the component's exports can be called: {}{more}. Export a function whose parameters and result are \
             values (numbers, strings, lists, records, variants, …)",
            named.join("; ")
        ))
    }
}

/// The one export of a command: standard input to standard output.
fn run() -> Result<Export, Refused> {
    let types = || {
        let bytes = Type::list(Type::from_shape(weft_types::ty::Shape::U8)?)?;
        Ok(Signature {
            params: Type::record([("stdin", bytes.clone())])?,
            result: Some(bytes),
        })
    };
    let signature = types().map_err(|error: weft_types::ty::TypeError| Refused(error.to_string()))?;
    Ok(Export {
        name: "run".to_owned(),
        interface: None,
        callable: Callable::Yes(signature),
    })
}

fn obstacle(export: &Export) -> String {
    match &export.callable {
        Callable::No { path, found } => format!("`{}` has {found} at `{path}`", export.full_name()),
        Callable::Yes(_) => format!("`{}` can", export.full_name()),
    }
}
