//! Records to store.

use std::collections::BTreeMap;
use std::sync::Arc;

use weft_function_engine::port::NewVersion;
use weft_types::version::{Flavor, Inspection};
use weft_types::{Digest, FunctionName, Kind, ProjectName, Settings};

pub(crate) fn project(name: &str) -> ProjectName {
    name.parse().unwrap()
}

pub(crate) fn function(name: &str) -> FunctionName {
    name.parse().unwrap()
}

/// A version of `default/<name>` with this code, not to be activated.
pub(crate) fn version(name: &str, code: &[u8]) -> NewVersion {
    NewVersion {
        project: project("default"),
        function: function(name),
        kind: Kind::Component,
        digest: Digest::of(code),
        size: code.len() as u64,
        inspection: Inspection {
            flavor: Flavor::Exports,
            exports: Vec::new(),
            imports: vec!["wasi:clocks/monotonic-clock@0.2.0".to_owned()],
            capabilities: Vec::new(),
            wit: "world root {}".to_owned(),
        },
        workflow: None,
        settings: Settings::default(),
        effect_free: true,
        creator: "anna".to_owned(),
        created_at: "2026-01-02T03:04:05.678901234Z".parse().unwrap(),
        activate: None,
    }
}

pub(crate) fn labelled(mut new: NewVersion, label: &str) -> NewVersion {
    new.settings.labels = BTreeMap::from([("stage".to_owned(), label.to_owned())]);
    new
}

pub(crate) fn activated(mut new: NewVersion) -> NewVersion {
    new.activate = Some(Arc::default());
    new
}
