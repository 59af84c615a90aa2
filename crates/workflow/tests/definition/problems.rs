//! Every rule, and where its problem is told.

use crate::{check, check_node};

#[test]
fn the_top() {
    check(
        "‸- a\n",
        &[("wrong-type", "", "expected a definition: a map of `workflow`")],
    );
    check("‸text", &[("wrong-type", "", "found the text `text`")]);
    check(
        "‸‸{}",
        &[
            ("missing-key", "", "`workflow` is missing"),
            ("missing-key", "", "`nodes` is missing"),
        ],
    );
    check(
        "‸workfow: w\nnodes: {n: {sleep: 1s}}\n",
        &[("unknown-key", "workfow", "did you mean `workflow`?")],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\n‸trigger: x\n",
        &[(
            "unknown-key",
            "trigger",
            "unknown key `trigger`, a definition may have `workflow`",
        )],
    );
    check(
        "workflow: ‸My flow\nnodes: {n: {sleep: 1s}}\n",
        &[("name", "workflow", "`M` at position 1")],
    );
    check(
        "workflow: ‸7\nnodes: {n: {sleep: 1s}}\n",
        &[("wrong-type", "workflow", "found the number `7`")],
    );
    check(
        "workflow: w\ndescription: ‸[a]\nnodes: {n: {sleep: 1s}}\n",
        &[("wrong-type", "description", "found a list")],
    );
    check(
        "workflow: w\ndurability: ‸expres\nnodes: {n: {sleep: 1s}}\n",
        &[(
            "unknown-value",
            "durability",
            "`expres` is not a durability: `durable` or `express`, did you mean `express`?",
        )],
    );
    check(
        "workflow: w\nnodes: ‸{}\n",
        &[("no-nodes", "nodes", "at least one node")],
    );
    check(
        "workflow: w\nnodes‸: \n",
        &[("wrong-type", "nodes", "found nothing")],
    );
    check(
        "workflow: w\nnodes: ‸[{sleep: 1s}]\n",
        &[("wrong-type", "nodes", "expected a map of names to nodes")],
    );
}

#[test]
fn inputs_and_outputs() {
    check(
        "workflow: w\ninput: {‸Id: string, b: ‸3}\nnodes: {n: {sleep: 1s}}\n",
        &[
            ("name", "input.Id", "not the name of a parameter"),
            ("wrong-type", "input.b", "expected a type, such as `list<string>`"),
        ],
    );
    check(
        "workflow: w\ninput: ‸string\nnodes: {n: {sleep: 1s}}\n",
        &[(
            "wrong-type",
            "input",
            "expected a map of parameters to types, found the text `string`",
        )],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\n‸output-type: u8\n",
        &[(
            "not-applicable",
            "output-type",
            "the type of `output`, which is missing",
        )],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\noutput: {a: $‸, b: [$n.‸]}\n",
        &[
            ("reference", "output.a", "a name follows `$`"),
            ("reference", "output.b[0]", "the name of a field follows `.`"),
        ],
    );
}

#[test]
fn defaults() {
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\ndefaults:\n  on-failure: ‸stop\n  priority: ‸urgent\n  group: ‸A\n  timeout: ‸0s\n  \
         concurrency: ‸0\n  ‸retry: 3\n",
        &[
            (
                "unknown-value",
                "defaults.on-failure",
                "not a policy for failures: `end` or `continue`",
            ),
            (
                "unknown-value",
                "defaults.priority",
                "`highest`, `high`, `medium`, `low` or `lowest`",
            ),
            ("name", "defaults.group", "not the name of a group of workers"),
            ("out-of-range", "defaults.timeout", "from 1ms to 366d"),
            ("out-of-range", "defaults.concurrency", "from 1 to 10000"),
            ("unknown-key", "defaults.retry", "defaults may have"),
        ],
    );
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\ndefaults: ‸high\n",
        &[("wrong-type", "defaults", "found the text `high`")],
    );
}

