//! YAML: what of it is read, and what is refused.

use weft_workflow::definition::{Form, Kind, Source};

use crate::{check, read, sound};

/// The argument `a` of a call.
fn argument(text: &str) -> Form {
    let definition = sound(&format!(
        "workflow: w\nnodes:\n  n:\n    call: x\n    with:\n      a: {text}\n"
    ));
    let Some(Kind::Call(call)) = &definition.nodes[0].kind else {
        panic!("not a call");
    };
    call.with[0].source.form.clone()
}

fn number(text: &str) -> Form {
    Form::Number(text.into())
}

fn string(text: &str) -> Form {
    Form::String(text.into())
}

#[test]
fn scalars() {
    for text in ["null", "~", "Null", ""] {
        assert_eq!(argument(text), Form::Null, "{text}");
    }
    assert_eq!(argument("true"), Form::Bool(true));
    assert_eq!(argument("False"), Form::Bool(false));
    for text in ["yes", "on", "nope", "1.2.3", "2024-05-01", "1_000", "5s", "a: b"] {
        let quoted = if text.contains(": ") {
            format!("'{text}'")
        } else {
            text.to_owned()
        };
        assert_eq!(argument(&quoted), string(text), "{text}");
    }
    for text in ["'5'", "\"5\"", "|-\n        5", ">-\n        5"] {
        assert_eq!(argument(text), string("5"), "{text}");
    }
}

#[test]
fn numbers_keep_all_their_digits() {
    let check = |text: &str, expected: &str| assert_eq!(argument(text), number(expected), "{text}");
    check("5", "5");
    check("+5", "5");
    check("-0", "-0");
    check("007", "7");
    check("0x1F", "31");
    check("0o17", "15");
    check(".5", "0.5");
    check("5.", "5");
    check("1.10", "1.10");
    check("1e400", "1e400");
    check("18446744073709551616", "18446744073709551616");
    check(
        "3.14159265358979323846264338327950288",
        "3.14159265358979323846264338327950288",
    );
}

#[test]
fn dollars() {
    assert_eq!(argument("$$5"), string("$5"));
    assert_eq!(argument("$$$5"), string("$$5"));
    assert_eq!(argument("5$"), string("5$"));
    assert!(matches!(argument("$input.a"), Form::Reference(_)));
    assert!(matches!(argument("'$input.a'"), Form::Reference(_)));
    assert!(matches!(argument("\"$input.a[0]\""), Form::Reference(_)));
}

#[test]
fn structures_hold_references_at_any_depth() {
    let Form::List(items) = argument("[1, {b: [$input.x]}]") else {
        panic!("not a list");
    };
    let Form::Map(members) = &items[1].form else {
        panic!("not a map");
    };
    assert_eq!(&*members[0].key.value, "b");
    let Form::List(inner) = &members[0].value.form else {
        panic!("not a list");
    };
    assert!(matches!(
        inner[..],
        [Source {
            form: Form::Reference(_),
            ..
        }]
    ));
}

#[test]
fn blobs() {
    let digest = weft_types::Digest::of(b"x");
    assert_eq!(argument(&format!("{{$blob: '{digest}'}}")), Form::Blob(digest));
    assert_eq!(
        argument(&format!("{{\"$blob\": \"{digest}\"}}")),
        Form::Blob(digest)
    );
}

#[test]
fn keys_that_stand_twice() {
    check(
        "workflow: w\n‸workflow: v\nnodes:\n  n: {sleep: 1s, ‸sleep: 2s}\n  ‸n: {sleep: 3s}\n",
        &[
            (
                "duplicate-key",
                "workflow",
                "the key `workflow` stands here a second time, first in line 1",
            ),
            ("duplicate-key", "nodes.n.sleep", "first in line 4"),
            ("duplicate-key", "nodes.n", "first in line 4"),
        ],
    );
    // Also where there are many, however they are quoted.
    let many: String = (0..40).map(|at| format!("  n{at}: {{sleep: 1s}}\n")).collect();
    check(
        &format!("workflow: w\nnodes:\n{many}  ‸\"n7\": {{sleep: 1s}}\n  ‸'n7': {{sleep: 1s}}\n"),
        &[
            ("duplicate-key", "nodes.n7", "first in line 10"),
            ("duplicate-key", "nodes.n7", "first in line 10"),
        ],
    );
}

