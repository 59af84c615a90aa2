//! Settings: read from JSON, merged, and checked against what the platform allows.

use serde_json::Value;
use weft_types::Settings;

use super::SettingsChange;
use crate::Error;

mod check;
mod pointer;

pub(super) use check::{check, check_of_workflow};

/// Reads settings from JSON.
///
/// # Errors
/// [`Error::InvalidSettings`] with a pointer to the place.
pub fn parse_settings(json: &[u8]) -> Result<Settings, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let settings = serde_path_to_error::deserialize(&mut deserializer).map_err(invalid)?;
    deserializer
        .end()
        .map_err(|error| Error::settings("", error.to_string()))?;
    Ok(settings)
}

/// The settings that a change makes of `base`; not checked yet.
pub(super) fn changed(base: Settings, change: SettingsChange) -> Result<Settings, Error> {
    match change {
        SettingsChange::Keep => Ok(base),
        SettingsChange::Replace(settings) => Ok(settings),
        SettingsChange::Merge(patch) => merged(&base, patch),
    }
}

fn merged(base: &Settings, patch: Value) -> Result<Settings, Error> {
    if !patch.is_object() {
        return Err(Error::settings("", "a merge patch of settings is an object"));
    }
    let mut value =
        serde_json::to_value(base).map_err(|error| Error::Platform(format!("settings as JSON: {error}")))?;
    merge(&mut value, patch);
    serde_path_to_error::deserialize(value).map_err(invalid)
}

/// RFC 7396. Recursion ends with the patch, whose depth its parser bounded.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, change) in patch {
        match change {
            Value::Null => drop(target.remove(&key)),
            change => merge(target.entry(key).or_insert(Value::Null), change),
        }
    }
}

fn invalid(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    Error::settings(pointer::of_path(error.path()), error.inner().to_string())
}

#[cfg(test)]
mod tests;
