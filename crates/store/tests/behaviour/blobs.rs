//! Behaviours of what is known of the blobs that runs refer to.

use std::collections::BTreeSet;

use bytes::Bytes;
use weft_types::{Digest, ProjectName, RunStatus};
use weft_workflow_engine::port::records::ExpressRun;

use crate::Backend;
use crate::records::settle;
use crate::runs::{Like, Run, id};
use crate::samples::project;

fn blob(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// Every reference, page by page.
async fn referred(backend: &impl Backend, limit: usize) -> BTreeSet<(ProjectName, Digest)> {
    let (records, mut found, mut after) = (backend.records(), BTreeSet::new(), None);
    loop {
        let page = records.blobs(after, limit).await.unwrap();
        assert!(page.len() <= limit);
        let Some(last) = page.last() else {
            return found;
        };
        after = Some((last.row, last.digest));
        found.extend(
            page.into_iter()
                .map(|referred| (referred.project, referred.digest)),
        );
    }
}

fn expected(names: &[(&str, &str)]) -> BTreeSet<(ProjectName, Digest)> {
    names.iter().map(|(of, name)| (project(of), blob(name))).collect()
}

pub(crate) async fn what_runs_refer_to_is_known_as_long_as_they_are_kept(backend: impl Backend) {
    let of_shop = Like {
        project: project("shop"),
        ..Like::default()
    };
    let mut runs = [
        Run::started(1).node(0, 10).ended(RunStatus::Succeeded),
        Run::started(2).blob(0, blob("a")).blob(1, blob("b")),
        Run::like(3, of_shop)
            .blob(0, blob("a"))
            .blob(1, blob("a"))
            .ended_by_address(blob("c")),
        Run::started(4).blob(0, blob("a")).ended_by_address(blob("d")),
    ];
    settle(&backend, &mut runs).await;
    // What happens later in a run is known as well, and what was told twice still once.
    let [_, second, ..] = runs;
    settle(&backend, &mut [second.blob(1, blob("b")).blob(2, blob("e"))]).await;
    let backend = backend.crash().await;
    let all = [
        ("default", "a"),
        ("default", "b"),
        ("default", "d"),
        ("default", "e"),
        ("shop", "a"),
        ("shop", "c"),
    ];
    assert_eq!(referred(&backend, 100).await, expected(&all));

    let records = backend.records();
    assert!(records.delete(&project("shop"), id(3)).await.unwrap());
    assert!(records.delete(&project("default"), id(4)).await.unwrap());
    let left = [("default", "a"), ("default", "b"), ("default", "e")];
    assert_eq!(referred(&backend, 100).await, expected(&left));
}

pub(crate) async fn what_an_express_run_refers_to_is_known_though_its_events_are_not_all_kept(
    backend: impl Backend,
) {
    let short = Run::started(1).blob(0, blob("a"));
    let whole = short.clone().ended_by_address(blob("b"));
    backend.records().keep(ExpressRun {
        frames: short.frames(),
        ..whole.express()
    });
    let nothing = Run::started(2).ended_by_address(blob("c"));
    backend.records().keep(ExpressRun {
        frames: Bytes::new(),
        ..nothing.express()
    });
    settle(&backend, &mut [Run::started(3)]).await;
    let all = [("default", "a"), ("default", "b"), ("default", "c")];
    assert_eq!(referred(&backend, 100).await, expected(&all));
}

pub(crate) async fn references_come_in_pages(backend: impl Backend) {
    let names: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    let run = |number| {
        let run = Run::started(number);
        names
            .iter()
            .zip(0..)
            .fold(run, |run, (name, node)| run.blob(node, blob(name)))
    };
    settle(&backend, &mut [run(1), Run::started(2), run(3)]).await;
    let all: Vec<_> = names.iter().map(|name| ("default", name.as_str())).collect();
    for limit in [1, 3, 7, 14, 15] {
        assert_eq!(referred(&backend, limit).await, expected(&all), "{limit}");
    }
}
