//! The workflows that are measured.

use std::fmt::Write as _;

/// How many nodes, and the names of the durable and the express chain of so many.
pub(crate) const CHAINS: [(u32, &str, &str); 3] = [
    (5, "five", "five-express"),
    (50, "fifty", "fifty-express"),
    (500, "many", "many-express"),
];
/// How deep the deepest of the [`nested`] goes.
pub(super) const LEVELS: u32 = 5;

/// Names and definitions of chains of additions, each after what it calls.
pub(super) fn chains() -> Vec<(String, String)> {
    let sum = |nodes, name: &str, durability| {
        let text = chain(name, nodes, durability, "arith#add", SUM);
        (name.to_owned(), text)
    };
    let mut all = vec![
        sum(1, "one", "durable"),
        sum(1, "one-express", "express"),
        (
            "five-nested".to_owned(),
            chain("five-nested", 5, "durable", "one", NESTED),
        ),
    ];
    for (nodes, durable, express) in CHAINS {
        all.push(sum(nodes, durable, "durable"));
        all.push(sum(nodes, express, "express"));
    }
    all
}

/// `level-1` to `level-5`, each with one node that is the one before; the first one calls `innermost`.
pub(super) fn nested(innermost: &str) -> Vec<(String, String)> {
    let level = |depth: u32| {
        let inner = match depth {
            1 => innermost.to_owned(),
            _ => format!("level-{}", depth - 1),
        };
        let name = format!("level-{depth}");
        let text = chain(&name, 1, "durable", &inner, NESTED);
        (name, text)
    };
    (1..=LEVELS).map(level).collect()
}

/// The arguments of a node, where `$` stands for what the node before gives.
const SUM: &str = "{ a: $, b: 1 }";
const NESTED: &str = "{ n: $ }";

/// Nodes that each take what the one before gives.
fn chain(name: &str, nodes: u32, durability: &str, call: &str, with: &str) -> String {
    let mut text = format!("workflow: {name}\ndurability: {durability}\ninput: {{ n: u32 }}\nnodes:\n");
    for node in 1..=nodes {
        let from = match node {
            1 => "$input.n".to_owned(),
            _ => format!("$n{}", node - 1),
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  n{node}: {{ call: \"{call}\", with: {} }}",
            with.replace('$', &from)
        );
    }
    let _ = writeln!(text, "output: $n{nodes}");
    text
}

/// Five nodes, each of which charges a payee once the one before has.
pub(super) const FIVE_CHARGES: &str = "workflow: five-charges
input: { payee: string, job: string }
nodes:
  n1: { call: charge, with: { payee: $input.payee, job: $input.job, step: 1 } }
  n2: { call: charge, with: { payee: $input.payee, job: $input.job, step: 2 }, after: [n1] }
  n3: { call: charge, with: { payee: $input.payee, job: $input.job, step: 3 }, after: [n2] }
  n4: { call: charge, with: { payee: $input.payee, job: $input.job, step: 4 }, after: [n3] }
  n5: { call: charge, with: { payee: $input.payee, job: $input.job, step: 5 }, after: [n4] }
output: $n5
";

/// One node that is executed for every item of a list.
pub(super) const EACH: &str = "workflow: each
input: { items: list<u32> }
nodes:
  sums: { call: arith#add, for-each: $input.items, with: { a: $item, b: 1 }, concurrency: 256 }
output: $sums
";

/// A run that never ends by itself.
pub(super) const FOREVER: &str = "workflow: forever
input: { n: u32 }
nodes:
  spin: { call: spin#spin }
output: $input.n
";

/// A run that fails.
pub(super) const BROKEN: &str = "workflow: broken
input: { n: u32 }
nodes:
  sum: { call: arith#add, with: { a: $input.n, b: 1 } }
  trap: { call: trap#unreachable, after: [sum] }
output: $sum
";

/// So many nodes that are lent a value, one after another, and do not look at it.
pub(super) fn ignores(name: &str, nodes: u32) -> String {
    let mut text = format!("workflow: {name}\ninput: {{ data: list<u8> }}\nnodes:\n");
    for node in 1..=nodes {
        let after = match node {
            1 => String::new(),
            _ => format!(", after: [n{}]", node - 1),
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  n{node}: {{ call: blobs#ignore, with: {{ b: $input.data }}{after} }}"
        );
    }
    let _ = writeln!(text, "output: $n{nodes}");
    text
}

/// A workflow that answers what it was given.
pub(super) const PASS: &str = "workflow: pass
input: { data: list<u8> }
nodes:
  sum: { call: arith#add, with: { a: 1, b: 1 } }
output: $input.data
";

/// So many of those, each given what the one before answered.
pub(super) fn passes(name: &str, hops: u32) -> String {
    let text = chain(name, hops, "durable", "pass", "{ data: $ }");
    text.replace("{ n: u32 }", "{ data: list<u8> }")
        .replace("$input.n", "$input.data")
}
