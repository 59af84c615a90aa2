//! Where a component keeps state, found in its binary.

use wasmparser::component_types::ComponentAnyTypeId;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ElementKind, ExternalKind, Instance, Operator, Parser, Payload,
    TypeRef, ValidPayload, Validator,
};

use super::{CORE_EXPORT, EXPORT};

/// The largest memory that is put back, in pages of 64 KiB: it is read through once.
const MAX_PAGES: u64 = 64;

/// What a component consists of, as far as it is needed to add the export that puts its state back.
pub(super) struct Outline<'a> {
    /// The module with the memory, by its place among the core modules.
    pub(super) module: u32,
    /// What it keeps.
    pub(super) state: Module<'a>,
    /// Its instance, by its place among the core instances.
    pub(super) instance: u32,
    /// A type of resource that the component imports, if it does.
    pub(super) resource: Option<u32>,
    /// How many there are of what is added to.
    pub(super) core_functions: u32,
    pub(super) core_memories: u32,
    pub(super) types: u32,
    pub(super) functions: u32,
}

/// What a core module keeps, and how many there are of what is added to.
#[derive(Default)]
pub(super) struct Module<'a> {
    /// What its memory is exported as, where it has one.
    pub(super) memory: Option<&'a str>,
    /// Its mutable globals and the instruction that makes what each begins with.
    pub(super) globals: Vec<(u32, &'a [u8])>,
    pub(super) types: u32,
    pub(super) functions: u32,
    memories: u32,
    all_globals: u32,
    /// Whether it keeps what cannot be put back.
    beyond: bool,
}

/// What is being read.
enum Within<'a> {
    Component,
    Module(Module<'a>),
}

/// Tells where a component keeps state, if all of that can be put back: one memory, plain mutable globals beside it, and handles of
/// what it imports. None where it keeps more, or runs anything when it is instantiated.
///
/// It is valid, or what comes of it is refused when that is compiled.
pub(super) fn examine(component: &[u8]) -> Option<Outline<'_>> {
    let mut validator = Validator::new();
    let mut within = Vec::new();
    let mut modules = Vec::new();
    let mut instances = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.ok()?;
        let valid = validator.payload(&payload).ok()?;
        let depth = within.len();
        match (&payload, within.last_mut()) {
            (Payload::Version { encoding, .. }, _) => within.push(match encoding {
                wasmparser::Encoding::Component => Within::Component,
                wasmparser::Encoding::Module if depth == 1 => Within::Module(Module::default()),
                // A module of a nested component.
                wasmparser::Encoding::Module => return None,
            }),
            (Payload::End(_), _) => match within.pop()? {
                Within::Module(module) => modules.push(module),
                Within::Component if depth > 1 => {}
                Within::Component => {
                    let ValidPayload::End(types) = valid else {
                        return None;
                    };
                    return outline(modules, &instances, types.as_ref());
                }
            },
            (payload, Some(Within::Module(module))) => module.add(payload).ok()?,
            (Payload::InstanceSection(section), Some(Within::Component)) => {
                (depth == 1).then_some(())?;
                for instance in section.clone() {
                    instances.push(match instance.ok()? {
                        Instance::Instantiate { module_index, .. } => Some(module_index),
                        Instance::FromExports(_) => None,
                    });
                }
            }
            (Payload::ComponentCanonicalSection(section), Some(Within::Component)) => {
                for function in section.clone() {
                    (depth == 1 && is_plain(&function.ok()?)).then_some(())?;
                }
            }
            (Payload::ComponentStartSection { .. }, _) => return None,
            (Payload::ComponentExportSection(section), Some(Within::Component)) if depth == 1 => {
                for export in section.clone() {
                    (export.ok()?.name.name != EXPORT).then_some(())?;
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a canonical function leaves nothing behind but handles of what is imported.
fn is_plain(function: &CanonicalFunction) -> bool {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.iter().all(|option| {
                matches!(
                    option,
                    CanonicalOption::UTF8
                        | CanonicalOption::UTF16
                        | CanonicalOption::CompactUTF16
                        | CanonicalOption::Memory(_)
                        | CanonicalOption::Realloc(_)
                        | CanonicalOption::PostReturn(_)
                )
            })
        }
        CanonicalFunction::ResourceDrop { .. } => true,
        _ => false,
    }
}

fn outline<'a>(
    modules: Vec<Module<'a>>,
    instances: &[Option<u32>],
    types: wasmparser::types::TypesRef<'_>,
) -> Option<Outline<'a>> {
    // None is imported or comes from elsewhere.
    (types.module_count() as usize == modules.len()).then_some(())?;
    let keeping = modules.iter().enumerate().filter(|(_, module)| module.keeps());
    let mut keeping = keeping.map(|(index, _)| index);
    let (Some(index), None) = (keeping.next(), keeping.next()) else {
        return None;
    };
    let state = modules.into_iter().nth(index)?;
    (!state.beyond && state.memory.is_some()).then_some(())?;
    let module = u32::try_from(index).ok()?;
    let mut made = instances
        .iter()
        .enumerate()
        .filter(|(_, of)| **of == Some(module));
    let (Some((instance, _)), None) = (made.next(), made.next()) else {
        return None;
    };
    let is_resource = |index: &u32| {
        matches!(
            types.component_any_type_at(*index),
            ComponentAnyTypeId::Resource(_)
        )
    };
    Some(Outline {
        module,
        state,
        instance: u32::try_from(instance).ok()?,
        resource: (0..types.component_type_count()).find(is_resource),
        core_functions: types.function_count(),
        core_memories: types.memory_count(),
        types: types.component_type_count(),
        functions: types.component_function_count(),
    })
}

