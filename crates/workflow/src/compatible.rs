//! Whether a signature serves those who know an older one.

use weft_types::image::{Conversion, Mismatch};
use weft_types::ty::Shape;
use weft_types::{Signature, Type};

/// What of `new` breaks callers that know `old`, each in a sentence; nothing where all calls stay right.
#[must_use]
pub fn breaks(old: &Signature, new: &Signature) -> Vec<String> {
    let mut breaks = Vec::new();
    params(&old.params, &new.params, &mut breaks);
    match (&old.result, &new.result) {
        (_, None) if old.result.is_none() => {}
        (None, _) => {}
        (Some(_), None) => breaks.push("it no longer answers anything".to_owned()),
        (Some(old), Some(new)) => breaks.extend(result(old, new)),
    }
    breaks
}

fn params(old: &Type, new: &Type, breaks: &mut Vec<String>) {
    let (old_fields, new_fields) = (old.fields().unwrap_or_default(), new.fields().unwrap_or_default());
    for field in old_fields {
        let Some(index) = new.member(&field.name) else {
            breaks.push(format!("parameter `{}` is gone", field.name));
            continue;
        };
        if let Err(mismatch) = Conversion::between(&field.ty, &new_fields[index].ty) {
            breaks.push(format!("parameter `{}`: {mismatch}", field.name));
        }
    }
    for field in new_fields {
        let optional = matches!(field.ty.shape(), Shape::Option(_));
        if old.member(&field.name).is_none() && !optional {
            breaks.push(format!("parameter `{}` is new and must be given", field.name));
        }
    }
}

/// What is answered now must be what was answered before. Where both are results, the failures are looked at as well.
fn result(old: &Type, new: &Type) -> Option<String> {
    let told = |mismatch: Mismatch| format!("result: {mismatch}");
    Conversion::between(new, old).err().map(told)
}
