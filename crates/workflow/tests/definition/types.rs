//! Types: those that are declared, and those that are used.

use weft_workflow::definition::Kind;

use crate::{check, sound};

/// Checks the text of `types`, indented as a block.
fn check_types(text: &str, expected: &[(&str, &str)]) {
    let block: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, message)| (*code, "types", *message))
        .collect();
    check(
        &format!("workflow: w\nnodes: {{n: {{sleep: 1s}}}}\ntypes: |\n{block}"),
        &expected,
    );
}

/// What a type is once its names are resolved.
fn resolves(types: &str, used: &str, expected: &str) {
    let block: String = types.lines().map(|line| format!("  {line}\n")).collect();
    let text =
        format!("workflow: w\ntypes: |\n{block}input: {{ a: '{used}' }}\nnodes: {{n: {{sleep: 1s}}}}\n");
    let ty = sound(&text).inputs[0].ty.value.clone().unwrap();
    assert_eq!(ty.to_string(), expected, "{text}");
}

#[test]
fn declarations() {
    resolves(
        "record line { sku: string, qty: u32 }",
        "list<line>",
        "list<record { sku: string, qty: u32 }>",
    );
    resolves("variant v { none, some(u8) }", "v", "variant { none, some(u8) }");
    resolves(
        "enum colour { red, green, }",
        "option<colour>",
        "option<enum { red, green }>",
    );
    resolves("flags rights { read, write }", "rights", "flags { read, write }");
    resolves("type id = u64;", "tuple<id, id>", "tuple<u64, u64>");
    resolves(
        "type a = b;\ntype b = list<c>;\nenum c { x }",
        "a",
        "list<enum { x }>",
    );
    resolves(
        "record r {\n  // the key\n  %type: u8, /* and /* this */ */\n\n  b: record { c: u8 },\n}",
        "r",
        "record { type: u8, b: record { c: u8 } }",
    );
    resolves("type a = u8; type b = a;", "result<_, b>", "result<_, u8>");
    resolves("", "record { a: u8 }", "record { a: u8 }");
}

#[test]
fn names_of_types() {
    check_types(
        "record a { b: ‸sting, c: list<‸lines>, d: ‸x }",
        &[
            ("unknown-type", "there is no type `sting`, did you mean `string`?"),
            ("unknown-type", "there is no type `lines`"),
            ("unknown-type", "there is no type `x`"),
        ],
    );
    check_types(
        "type lines = u8;\ntype b = ‸line;",
        &[("unknown-type", "did you mean `lines`?")],
    );
    check_types(
        "type a = u8;\nenum ‸a { b }",
        &[("duplicate-type", "the type `a` is declared a second time")],
    );
    check_types(
        "type ‸string = u8;",
        &[("duplicate-type", "`string` is a type of WIT itself")],
    );
    check_types(
        "record a { b: ‸int, c: ‸str, d: ‸float, e: ‸bytes, f: ‸i32 }",
        &[
            ("unknown-type", "there is no type `int`, did you mean `s32`?"),
            ("unknown-type", "did you mean `string`?"),
            ("unknown-type", "did you mean `f64`?"),
            ("unknown-type", "did you mean `list<u8>`?"),
            ("unknown-type", "did you mean `s32`?"),
        ],
    );
    check_types("type a = string‸[];", &[("type", "a list is written `list<…>`")]);
    check_types("type a = string‸?;", &[("type", "written `option<…>`")]);
    check_types(
        "type a = ‸future<u8>;",
        &[("unknown-type", "there is no type `future`")],
    );
}

#[test]
fn circles() {
    check_types(
        "type ‸a = list<a>;",
        &[("recursive-type", "the type `a` would contain itself: a → a")],
    );
    check_types(
        "record ‸a { b: option<b> }\nvariant b { c(list<a>) }\ntype d = b;",
        &[("recursive-type", "`a` would contain itself: a → b → a")],
    );
}

#[test]
fn what_is_no_type() {
    check_types(
        "record a { b ‸u8 }\ntype c = u8;",
        &[("type", "expected `:`, found `u8`")],
    );
    check_types(
        "type a = list<u8‸;\ntype b = a;",
        &[("type", "expected `>`, found the end")],
    );
    check_types("type a = u8 ‸u8;", &[("type", "expected `;`, found `u8`")]);
    check_types(
        "type a = u8‸\ntype b = u8;",
        &[("type", "expected `;`, found `type`")],
    );
    check_types("variant a { b(u8‸, c }", &[("type", "expected `)`, found `,`")]);
    // What cannot be told apart is told once, up to where a declaration begins again.
    check_types(
        "‸resource r;\nuse x.{y};\ntype z = ‸zz;",
        &[
            (
                "type",
                "`record`, `variant`, `enum`, `flags` or `type`, found `resource`",
            ),
            ("unknown-type", "`zz`"),
        ],
    );
    check_types("enum ‸{ a }", &[("type", "expected a name, found `{`")]);
    check_types(
        "type a = ‸tuple<u8, record { b: u8, b: u8 }>;",
        &[("type", "the name `b` stands twice")],
    );
    check_types("enum a { ‸é }", &[("type", "expected a name, found `é`")]);
}

#[test]
fn a_wrong_type_is_told_once() {
    // What uses `a` is not told to be wrong as well.
    check(
        "workflow: w\ntypes: |\n  type a = ‸u9;\n  type b = list<a>;\ninput: {x: a, y: b, z: 'tuple<a, ‸c>'}\nnodes: {n: {wait: b}}\n",
        &[
            ("unknown-type", "types", "`u9`"),
            ("unknown-type", "input.z", "`c`"),
        ],
    );
}

#[test]
fn types_where_they_are_used() {
    check(
        "workflow: w\ninput: {a: '‸', b: u8 ‸u8, c: 'list<u8‸', d: list<u8‸, e: ‸[u8]}\nnodes: {n: {wait: ‸u9}}\n",
        &[
            ("type", "input.a", "expected a type, found the end"),
            ("type", "input.b", "expected the end, found `u8`"),
            ("type", "input.c", "expected `>`, found the end"),
            ("type", "input.d", "expected `>`, found the end"),
            (
                "wrong-type",
                "input.e",
                "expected a type, such as `list<string>`, found a list",
            ),
            ("unknown-type", "nodes.n.wait", "did you mean `u8`?"),
        ],
    );
}

#[test]
fn a_wait_needs_no_type() {
    let wait = |text: &str| {
        let definition = sound(&format!("workflow: w\nnodes: {{n: {{wait: {text}}}}}\n"));
        let Some(Kind::Wait(wait)) = &definition.nodes[0].kind else {
            panic!("not a wait");
        };
        wait.ty.as_ref().map(|ty| ty.value.as_ref().unwrap().to_string())
    };
    assert_eq!(wait("null"), None);
    assert_eq!(wait("").as_deref(), None);
    assert_eq!(wait("'list<u8>'").as_deref(), Some("list<u8>"));
}
