//! What is planned but may not be meant.

use crate::world::check;

/// Nodes of which `maybe` may be skipped, and an output; what is warned of.
fn warned(nodes: &str, output: &str, expected: &[&str]) {
    let text = format!(
        "workflow: w\ninput: {{ on: bool }}\nnodes:\n  sure: {{ wait: u64 }}\n  maybe: {{ wait: u64, when: $input.on }}\n\
         {nodes}{output}\n"
    );
    let checked = check(&text);
    assert_eq!(checked.problems, [], "{text}");
    let warnings = checked.warnings.iter();
    let told: Vec<_> = warnings
        .map(|it| format!("{} {}: {}", it.code, it.path, it.message))
        .collect();
    assert_eq!(told, expected, "{text}");
}

const MEANT: &str = "and there is none here then: say that this is meant by an option in `output-type`";

#[test]
fn what_is_skipped_along_with_another_is_told_where_the_output_takes_it() {
    let along = "  along: { call: double, with: { n: $maybe } }\n";
    let further = format!("{along}  further: {{ call: double, with: {{ n: $along }} }}\n");
    let told = |node: &str, path: &str| {
        format!(
            "may-be-missing {path}: `{node}` is skipped whenever `maybe` is, whose value it needs, {MEANT}"
        )
    };
    warned(along, "output: $along", &[&told("along", "output")]);
    warned(
        &further,
        "output: { a: $sure, b: [$further], c: $maybe }",
        &[&told("further", "output.b[0]")],
    );
}

#[test]
fn what_is_said_is_not_told_again() {
    let along = "  along: { call: double, with: { n: $maybe } }\n";
    warned("", "output: $maybe", &[]);
    warned(along, "output: $sure", &[]);
    warned(along, "output-type: option<u64>\noutput: $along", &[]);
    let conditional = "  along: { call: double, with: { n: $maybe }, when: has($maybe) }\n";
    warned(conditional, "output: $along", &[]);
    let after = "  behind: { call: double, with: { n: $sure }, after: [maybe] }\n";
    warned(after, "output: $behind", &[]);
}
