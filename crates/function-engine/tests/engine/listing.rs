//! Projects and lists of functions.

use weft_function_engine::{Error, Filter};
use weft_types::Kind;

use crate::program::Program;
use crate::world::{World, default, name};

async fn world() -> World {
    let world = World::new().await;
    for (function, team) in [
        ("a", "red"),
        ("b", "blue"),
        ("c", "red"),
        ("d", "red"),
        ("e", "blue"),
    ] {
        let labels = format!(r#"{{"labels":{{"team":"{team}"}}}}"#);
        world.add(function, Program::constant(1), &labels).await;
    }
    world
}

fn names(page: &weft_function_engine::Page) -> Vec<&str> {
    page.items
        .iter()
        .map(|item| item.record.function.as_str())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn pages_follow_each_other() {
    let world = world().await;
    let all = Filter::default();
    let first = world.engine.functions(&default(), &all, None, 2).unwrap();
    assert_eq!(
        (names(&first), first.next.clone()),
        (vec!["a", "b"], Some(name("b")))
    );
    let rest = world
        .engine
        .functions(&default(), &all, first.next.as_ref(), 3)
        .unwrap();
    assert_eq!((names(&rest), rest.next.clone()), (vec!["c", "d", "e"], None));
}

#[tokio::test(start_paused = true)]
async fn filters_narrow() {
    let world = world().await;
    let list = |filter: Filter| world.engine.functions(&default(), &filter, None, 100).unwrap();
    let team = |team: &str| Filter {
        labels: vec![("team".into(), team.into())],
        ..Filter::default()
    };
    assert_eq!(names(&list(team("red"))), ["a", "c", "d"]);
    assert!(names(&list(team("green"))).is_empty());
    assert_eq!(
        list(Filter {
            kind: Some(Kind::Component),
            ..Filter::default()
        })
        .items
        .len(),
        5
    );
    assert!(
        list(Filter {
            kind: Some(Kind::Workflow),
            ..Filter::default()
        })
        .items
        .is_empty()
    );
    assert_eq!(
        list(Filter {
            creator: Some("ann".into()),
            ..team("blue")
        })
        .items
        .len(),
        2
    );
    assert!(
        list(Filter {
            creator: Some("bob".into()),
            ..Filter::default()
        })
        .items
        .is_empty()
    );
    let page = world.engine.functions(&default(), &team("red"), None, 2).unwrap();
    assert_eq!(page.next, Some(name("c")));
}

#[tokio::test(start_paused = true)]
async fn projects_are_separate() {
    let world = world().await;
    let other = "other".parse().unwrap();
    assert!(matches!(
        world.engine.functions(&other, &Filter::default(), None, 1),
        Err(Error::NoProject(_))
    ));
    world.engine.create_project(&other).await.unwrap();
    world.engine.create_project(&other).await.unwrap();
    assert_eq!(world.engine.projects(), [default(), other.clone()]);
    assert!(
        world
            .engine
            .functions(&other, &Filter::default(), None, 1)
            .unwrap()
            .items
            .is_empty()
    );
    assert!(matches!(
        world.engine.function(&other, &name("a")),
        Err(Error::NoFunction { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn versions_and_their_code_are_found() {
    let world = world().await;
    let version = world.engine.version(&default(), &name("a"), None).unwrap();
    assert_eq!(version.version.0, 1);
    assert!(world.engine.digests().contains(&version.digest));
    assert_eq!(world.engine.digests().len(), 5);
    let path = world
        .engine
        .code_path(&default(), &name("a"), None)
        .await
        .unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "a");
    let none = world
        .engine
        .version(&default(), &name("a"), Some(weft_types::VersionNumber(2)));
    assert!(matches!(none, Err(Error::NoVersion { .. })));
}