#[test]
fn anchors_aliases_and_tags() {
    check(
        "workflow: ‸&a w\nnodes: {n: {sleep: 1s}}\ndescription: ‸*a\n",
        &[
            ("alias", "workflow", "write the value where it is needed"),
            ("alias", "description", "write the value here"),
        ],
    );
    check(
        "workflow: w\nnodes: ‸*nowhere\n",
        &[(
            "alias",
            "nodes",
            "anchors (`&name`) and aliases (`*name`) are not read",
        )],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\ndescription: ‸!!str 5\n",
        &[("tag", "description", "tags (`!name`) are not read")],
    );
    check(
        "workflow: w\nnodes: ‸!x {n: {sleep: 1s}}\n",
        &[("tag", "nodes", "")],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}, <<: ‸*n}\n",
        &[("alias", "nodes.\"<<\"", "")],
    );
}

#[test]
fn a_bomb_of_aliases_is_refused_at_once() {
    let mut text = "workflow: w\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let read = read(&text);
    assert_eq!(
        read.problems
            .iter()
            .filter(|problem| problem.code == "alias")
            .count(),
        30 + 29 * 9
    );
}

#[test]
fn one_document() {
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\n‸---\nworkflow: v\n",
        &[("several-documents", "", "remove the line `---`")],
    );
    check("‸", &[("empty", "", "expected a definition")]);
    check("‸# nothing\n", &[("empty", "", "expected a definition")]);
    sound("---\nworkflow: w\nnodes: {n: {sleep: 1s}}\n...\n");
    sound("\u{feff}workflow: w\nnodes: {n: {sleep: 1s}}\n");
    sound("%YAML 1.2\n---\nworkflow: w\r\nnodes: {n: {sleep: 1s}}\r\n");
}

#[test]
fn keys_are_texts() {
    check(
        "workflow: w\nnodes:\n  ? ‸[a]\n  : {sleep: 1s}\n  n: {sleep: 1s}\n",
        &[("key", "nodes", "a key is a text, found a map or a list")],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\n‸5: x\n",
        &[("unknown-key", "5", "unknown key `5`")],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\n‸~: x\n",
        &[("unknown-key", "\"~\"", "unknown key `~`")],
    );
}

#[test]
fn what_is_no_yaml() {
    check(
        "workflow: w\nnodes: {n: {call: x, with: {a: $b‸[0]}}}\n",
        &[(
            "syntax",
            "nodes.n.with",
            "a reference with an index stands in quotes: \"$node[0]\"",
        )],
    );
    check(
        "workflow: w\nnodes:\n\t‸n: {sleep: 1s}\n",
        &[("syntax", "nodes", "not YAML: tabs")],
    );
    check("workflow: ‸@w\n", &[("syntax", "workflow", "stands in quotes")]);
    check(
        "workflow: w\ndescription: a‸: b\n",
        &[("syntax", "", "a text that holds `: ` stands in quotes")],
    );
    check(
        "workflow: w\nnodes: ‸'never closed\n",
        &[("syntax", "nodes", "not YAML")],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}\n‸",
        &[("syntax", "nodes", "not YAML")],
    );
}

#[test]
fn what_is_no_utf_8() {
    let problems =
        weft_workflow::definition::read(b"workflow: w\nd: \xc3\xa9\xff", &Default::default()).problems;
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].code, problems[0].at.line, problems[0].at.column),
        ("not-utf-8", 2, 5)
    );
}
