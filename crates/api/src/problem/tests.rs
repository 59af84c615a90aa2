use std::collections::BTreeSet;

use super::*;

#[test]
fn kinds_are_distinct_and_complete() {
    let mut slugs = BTreeSet::new();
    let mut titles = BTreeSet::new();
    for kind in Kind::ALL {
        let entry = kind.entry();
        assert!(slugs.insert(entry.slug), "{} is there twice", entry.slug);
        assert!(
            titles.insert(entry.title),
            "the title `{}` is there twice",
            entry.title
        );
        assert!((400..600).contains(&entry.status), "{}", entry.slug);
        assert!(StatusCode::from_u16(entry.status).is_ok(), "{}", entry.slug);
        assert!(
            entry.slug.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'),
            "{}",
            entry.slug
        );
        assert!(!entry.explanation.is_empty(), "{}", entry.slug);
        assert_eq!(Kind::from_slug(entry.slug), Some(*kind));
    }
}

#[test]
fn only_the_functions_own_errors_and_reused_keys_are_422() {
    for kind in Kind::ALL {
        assert_eq!(
            kind.entry().status == 422,
            matches!(kind, Kind::FunctionError | Kind::KeyReused),
            "{kind:?}"
        );
    }
}

#[test]
fn a_problem_is_json_with_its_members() {
    let problem = Problem::new(Kind::InvalidArguments, "expected a number").with("pointer", "/order/0");
    let json: serde_json::Value = serde_json::from_slice(&serde_json::to_vec(&problem).unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "type": "/problems/invalid-arguments",
            "title": "The arguments do not fit the parameters",
            "status": 400,
            "detail": "expected a number",
            "pointer": "/order/0",
        })
    );
}

#[test]
fn the_reference_lists_every_kind() {
    let reference = include_str!("../../../../docs/http.md");
    for kind in Kind::ALL {
        let Entry {
            slug, status, title, ..
        } = kind.entry();
        let row = format!("| `{slug}` | {status} | {title} |");
        assert!(reference.contains(&row), "docs/http.md lacks the row: {row}");
    }
}
