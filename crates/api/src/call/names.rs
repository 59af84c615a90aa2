//! What is looked at only where a call went wrong, or asks for bytes.

use weft_function_engine::{Engine, Error};
use weft_types::{Export, FunctionName, ProjectName, Type, VersionRecord};

use super::Options;
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

/// Refuses to call for bytes where it is plain that the answer will be none, before the call has any effect.
pub(super) fn check_answers_octets(
    engine: &Engine,
    project: &str,
    function: &str,
    options: &Options,
) -> Result<(), Problem> {
    let project = project.parse::<ProjectName>().map_err(Error::InvalidName)?;
    let function = function.parse::<FunctionName>().map_err(Error::InvalidName)?;
    let version = engine.version(&project, &function, options.version)?;
    let Some(export) = find(&version, options.export.as_deref()) else {
        return Ok(());
    };
    let result = export.signature().and_then(|signature| signature.result.as_ref());
    if result.is_some_and(answers_octets) {
        return Ok(());
    }
    let found = result.map_or_else(|| "nothing".to_owned(), |ty| format!("`{ty}`"));
    Err(not_acceptable(&format!(
        "`{}` answers {found}, and only a `list<u8>` can be answered as `application/octet-stream`",
        export.full_name(),
    )))
}

/// The export that is meant, if it is plain; where it is not, the engine will say what is wrong.
fn find<'a>(version: &'a VersionRecord, named: Option<&str>) -> Option<&'a Export> {
    let mut fitting = version.inspection.exports.iter().filter(|export| match named {
        Some(name) => export.name == name || export.full_name() == name,
        None => export.signature().is_some(),
    });
    fitting.next().filter(|_| fitting.next().is_none())
}

fn answers_octets(ty: &Type) -> bool {
    use weft_types::ty::Shape;
    match ty.shape() {
        Shape::Result(either) => either.ok.as_ref().is_some_and(|ok| ok.is_bytes()),
        _ => ty.is_bytes(),
    }
}
