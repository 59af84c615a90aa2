//! Arguments that are large bytes, beside the image of the others.

use weft_types::image::Bounds;
use weft_workflow::Plan;
use weft_workflow::evaluate::{Root, Scope};
use weft_workflow::plan::{Call, Kind};

use super::evaluation::{BOUNDS, Values};
use super::world::plan;

#[test]
fn large_bytes_stay_where_they_are() {
    let plan = plan(
        "workflow: w
input: { data: list<u8>, other: u8 }
nodes:
  r: { call: resize, with: { data: $input.data, width: 1 } }
  s: { call: resize, with: { data: $r, width: 2 } }
output: $s
",
    );
    let base64 = |length: usize| format!("\"{}\"", "AAAA".repeat(length / 3));
    for (length, attaches) in [(0, false), (300, false), (30_000, true)] {
        let input = format!(r#"{{"data":{},"other":1}}"#, base64(length));
        let values = Values::new(&plan, &input).output("r", &base64(length));
        let r = plan.find("r").unwrap();
        let (image, attached) = plan.arguments_attaching(r, &values, BOUNDS, &[]).unwrap();
        assert_eq!(attached.get(0).is_some(), attaches, "{length}");
        let whole = attached
            .put_into(&call(&plan, "r").signature.params, &image, BOUNDS)
            .unwrap();
        assert_eq!(whole, plan.arguments(r, &values, BOUNDS).unwrap(), "{length}");
        if let Some(bytes) = attached.get(0) {
            let within = values.input().as_bytes().as_ptr_range();
            assert!(within.contains(&bytes.as_ptr()), "it was copied");
            let tight = Bounds {
                bytes: length,
                ..BOUNDS
            };
            assert!(
                plan.arguments_attaching(r, &values, tight, &[]).is_err(),
                "{length} and the rest"
            );
        }
    }
    // What is left out need not be there.
    let values = Values::new(&plan, r#"{"data":"","other":1}"#);
    let s = plan.find("s").unwrap();
    let (image, attached) = plan.arguments_attaching(s, &values, BOUNDS, &[0]).unwrap();
    assert!(attached.is_empty());
    let params = &call(&plan, "s").signature.params;
    assert_eq!(
        image,
        super::evaluation::image(params, r#"{"data":"","width":2}"#)
    );
    let source = &call(&plan, "s").arguments;
    let whole: Vec<_> = source
        .whole_bytes()
        .into_iter()
        .map(|(at, whole)| (at, whole.root))
        .collect();
    assert_eq!(whole, [(0, Root::Node(plan.find("r").unwrap()))]);
    assert!(source.reads_without(&[0]).is_empty());
    assert_eq!(
        call(&plan, "r").arguments.whole_bytes(),
        [],
        "a part of something larger is no whole"
    );
}

fn call<'p>(plan: &'p Plan, name: &str) -> &'p Call {
    match &plan.node(plan.find(name).unwrap()).kind {
        Kind::Call(call) => call,
        Kind::Sleep { .. } | Kind::Wait { .. } => panic!("{name} calls nothing"),
    }
}
