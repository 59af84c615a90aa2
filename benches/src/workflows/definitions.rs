//! The workflows that are measured: chains of additions.

use std::fmt::Write as _;

/// How many nodes, and the names of the durable and the express chain of so many.
pub(super) const CHAINS: [(u32, &str, &str); 3] = [
    (5, "five", "five-express"),
    (50, "fifty", "fifty-express"),
    (500, "many", "many-express"),
];

/// Names and definitions, each after what it calls.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("one", chain("one", 1, "durable", "arith#add")),
        ("one-express", chain("one-express", 1, "express", "arith#add")),
        ("five-nested", chain("five-nested", 5, "durable", "one")),
    ];
    for (nodes, durable, express) in CHAINS {
        all.push((durable, chain(durable, nodes, "durable", "arith#add")));
        all.push((express, chain(express, nodes, "express", "arith#add")));
    }
    all
}

/// Nodes that each take what the one before gives.
fn chain(name: &str, nodes: u32, durability: &str, call: &str) -> String {
    let mut text = format!("workflow: {name}\ndurability: {durability}\ninput: {{ n: u32 }}\nnodes:\n");
    for node in 1..=nodes {
        let from = match node {
            1 => "$input.n".to_owned(),
            _ => format!("$n{}", node - 1),
        };
        let with = match call {
            "one" => format!("{{ n: {from} }}"),
            _ => format!("{{ a: {from}, b: 1 }}"),
        };
        // Writing to a text does not fail.
        let _ = writeln!(text, "  n{node}: {{ call: \"{call}\", with: {with} }}");
    }
    let _ = writeln!(text, "output: $n{nodes}");
    text
}