impl<'a> Module<'a> {
    fn keeps(&self) -> bool {
        self.beyond || self.memories > 0 || !self.globals.is_empty()
    }

    fn add(&mut self, payload: &Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    self.types += u32::try_from(group?.types().len()).unwrap_or(u32::MAX);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    self.add_import(&import?.ty);
                }
            }
            Payload::FunctionSection(section) => self.functions += section.count(),
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    self.beyond |= memory?.initial > MAX_PAGES;
                    self.memories += 1;
                }
                self.beyond |= self.memories > 1;
            }
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.add_global(&global?)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    self.beyond |= export.name == CORE_EXPORT;
                    if export.kind == ExternalKind::Memory {
                        self.memory = Some(export.name);
                    }
                }
            }
            Payload::StartSection { .. } => self.beyond = true,
            Payload::DataSection(section) => {
                for data in section.clone() {
                    self.beyond |= matches!(data?.kind, wasmparser::DataKind::Passive);
                }
            }
            Payload::ElementSection(section) => {
                for element in section.clone() {
                    self.beyond |= matches!(element?.kind, ElementKind::Passive);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    self.beyond |= changes_more(&operator?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_import(&mut self, ty: &TypeRef) {
        match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => self.functions += 1,
            TypeRef::Global(_) => self.all_globals += 1,
            TypeRef::Memory(_) | TypeRef::Table(_) | TypeRef::Tag(_) => {}
        }
    }

    fn add_global(&mut self, global: &wasmparser::Global<'a>) -> wasmparser::Result<()> {
        let index = self.all_globals;
        self.all_globals += 1;
        if !global.ty.mutable {
            return Ok(());
        }
        let mut operators = global.init_expr.get_operators_reader();
        let constant = matches!(
            operators.read()?,
            Operator::I32Const { .. }
                | Operator::I64Const { .. }
                | Operator::F32Const { .. }
                | Operator::F64Const { .. }
        );
        let alone = matches!(operators.read()?, Operator::End);
        let mut reader = global.init_expr.get_binary_reader();
        let bytes = reader.read_bytes(reader.bytes_remaining())?;
        match bytes.split_last() {
            Some((_end, instruction)) if constant && alone => self.globals.push((index, instruction)),
            _ => self.beyond = true,
        }
        Ok(())
    }
}

/// Whether an instruction changes a table or a segment, which would have to be put back as well.
fn changes_more(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. }
            | Operator::DataDrop { .. }
            | Operator::MemoryInit { .. }
    )
}
