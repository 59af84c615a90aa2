//! Adding the export that puts a component's state back.

use std::borrow::Cow;

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentTypeSection, ComponentValType, Encode, ExportKind, Module, RawSection,
    SectionId,
};
use wasmparser::{BinaryReader, Parser, Payload};

use super::examine::{self, Outline, examine};
use super::{CORE_EXPORT, EXPORT};

/// The largest component that is looked at: more takes as long to read as is worth it, and keeps too much in every case known.
const MAX_BYTES: usize = 8 << 20;
const I32: u8 = 0x7f;
const FUNCTION_TYPE: u8 = 0x60;
const GLOBAL_SET: u8 = 0x24;
const END: u8 = 0x0b;

/// The component with an export more, by which its instances can be put back into the state in which they began; none where it
/// keeps state that cannot be put back.
pub(crate) fn extend(component: &[u8]) -> Option<Vec<u8>> {
    let small = (component.len() <= MAX_BYTES).then_some(component)?;
    with_export(small, &examine(small)?)
}

/// Copies all sections, but for the module that keeps state, and adds those of the export behind them: so the numbers of what is
/// there stay as they are.
fn with_export(component: &[u8], outline: &Outline<'_>) -> Option<Vec<u8>> {
    let mut extended = Component::new();
    let (mut depth, mut modules) = (0_u32, 0);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.ok()?;
        match &payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
        let Some((id, range)) = payload.as_section().filter(|_| depth == 1) else {
            continue;
        };
        let mut data = Cow::Borrowed(component.get(range)?);
        if matches!(payload, Payload::ModuleSection { .. }) {
            if modules == outline.module {
                let takes_handle = outline.resource.is_some();
                data = Cow::Owned(with_function(&data, &outline.state, takes_handle)?);
            }
            modules += 1;
        }
        extended.section(&RawSection { id, data: &data });
    }
    add_export(&mut extended, outline)?;
    Some(extended.finish())
}

/// Adds a function that sets the mutable globals to what they begin with.
fn with_function(module: &[u8], state: &examine::Module<'_>, takes_handle: bool) -> Option<Vec<u8>> {
    let mut extended = Module::new();
    let mut added = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let section = module.get(range)?;
        let entry = entry(id, state, takes_handle);
        let data = match &entry {
            Some(entry) => Cow::Owned(append(section, entry)?),
            None => Cow::Borrowed(section),
        };
        added += u32::from(entry.is_some());
        extended.section(&RawSection { id, data: &data });
    }
    // Its type, its number, its name and its code.
    (added == 4).then(|| extended.finish())
}

/// What goes to the end of a section for the function.
fn entry(section: u8, state: &examine::Module<'_>, takes_handle: bool) -> Option<Vec<u8>> {
    let mut entry = Vec::new();
    if section == SectionId::Type as u8 {
        entry.push(FUNCTION_TYPE);
        match takes_handle {
            true => entry.extend([1, I32]),
            false => entry.push(0),
        }
        entry.push(0);
    } else if section == SectionId::Function as u8 {
        state.types.encode(&mut entry);
    } else if section == SectionId::Export as u8 {
        CORE_EXPORT.encode(&mut entry);
        ExportKind::Func.encode(&mut entry);
        state.functions.encode(&mut entry);
    } else if section == SectionId::Code as u8 {
        code(state).as_slice().encode(&mut entry);
    } else {
        return None;
    }
    Some(entry)
}

/// A body without locals.
fn code(state: &examine::Module<'_>) -> Vec<u8> {
    let mut body = vec![0];
    for (index, first) in &state.globals {
        body.extend_from_slice(first);
        body.push(GLOBAL_SET);
        index.encode(&mut body);
    }
    body.push(END);
    body
}

/// A section with one entry more.
fn append(section: &[u8], entry: &[u8]) -> Option<Vec<u8>> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32().ok()?;
    let entries = section.get(reader.current_position()..)?;
    let mut longer = Vec::with_capacity(section.len() + entry.len() + 1);
    count.checked_add(1)?.encode(&mut longer);
    longer.extend_from_slice(entries);
    longer.extend_from_slice(entry);
    Some(longer)
}

/// Lifts the function with the memory, and with a handle where there are any: what puts both back gets hold of them by that.
fn add_export(component: &mut Component, outline: &Outline<'_>) -> Option<()> {
    let mut aliases = ComponentAliasSection::new();
    let parts = [
        (ExportKind::Func, CORE_EXPORT),
        (ExportKind::Memory, outline.state.memory?),
    ];
    for (kind, name) in parts {
        aliases.alias(Alias::CoreInstanceExport {
            instance: outline.instance,
            kind,
            name,
        });
    }
    component.section(&aliases);

    let mut types = ComponentTypeSection::new();
    let mut function = outline.types;
    if let Some(resource) = outline.resource {
        types.defined_type().own(resource);
        function += 1;
    }
    let handle = outline
        .resource
        .map(|_| ("handle", ComponentValType::Type(outline.types)));
    types.function().params(handle).result(None);
    component.section(&types);

    let mut canonical = CanonicalFunctionSection::new();
    let options = [
        CanonicalOption::UTF8,
        CanonicalOption::Memory(outline.core_memories),
    ];
    canonical.lift(outline.core_functions, function, options);
    component.section(&canonical);

    let mut exports = ComponentExportSection::new();
    exports.export(EXPORT, ComponentExportKind::Func, outline.functions, None);
    component.section(&exports);
    Some(())
}
