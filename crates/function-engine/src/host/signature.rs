//! Whether a callee's export is what its caller was compiled against.

use weft_types::Signature;
use weft_types::version::ImportedFunction;

use crate::deployed::Deployed;
use crate::port::Failure;

/// The export of a version that satisfies an imported function: same interface, same name, same types.
pub(super) fn check(
    deployed: &Deployed,
    interface: &str,
    function: &ImportedFunction,
) -> Result<usize, Failure> {
    let record = deployed.record();
    let name = &function.name;
    let index = record
        .inspection
        .exports
        .iter()
        .position(|export| export.interface.as_deref() == Some(interface) && export.name == *name);
    let callee = format!("version {} of `{}`", record.version, record.function);
    let Some(index) = index else {
        return Err(Failure::Unavailable(format!(
            "{callee} exports no `{interface}#{name}`"
        )));
    };
    match deployed.signature(index) {
        Some(signature) if *signature == function.signature => Ok(index),
        Some(signature) => Err(Failure::Unavailable(format!(
            "{callee} exports `{interface}#{name}` as `{}`, but its caller imports it as `{}`",
            in_words(signature),
            in_words(&function.signature)
        ))),
        None => Err(Failure::Unavailable(format!(
            "`{interface}#{name}` of {callee} takes or answers resources"
        ))),
    }
}

/// A signature as WIT would write it.
#[must_use]
pub fn in_words(signature: &Signature) -> String {
    let fields = signature.params.fields().unwrap_or_default();
    let params: Vec<_> = fields
        .iter()
        .map(|field| format!("{}: {}", field.name, field.ty))
        .collect();
    let result = signature
        .result
        .as_ref()
        .map_or_else(String::new, |ty| format!(" -> {ty}"));
    format!("func({}){result}", params.join(", "))
}
