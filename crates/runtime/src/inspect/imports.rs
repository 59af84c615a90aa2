//! What a component asks to do outside itself.

use wasmtime::Engine;
use wasmtime::component::types::{Component as ComponentType, ComponentInstance, ComponentItem};
use weft_types::version::{Capability, ImportedFunction};

use super::value::Converter;
use super::value::{DATA, DATA_VERSIONS, is_data};
use super::{is_wasi_0_2, split_version};
use crate::adapt::Refused;

/// Interfaces that every function may import, in any 0.2 version. File systems are empty and sockets refuse: guests built on
/// a standard library import both without using them.
const PROVIDED: [&str; 28] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Outbound HTTP.
const OUTGOING: &str = "wasi:http/outgoing-handler";
/// The key-value interfaces and the one version of them there is.
const KEYVALUE: [&str; 3] = [
    "wasi:keyvalue/atomics",
    "wasi:keyvalue/batch",
    "wasi:keyvalue/store",
];
const KEYVALUE_VERSION: &str = "0.2.0-draft2";

/// What an import is, judged by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Every function has it.
    Provided,
    /// Needs the grant `http`.
    Http,
    /// Needs the grant `keyvalue`.
    Keyvalue,
    /// An interface of somebody, which another function may satisfy.
    Foreign,
}

/// Judges imports by name alone, before anything is compiled.
///
/// # Errors
/// Where the name is one of WASI that is not provided.
pub(crate) fn check(names: &[String]) -> Result<(), Refused> {
    names.iter().try_for_each(|name| class(name).map(drop))
}

fn class(interface: &str) -> Result<Class, Refused> {
    let (name, version) = split_version(interface);
    if KEYVALUE.contains(&name) {
        return match version {
            Some(KEYVALUE_VERSION) => Ok(Class::Keyvalue),
            _ => Err(refused(
                interface,
                &format!("provided is version {KEYVALUE_VERSION}"),
            )),
        };
    }
    if name == DATA {
        return match is_data(interface) {
            true => Ok(Class::Provided),
            false => Err(refused(
                interface,
                &format!("provided is version {DATA_VERSIONS}x"),
            )),
        };
    }
    if !name.starts_with("wasi:") {
        return Ok(Class::Foreign);
    }
    if version.is_some_and(|version| version.starts_with("0.3")) {
        return Err(refused(
            interface,
            "WASI 0.3 is not supported yet: build for WASI 0.2, such as with `--target wasm32-wasip2`",
        ));
    }
    match name {
        OUTGOING if is_wasi_0_2(version) => Ok(Class::Http),
        _ if PROVIDED.contains(&name) && is_wasi_0_2(version) => Ok(Class::Provided),
        _ if PROVIDED.contains(&name) || name == OUTGOING => Err(refused(interface, "provided is WASI 0.2")),
        _ => Err(refused(
            interface,
            "WASI's interfaces for command line, clocks, HTTP, I/O, random and key-value are",
        )),
    }
}

/// The capabilities that the imports of a component ask for.
///
/// # Errors
/// Where an import is one that neither the platform nor another function can satisfy.
pub(super) fn capabilities(
    engine: &Engine,
    ty: &ComponentType,
    types: &mut Converter,
) -> Result<Vec<Capability>, Refused> {
    let mut capabilities = Vec::new();
    for (name, item) in ty.imports(engine) {
        let capability = match class(name)? {
            Class::Provided => None,
            Class::Http => Some(Capability::Http),
            Class::Keyvalue => Some(keyvalue(engine, name, &item.ty)?),
            Class::Foreign => foreign(engine, name, &item.ty, types)?,
        };
        capabilities.extend(capability.filter(|capability| !capabilities.contains(capability)));
    }
    Ok(capabilities)
}

/// Of `atomics`, adding to numbers is provided; swapping values is not.
fn keyvalue(engine: &Engine, name: &str, item: &ComponentItem) -> Result<Capability, Refused> {
    let missing = match item {
        ComponentItem::ComponentInstance(instance) => ["swap", "[static]cas.new", "[method]cas.current"]
            .into_iter()
            .find(|function| instance.get_export(engine, function).is_some()),
        _ => None,
    };
    match missing {
        Some(function) => Err(refused(
            name,
            &format!("of it, `{function}` is not: use `increment` or one writer a key"),
        )),
        None => Ok(Capability::Keyvalue),
    }
}

/// An import that another function may satisfy: an interface whose functions are all about values.
fn foreign(
    engine: &Engine,
    name: &str,
    item: &ComponentItem,
    types: &mut Converter,
) -> Result<Option<Capability>, Refused> {
    let instance = match item {
        ComponentItem::ComponentInstance(instance) => instance,
        // A type that other imports share, not something to be provided.
        ComponentItem::Type(_) => return Ok(None),
        ComponentItem::ComponentFunc(_) => {
            return Err(refused(
                name,
                "it is a function outside any interface, and only interfaces can be satisfied by \
                                      other functions: put it into one",
            ));
        }
        ComponentItem::Resource(_)
        | ComponentItem::Component(_)
        | ComponentItem::Module(_)
        | ComponentItem::CoreFunc(_) => {
            return Err(refused(
                name,
                "it is no interface, and only interfaces can be satisfied by other functions",
            ));
        }
    };
    let functions = functions(engine, name, instance, types)?;
    let interface = name.to_owned();
    Ok((!functions.is_empty()).then_some(Capability::Call { interface, functions }))
}

fn functions(
    engine: &Engine,
    interface: &str,
    instance: &ComponentInstance,
    types: &mut Converter,
) -> Result<Vec<ImportedFunction>, Refused> {
    let mut functions = Vec::new();
    for (name, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(func) => {
                let signature = types.signature(&func).map_err(|error| {
                    refused(
                        interface,
                        &format!("its function `{name}` deals in more than values: {error}"),
                    )
                })?;
                functions.push(ImportedFunction {
                    name: name.to_owned(),
                    signature,
                });
            }
            ComponentItem::Resource(_) => {
                return Err(refused(
                    interface,
                    &format!("its resource `{name}` cannot come from another function"),
                ));
            }
            _ => {}
        }
    }
    Ok(functions)
}

fn refused(name: &str, why: &str) -> Refused {
    Refused(format!(
        "the component imports `{name}`, which is not provided: {why}"
    ))
}