#[test]
fn global_parameters() {
    check(
        "workflow: w\nnodes: {n: {sleep: 1s}}\nparameters:\n  a: ‸5\n  b: ‸{type: u8}\n  c: ‸{default: 1}\n  d: {type: u8, \
         default: [‸$input.x]}\n  ‸E: {type: ‸u9, default: 1}\n  f: {type: u8, default: 1, ‸foo: 2}\n",
        &[
            (
                "wrong-type",
                "parameters.a",
                "expected a parameter: a map of `type` and `default`",
            ),
            ("missing-key", "parameters.b", "`default` is missing"),
            ("missing-key", "parameters.c", "`type` is missing"),
            ("not-literal", "parameters.d.default[0]", "without references"),
            ("name", "parameters.E", "not the name of a parameter"),
            ("unknown-type", "parameters.E.type", "did you mean `u8`?"),
            (
                "unknown-key",
                "parameters.f.foo",
                "a parameter may have `type` and `default`",
            ),
        ],
    );
}

#[test]
fn names_of_nodes() {
    check(
        "workflow: w\nnodes: {‸Total: {sleep: 1s}, ‸a_b: {sleep: 1s}, ‸item: {sleep: 1s}, ‸'': {sleep: 1s}}\n",
        &[
            ("name", "nodes.Total", "`T` at position 1"),
            ("name", "nodes.\"a_b\"", "`_` at position 2"),
            ("reserved-name", "nodes.item", "`$item` means something else"),
            ("name", "nodes.\"\"", "may not be empty"),
        ],
    );
    for name in ["input", "index", "global"] {
        check(
            &format!("workflow: w\nnodes: {{‸{name}: {{sleep: 1s}}}}\n"),
            &[("reserved-name", &format!("nodes.{name}"), "cannot be called")],
        );
    }
}

#[test]
fn kinds() {
    check_node(
        "‸null",
        &[(
            "wrong-type",
            "",
            "expected a node: a map with `call`, `sleep` or `wait`, found nothing",
        )],
    );
    check(
        "workflow: w\nnodes:\n  ‸n: {}\n",
        &[("no-kind", "nodes.n", "`call`, `sleep` or `wait` is missing")],
    );
    check(
        "workflow: w\nnodes:\n  ‸n: {when: true}\n",
        &[("no-kind", "nodes.n", "does nothing")],
    );
    check_node("{‸cal: x}", &[("unknown-key", "cal", "did you mean `call`?")]);
    check_node(
        "{call: x, ‸sleep: 1s}",
        &[("several-kinds", "sleep", "beside `call`")],
    );
    check_node(
        "{sleep: 1s, ‸retry: 3, ‸with: {}}",
        &[
            (
                "not-applicable",
                "retry",
                "a node with `sleep` cannot have `retry`",
            ),
            ("not-applicable", "with", "a node with `sleep` cannot have `with`"),
        ],
    );
    check_node(
        "{wait: u8, ‸for-each: $input.a}",
        &[("not-applicable", "for-each", "a node with `wait`")],
    );
    check_node(
        "{call: x, ‸witth: {}}",
        &[("unknown-key", "witth", "did you mean `with`?")],
    );
    check_node(
        "{call: x, ‸env: {}}",
        &[(
            "unknown-key",
            "env",
            "a node may have `call`, `sleep`, `wait`, `after`",
        )],
    );
}

#[test]
fn calls() {
    check_node(
        "{call: ‸7}",
        &[(
            "wrong-type",
            "call",
            "`name@version#export`, found the number `7`",
        )],
    );
    check_node("{call: ‸Pay}", &[("name", "call", "`P` at position 1")]);
    check_node("{call: ‸''}", &[("name", "call", "may not be empty")]);
    check_node(
        "{call: pay@‸0}",
        &[(
            "version",
            "call",
            "`0` is not a version: expected a whole number from 1",
        )],
    );
    check_node(
        "{call: pay@‸v1#x}",
        &[("version", "call", "`v1` is not a version")],
    );
    check_node("{call: pay@‸4294967296}", &[("version", "call", "not a version")]);
    check_node(
        "{call: \"pay#‸\"}",
        &[("name", "call", "the name of an export follows `#`")],
    );
    check_node(
        "{call: x, with: ‸[1]}",
        &[(
            "wrong-type",
            "with",
            "expected a map of parameters to values, found a list",
        )],
    );
}

