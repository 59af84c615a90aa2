//! What a worker has to know of the version whose calls it executes.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use weft_function_engine::port::ImportBinding;
use weft_types::version::ImportedFunction;
use weft_types::{FunctionName, VersionRecord};

/// A version, and which functions satisfy its imports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// The version, without what only people read.
    pub record: VersionRecord,
    bindings: Vec<Binding>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Binding {
    interface: String,
    functions: Vec<ImportedFunction>,
    callee: FunctionName,
}

impl Description {
    pub(crate) fn new(record: &VersionRecord, bindings: &[ImportBinding]) -> Self {
        let mut record = record.clone();
        record.inspection.wit.clear();
        // Where it executes is the matter of who sends it there.
        record.settings.needs = None;
        let binding = |binding: &ImportBinding| Binding {
            interface: binding.interface.clone(),
            functions: binding.functions.clone(),
            callee: binding.callee.clone(),
        };
        Self {
            record,
            bindings: bindings.iter().map(binding).collect(),
        }
    }

    /// Imported interfaces that other functions satisfy.
    #[must_use]
    pub fn bindings(&self) -> Vec<ImportBinding> {
        let binding = |binding: &Binding| ImportBinding {
            interface: binding.interface.clone(),
            functions: binding.functions.clone(),
            callee: binding.callee.clone(),
        };
        self.bindings.iter().map(binding).collect()
    }

    pub(crate) fn to_bytes(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self).map(Bytes::from)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
