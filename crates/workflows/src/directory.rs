//! The functions of a project, as the checker of definitions looks them up.

use std::sync::Arc;

use weft_function_engine::{Engine, Error};
use weft_types::{Durability, FunctionName, Kind, ProjectName, VersionNumber};
use weft_workflow::check::{Callees, Found, Missing, NotFound};

/// What definitions of one project may call.
pub(crate) struct Directory<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) project: &'a ProjectName,
}

impl Callees for Directory<'_> {
    fn find(
        &self,
        function: &FunctionName,
        version: Option<VersionNumber>,
        export: Option<&str>,
    ) -> Result<Found, NotFound> {
        let found = self
            .engine
            .callee(self.project.as_str(), function.as_str(), version);
        let callee = found.map_err(|error| self.not_found(function, &error))?;
        let record = callee.record();
        let (index, signature) = callee
            .export(export)
            .map_err(|error| self.not_found(function, &error))?;
        Ok(Found {
            version: record.version,
            export: index,
            export_name: record.inspection.exports[index].full_name().into(),
            signature: Arc::new(signature.clone()),
            workflow: record.kind == Kind::Workflow,
            effect_free: record.effect_free,
            durability: record
                .workflow
                .as_ref()
                .map_or(Durability::Durable, |workflow| workflow.durability),
        })
    }
}

impl Directory<'_> {
    fn not_found(&self, function: &FunctionName, error: &Error) -> NotFound {
        let what = match error {
            Error::NoVersion { .. } | Error::NoActiveVersion { .. } => Missing::Version,
            Error::NoExport { .. } | Error::AmbiguousExport { .. } => Missing::Export,
            Error::NotCallable { .. } => Missing::Callable,
            _ => Missing::Function,
        };
        let mut message = error.to_string();
        match error {
            Error::NoExport { export, candidates } => {
                let names = candidates.iter().map(String::as_str);
                message.push_str(&weft_workflow::nearest::hint(export, names));
            }
            _ if what == Missing::Function => message.push_str(&self.meant(function)),
            _ => {}
        }
        NotFound { what, message }
    }

    /// The function that was probably meant.
    fn meant(&self, function: &FunctionName) -> String {
        let names = self.engine.names(self.project);
        weft_workflow::nearest::hint(function.as_str(), names.iter().map(FunctionName::as_str))
    }
}