#[test]
fn sources() {
    let with = |value: &str, code: &str, path: &str, message: &str| {
        check_node(
            &format!("{{call: x, with: {{a: {value}}}}}"),
            &[(code, &format!("with.a{path}"), message)],
        );
    };
    with("$‸", "reference", "", "a name follows `$`");
    with("\"$‸ 5\"", "reference", "", "a name follows `$`");
    with("$‸5", "reference", "", "a name follows `$`");
    with("\"$a[‸x]\"", "reference", "", "a whole number follows `[`");
    with("\"$a[0‸\"", "reference", "", "`]` follows the index");
    with("\"$a[‸99999999999]\"", "reference", "", "at most 4294967295");
    with("\"$a.b‸ + 1\"", "reference", "", "goes on with `.field` or `[0]`");
    with(
        "[1, {b: \"$a.‸\"}]",
        "reference",
        "[1].b",
        "the name of a field follows `.`",
    );
    with("‸.inf", "number", "", "write \"Infinity\"");
    with(
        "{$blob: ‸5}",
        "wrong-type",
        ".\"$blob\"",
        "expected the digest of a blob",
    );
    with("{$blob: ‸x}", "blob", ".\"$blob\"", "`x` is not a digest");
    with("{‸$ref: x}", "key", ".\"$ref\"", "the key `$ref` is reserved");
    with("{‸$blob: x, b: 1}", "key", ".\"$blob\"", "alone in its map");
}

#[test]
fn a_reference_is_wrong_where_it_goes_wrong() {
    check_node(
        "{call: x, with: {a: $‸, b: $a‸é}}",
        &[
            ("reference", "with.a", "`$` is not a reference"),
            ("reference", "with.b", "`$aé` is not a reference"),
        ],
    );
}

#[test]
fn order_and_conditions() {
    check_node(
        "{sleep: 1s, after: ‸a}",
        &[(
            "wrong-type",
            "after",
            "expected a list of nodes, found the text `a`",
        )],
    );
    check_node(
        "{sleep: 1s, after: [a, ‸$b, ‸a, ‸3]}",
        &[
            ("name", "after[1]", "names nodes without `$`: write `b`"),
            ("repeated", "after[2]", "`a` stands twice"),
            ("wrong-type", "after[3]", "expected the name of a node"),
        ],
    );
    check_node(
        "{sleep: 1s, when: ‸3}",
        &[("wrong-type", "when", "expected a condition")],
    );
    check_node(
        "{sleep: 1s, when: ‸[true]}",
        &[("wrong-type", "when", "found a list")],
    );
}

#[test]
fn for_each() {
    check_node(
        "{call: x, ‸concurrency: 3, ‸on-item-failure: end}",
        &[
            (
                "not-applicable",
                "concurrency",
                "`concurrency` belongs to `for-each`, which is missing",
            ),
            ("not-applicable", "on-item-failure", "belongs to `for-each`"),
        ],
    );
    check_node(
        "{call: x, for-each: $‸, concurrency: ‸0, on-item-failure: ‸colect}",
        &[
            ("reference", "for-each", ""),
            (
                "out-of-range",
                "concurrency",
                "from 1 to 10000, found the number `0`",
            ),
            ("unknown-value", "on-item-failure", "did you mean `collect`?"),
        ],
    );
    check_node(
        "{call: x, for-each: [1], concurrency: ‸10001}",
        &[("out-of-range", "concurrency", "")],
    );
    check_node(
        "{call: x, for-each: [1], concurrency: ‸1.5}",
        &[("wrong-type", "concurrency", "a whole number")],
    );
    check_node(
        "{call: x, for-each: [1], concurrency: ‸many}",
        &[("wrong-type", "concurrency", "the text `many`")],
    );
    check_node(
        "{call: x, for-each: [1], concurrency: ‸-1}",
        &[("out-of-range", "concurrency", "")],
    );
}

#[test]
fn all_problems_are_told_in_the_order_of_the_text() {
    check(
        "workflow: ‸W\nnodes:\n  a: {call: ‸X, ‸foo: 1, timeout: ‸5}\n  ‸input: {sleep: ‸1}\noutput: {x: $‸}\ntypes: |\n  type t = ‸u9;\n",
        &[
            ("name", "workflow", ""),
            ("name", "nodes.a.call", ""),
            ("unknown-key", "nodes.a.foo", ""),
            ("duration", "nodes.a.timeout", ""),
            ("reserved-name", "nodes.input", ""),
            ("duration", "nodes.input.sleep", ""),
            ("reference", "output.x", ""),
            ("unknown-type", "types", ""),
        ],
    );
}
