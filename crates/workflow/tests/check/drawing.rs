//! Plans as pictures.

use weft_workflow::draw::{drawing, mermaid, svg};

use super::golden::compare;
use super::world::plan;

#[test]
fn mermaid_shows_nodes_and_edges() {
    compare("mermaid.txt", |text| mermaid(&plan(text)));
}

#[test]
fn data_shows_nodes_and_edges() {
    compare("drawing.txt", |text| {
        serde_json::to_string_pretty(&drawing(&plan(text))).unwrap()
    });
}

#[test]
fn svg_is_the_same_every_time() {
    let text = order();
    let picture = svg(&plan(&text));
    assert_eq!(picture, svg(&plan(&text)));
    for shown in [
        "<title>order</title>",
        ">total<",
        ">pricing@2#total<",
        "charge -&gt;",
        ">? notify<",
    ] {
        assert!(picture.contains(shown), "{shown}: {picture}");
    }
    assert_eq!(
        picture.matches("<g>").count(),
        4 + 2,
        "a box for each node, the input and the result"
    );
}

#[test]
fn svg_is_well_formed_whatever_names_say() {
    let text = "workflow: w\ninput: { s: string }\nnodes:\n  a: { call: log, with: { text: x }, when: '$input.s == \"<&>\" && 1 < 2' }\n";
    let picture = svg(&plan(text));
    assert!(
        picture.contains("$input.s == &quot;&lt;&amp;&gt;&quot;"),
        "{picture}"
    );
    assert_eq!(picture.matches('<').count(), picture.matches('>').count());
}

fn order() -> String {
    let plans = include_str!("../golden/plans.txt");
    let (_, rest) = plans.split_once("### an order\n").unwrap();
    rest.split_once("---").unwrap().0.to_owned()
}
