//! Which export a caller means.

use weft_types::version::{Flavor, Inspection};
use weft_types::{Export, Signature, VersionRecord};

use crate::Error;

/// The export called where none is named: the only one that can be.
pub(super) fn sole(inspection: &Inspection) -> Option<usize> {
    let mut callable =
        (0..inspection.exports.len()).filter(|&index| inspection.exports[index].signature().is_some());
    let first = callable.next();
    first.filter(|_| callable.next().is_none())
}

/// Finds an export by `name`, `interface#name`, or `interface#name` with the interface's version left out.
pub(super) fn find<'a>(
    record: &'a VersionRecord,
    name: Option<&str>,
    sole: Option<usize>,
) -> Result<(usize, &'a Signature), Error> {
    let exports = &record.inspection.exports;
    if record.inspection.flavor == Flavor::Http {
        return Err(Error::NotCallable {
            export: record.function.to_string(),
            reason: format!(
                "it answers HTTP requests and has no typed exports; send them to `/{}/{}/` on the functions' own listener",
                record.project, record.function,
            ),
        });
    }
    let index = match name {
        None => sole.ok_or_else(|| unnamed(record)),
        Some(name) => named(exports, name),
    }?;
    let export = &exports[index];
    export
        .signature()
        .map(|signature| (index, signature))
        .ok_or_else(|| Error::NotCallable {
            export: export.full_name(),
            reason: export.reason().unwrap_or_default(),
        })
}

fn named(exports: &[Export], name: &str) -> Result<usize, Error> {
    let fits = |fit: fn(&Export, &str) -> bool| {
        let mut fitting = (0..exports.len()).filter(move |&index| fit(&exports[index], name));
        (fitting.next(), fitting.next().is_some())
    };
    // The more exact a name fits the better: a full name is never ambiguous because of a shorter one.
    for fit in [is_full_name, is_unversioned_name, is_own_name] {
        match fits(fit) {
            (None, _) => (),
            (Some(index), false) => return Ok(index),
            (Some(_), true) => {
                let candidates = exports
                    .iter()
                    .filter(|export| fit(export, name))
                    .map(Export::full_name)
                    .collect();
                return Err(Error::AmbiguousExport {
                    export: Some(name.to_owned()),
                    candidates,
                });
            }
        }
    }
    let candidates = exports.iter().map(Export::full_name).collect();
    Err(Error::NoExport {
        export: name.chars().take(200).collect(),
        candidates,
    })
}

fn is_full_name(export: &Export, name: &str) -> bool {
    match (&export.interface, name.rsplit_once('#')) {
        (Some(own), Some((interface, function))) => own == interface && export.name == function,
        (None, None) => export.name == name,
        _ => false,
    }
}

fn is_unversioned_name(export: &Export, name: &str) -> bool {
    let (Some(own), Some((interface, function))) = (&export.interface, name.rsplit_once('#')) else {
        return false;
    };
    let unversioned = own.split_once('@').map_or(own.as_str(), |(name, _)| name);
    unversioned == interface && export.name == function
}

fn is_own_name(export: &Export, name: &str) -> bool {
    export.name == name
}

fn unnamed(record: &VersionRecord) -> Error {
    let exports = &record.inspection.exports;
    let callable = exports.iter().filter(|export| export.signature().is_some());
    let candidates: Vec<_> = callable.map(Export::full_name).collect();
    if !candidates.is_empty() {
        return Error::AmbiguousExport {
            export: None,
            candidates,
        };
    }
    let reasons = exports.iter().filter_map(|export| {
        let reason = export.reason()?;
        Some(format!("of `{}`, {reason}", export.full_name()))
    });
    Error::NotCallable {
        export: record.function.to_string(),
        reason: format!(
            "none of its exports takes and answers values only: {}",
            reasons.collect::<Vec<_>>().join("; ")
        ),
    }
}

#[cfg(test)]
mod tests;
