//! What a call finds of those before it: nothing, at whatever level.

use serde_json::json;
use weft_tests::{Server, fixture, workers};

use crate::processes::{PROFILES, deploy};

/// Counts in a global and in memory; what it answers in a fresh instance is 2.
const COUNTING: &str = r#"(component
    (core module $m
        (memory (export "memory") 2)
        (global $global (mut i32) (i32.const 0))
        (func (export "count") (result i32)
            (global.set $global (i32.add (global.get $global) (i32.const 1)))
            (i32.store (i32.const 70000) (i32.add (i32.load (i32.const 70000)) (i32.const 1)))
            (i32.add (global.get $global) (i32.load (i32.const 70000)))))
    (core instance $i (instantiate $m))
    (func (export "count") (result u32) (canon lift (core func $i "count"))))"#;

#[tokio::test]
async fn calls_find_nothing_of_those_before() {
    let server = Server::start().await;
    let api = &server.api;
    deploy(api, "counting", &wat::parse_str(COUNTING).unwrap(), &json!({})).await;
    for profile in PROFILES {
        for call in 0..200 {
            let answer = api
                .call(&format!("counting-{profile}?export=count"), &json!([]))
                .await;
            assert_eq!(answer.json(), json!(2), "call {call} in {profile}");
        }
    }
}

/// One descriptor by which the kernel is asked which pages were written to is wasmtime's, one is for putting instances back.
#[tokio::test]
async fn a_process_can_look_at_its_own_pages() {
    let server = Server::start().await;
    let settings = json!({"profile": "process"});
    server.api.deploy_with("arith", fixture("arith"), settings).await;
    let answer = server.api.call("arith?export=add", &json!([1, 2])).await;
    assert_eq!(answer.json(), json!(3));
    let looking = workers::of(&server).into_iter().filter(|worker| {
        let worker = worker.as_raw_nonzero();
        let own = format!("/{worker}/pagemap");
        let open = std::fs::read_dir(format!("/proc/{worker}/fd"))
            .into_iter()
            .flatten();
        let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        links
            .filter(|link| link.to_string_lossy().ends_with(&own))
            .count()
            == 2
    });
    assert_eq!(looking.count(), 1, "the one that executes, not its guardian");
}
