//! The outline of a binary: its sections, without looking into code.

use wasmparser::{
    BinaryReaderError, CanonicalFunction, CanonicalOption, MemoryType, Parser, Payload, TypeRef,
};

use crate::adapt::{ACCEPTED, Refused};
use crate::restore;

/// Bounds on the outline of a component. Each is far beyond what toolchains make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Things the component imports.
    pub(crate) imports: u32,
    /// Things the component exports.
    pub(crate) exports: u32,
    /// Component types, nested components included.
    pub(crate) types: u32,
    /// Core modules, nested components included.
    pub(crate) modules: u32,
    /// Components within components, all levels together.
    pub(crate) components: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            imports: 1_000,
            exports: 1_000,
            types: 20_000,
            modules: 100,
            components: 200,
        }
    }
}

/// What the outline says.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Names of what the outermost component imports, in its order.
    pub(crate) imports: Vec<String>,
    /// Whether a function of the outermost component passes strings as UTF-16.
    pub(crate) utf16: bool,
    exports: u32,
    types: u32,
    modules: u32,
    components: u32,
    depth: u32,
}

/// Reads the outline of a component.
///
/// # Errors
/// Where it is malformed, ends early, exceeds a bound, or uses 64-bit or shared memory.
pub(crate) fn survey(bytes: &[u8], bounds: &Bounds) -> Result<Survey, Refused> {
    let mut survey = Survey::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| broken(&error, bytes.len()))?;
        // The parser takes what is nested for whole where the file is cut off between two of its sections.
        if let Payload::ModuleSection { unchecked_range, .. }
        | Payload::ComponentSection { unchecked_range, .. } = &payload
            && unchecked_range.end > bytes.len()
        {
            return Err(cut_off(bytes.len()));
        }
        survey
            .add(payload)
            .map_err(|error| broken(&error, bytes.len()))??;
        survey.check(bounds)?;
    }
    Ok(survey)
}

impl Survey {
    fn add(&mut self, payload: Payload<'_>) -> wasmparser::Result<Result<(), Refused>> {
        match payload {
            Payload::ModuleSection { .. } => {
                self.modules += 1;
                self.depth += 1;
            }
            Payload::ComponentSection { .. } => {
                self.components += 1;
                self.depth += 1;
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ComponentTypeSection(section) => self.types = self.types.saturating_add(section.count()),
            Payload::CoreTypeSection(section) => self.types = self.types.saturating_add(section.count()),
            Payload::ComponentExportSection(section) if self.depth == 0 => {
                self.exports += section.count();
                for export in section {
                    if export?.name.name == restore::EXPORT {
                        return Ok(Err(reserved()));
                    }
                }
            }
            Payload::ComponentImportSection(section) if self.depth == 0 => {
                for import in section {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentCanonicalSection(section) if self.depth == 0 => {
                for function in section {
                    self.utf16 |= lifts_utf16(&function?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    if let Some(refused) = unsuitable(memory?) {
                        return Ok(Err(refused));
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Memory(memory) = import?.ty
                        && let Some(refused) = unsuitable(memory)
                    {
                        return Ok(Err(refused));
                    }
                }
            }
            _ => {}
        }
        Ok(Ok(()))
    }

    fn check(&self, bounds: &Bounds) -> Result<(), Refused> {
        let imports = u32::try_from(self.imports.len()).unwrap_or(u32::MAX);
        let counts = [
            (imports, bounds.imports, "imports"),
            (self.exports, bounds.exports, "exports"),
            (self.types, bounds.types, "types"),
            (self.modules, bounds.modules, "core modules"),
            (self.components, bounds.components, "nested components"),
        ];
        match counts.iter().find(|(count, bound, _)| count > bound) {
            Some((_, bound, what)) => Err(Refused(format!(
                "the component has more than {bound} {what}, the most that is supported"
            ))),
            None => Ok(()),
        }
    }
}

fn lifts_utf16(function: &CanonicalFunction) -> bool {
    let CanonicalFunction::Lift { options, .. } = function else {
        return false;
    };
    let wide = [CanonicalOption::UTF16, CanonicalOption::CompactUTF16];
    options.iter().any(|option| wide.contains(option))
}

/// Refuses memories that the engine does not run.
fn unsuitable(memory: MemoryType) -> Option<Refused> {
    let found = match memory {
        MemoryType { shared: true, .. } => {
            "shared memory (threads), which no function may have: build it without threads"
        }
        MemoryType { memory64: true, .. } => {
            "a 64-bit memory: build it for a 32-bit target such as `wasm32-wasip2`"
        }
        MemoryType {
            page_size_log2: Some(_),
            ..
        } => "a memory with a page size of its own, which is not supported",
        _ => return None,
    };
    Some(Refused(format!("the code uses {found}")))
}

/// Refuses the name that the platform gives to an export of its own.
fn reserved() -> Refused {
    Refused(format!(
        "the component exports `{}`, a name that the platform keeps for itself: give that export another one",
        restore::EXPORT
    ))
}

fn cut_off(len: usize) -> Refused {
    Refused(format!(
        "the WebAssembly binary ends early, at byte {len}: the file was cut off; {ACCEPTED}"
    ))
}

/// A refusal for what the parser found in a binary of `len` bytes.
pub(crate) fn broken(error: &BinaryReaderError, len: usize) -> Refused {
    let message = error.message();
    // A section that promises another also misses it where the file is cut off.
    if message.contains("unexpected end") || error.offset() >= len {
        return cut_off(len);
    }
    Refused(format!(
        "the WebAssembly binary is malformed: {message} (at byte {})",
        error.offset()
    ))
}
