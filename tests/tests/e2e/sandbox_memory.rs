//! What all functions in sandboxes may have of the machine's memory.

use serde_json::json;
use weft_tests::{Server, eventually, fixture};

const BOUND: f64 = 256.0 * 1048576.0;

#[tokio::test]
async fn functions_that_want_all_memory_are_stopped_and_others_go_on() {
    let arguments = ["--sandbox-memory", "256MiB"];
    let server = Server::builder().arguments(arguments).start().await;
    let api = &server.api;
    let limits = json!({"limits": {"memory-bytes": 1_u64 << 30}});
    api.deploy_with("bomb", fixture("bomb"), limits).await;
    api.deploy("arith", fixture("arith")).await;
    let bombs: Vec<_> = (0..6)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.call("bomb?export=fill", &json!([])).await })
        })
        .collect();
    loop {
        let ended = bombs.iter().all(tokio::task::JoinHandle::is_finished);
        assert_eq!(api.call("arith", &json!([1, 2])).await.ok(), json!(3));
        if ended {
            break;
        }
    }
    for bomb in bombs {
        let refused = bomb.await.unwrap();
        assert_ne!(refused.header("retry-after"), "");
        let problem = refused.expect_problem(503, "sandbox-memory");
        assert_eq!(problem["limit"], json!(256 << 20), "{problem}");
    }
    assert_eq!(api.metric("weft_sandbox_memory_limit_bytes", &[]).await, BOUND);
    eventually("all memory is given back", || async {
        api.metric("weft_sandbox_memory_bytes", &[]).await == 0.0
    })
    .await;
    let taken = api.call("bomb?export=take", &json!([128 << 20])).await;
    assert_eq!(taken.ok(), json!(128 << 20));
}
