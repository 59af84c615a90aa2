//! Trying a workflow out with values in place of nodes.

use serde_json::json;
use weft_types::Value;
use weft_workflow::NodeIndex;
use weft_workflow::event::{Given, Origin, Stored};
use weft_workflow_engine::{Error, StartRun};

use crate::fakes::calls::parsed;
use crate::world::{World, chain};

fn stub(node: u32, ty: &str, value: &serde_json::Value) -> Given {
    let image = parsed(&ty.parse().unwrap(), value);
    Given {
        node: NodeIndex(node),
        origin: Origin::Stub,
        output: Some(Stored::from(&Value::Direct(image))),
        skipped: false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_stub_stands_in_for_its_node() {
    let world = World::new().await;
    world.define("main", &chain("pay", 3));
    let request = StartRun {
        given: vec![stub(1, "u64", &json!(40))],
        ..world.request("main", &json!({ "n": 1 }))
    };
    let handle = world.engine.start(request).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(41));
    let nodes: Vec<_> = world.called().into_iter().map(|called| called.node).collect();
    assert_eq!(nodes, ["n1", "n3"]);
}

#[tokio::test(start_paused = true)]
async fn a_stub_must_fit() {
    let world = World::new().await;
    world.define("main", &chain("double", 2));
    let start = async |given: Vec<Given>| {
        let request = StartRun {
            given,
            ..world.request("main", &json!({ "n": 1 }))
        };
        world.engine.start(request).await.unwrap_err()
    };
    let wrong = start(vec![stub(1, "string", &json!("x"))]).await;
    assert_eq!(
        wrong.to_string(),
        "the given output of `n2` must be of type `u64`"
    );
    let nowhere = start(vec![stub(9, "u64", &json!(1))]).await;
    assert!(
        matches!(nowhere, Error::Invalid { what: "given", .. }),
        "{nowhere}"
    );
    let twice = start(vec![stub(1, "u64", &json!(1)), stub(1, "u64", &json!(1))]).await;
    assert!(twice.to_string().contains("`n2` is given twice"), "{twice}");
}
