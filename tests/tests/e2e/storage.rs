//! A disk that is full.

use serde_json::json;
use weft_powerloss::Recorder;
use weft_tests::{Api, Server, eventually, fixture};

#[tokio::test]
async fn a_full_disk_refuses_uploads_and_stops_no_call() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let recorder = Recorder::new(&root, place.path()).unwrap();
    let data = root.join("data");
    std::fs::create_dir(&data).unwrap();
    let server = Server::builder().data(&data).on_disk_of(&recorder).start().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    // Room for nothing at all, for part of the code, and for the code but not for what it is compiled to.
    for room in [0, 10_000, 100_000] {
        recorder.leave_room(room).unwrap();
        api.put("echo", fixture("echo"))
            .await
            .expect_problem(507, "storage-full");
        assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
    }
    recorder.heal().unwrap();
    let scratch = data.join("artifacts/tmp");
    eventually("nothing of them is left", || async {
        std::fs::read_dir(&scratch).is_ok_and(|entries| entries.count() == 0)
    })
    .await;
    api.get(&Api::path("echo", ""))
        .await
        .expect_problem(404, "not-found-function");
    assert_eq!(api.deploy("echo", fixture("echo")).await["version"], 1);
    assert_eq!(api.call("echo?export=answer", &json!([])).await.ok(), json!(42));
}
