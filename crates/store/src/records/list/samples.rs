//! Filters to ask for pages with.

use uuid::Uuid;
use weft_types::{RunId, RunStatus, VersionNumber};
use weft_workflow_engine::port::records::RunFilter;

/// Every combination of what can be asked for.
pub(crate) fn filters() -> Vec<RunFilter> {
    let time = Some("2026-01-02T03:04:05Z".parse().unwrap());
    let mut all = Vec::new();
    for bits in 0..1 << 8 {
        let asked = |bit: u32| bits & (1 << bit) != 0;
        all.push(RunFilter {
            workflow: asked(0).then(|| "order".parse().unwrap()),
            version: asked(1).then_some(VersionNumber(1)),
            status: if asked(2) {
                vec![RunStatus::Failed, RunStatus::Failed]
            } else {
                Vec::new()
            },
            since: time.filter(|_| asked(3)),
            until: time.filter(|_| asked(4)),
            label: asked(5).then(|| ("stage".to_owned(), asked(0).then(|| "test".to_owned()))),
            submitter: asked(6).then(|| "anna".to_owned()),
            parent: asked(7).then_some(RunId(Uuid::nil())),
            nested: asked(1),
        });
    }
    all
}

/// One filter for each index, and the index.
pub(crate) fn driven() -> Vec<(RunFilter, &'static str)> {
    let none = RunFilter::default();
    vec![
        (none.clone(), "run_by_status"),
        (
            RunFilter {
                workflow: Some("order".parse().unwrap()),
                ..none.clone()
            },
            "run_by_workflow",
        ),
        (
            RunFilter {
                submitter: Some("anna".to_owned()),
                ..none.clone()
            },
            "run_by_submitter",
        ),
        (
            RunFilter {
                label: Some(("stage".to_owned(), None)),
                ..none.clone()
            },
            "run_label_by_name",
        ),
        (
            RunFilter {
                label: Some(("stage".to_owned(), Some("test".to_owned()))),
                ..none.clone()
            },
            "run_label_by_value",
        ),
        (
            RunFilter {
                parent: Some(RunId(Uuid::nil())),
                ..none
            },
            "run_by_parent",
        ),
    ]
}
