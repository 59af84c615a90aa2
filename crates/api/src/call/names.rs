//! What is looked at only where a call went wrong, or asks for bytes.

use weft_function_engine::Error;
use weft_types::{Export, FunctionName, ProjectName, Signature, Type, VersionRecord};

use super::media::not_acceptable;
use crate::problem::Problem;

/// A name that is no name cannot be found either; then the name is what is wrong. Names are not checked before a call, as
/// those that are found are valid.
pub(crate) fn explain(error: Error, project: &str, function: &str) -> Problem {
    let invalid = match &error {
        Error::NoProject(_) | Error::NoFunction { .. } => {
            let project = project.parse::<ProjectName>().err();
            project.or_else(|| function.parse::<FunctionName>().err())
        }
        _ => None,
    };
    match invalid {
        Some(invalid) => Error::InvalidName(invalid).into(),
        None => error.into(),
    }
}

/// Refuses to call for bytes where the answer will be none, before the call has any effect.
pub(super) fn check_answers_octets(
    version: &VersionRecord,
    export: usize,
    signature: &Signature,
) -> Result<(), Problem> {
    let result = signature.result.as_ref();
    if result.is_some_and(answers_octets) {
        return Ok(());
    }
    let name = version.inspection.exports.get(export).map(Export::full_name);
    let found = result.map_or_else(|| "nothing".to_owned(), |ty| format!("`{ty}`"));
    Err(not_acceptable(&format!(
        "`{}` answers {found}, and only a `list<u8>` can be answered as `application/octet-stream`",
        name.unwrap_or_default(),
    )))
}

fn answers_octets(ty: &Type) -> bool {
    use weft_types::ty::Shape;
    match ty.shape() {
        Shape::Result(either) => either.ok.as_ref().is_some_and(|ok| ok.is_bytes()),
        _ => ty.is_bytes(),
    }
}
