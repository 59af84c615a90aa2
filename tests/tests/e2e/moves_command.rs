//! Versions that take over step by step, by the command.

use serde_json::json;
use weft_tests::guests;
use weft_tests::shell::Shell;

use crate::moves::server;

#[tokio::test]
async fn the_command_lets_versions_take_over_and_tells_how_far_they_came() {
    let server = server().await;
    let shell = Shell::at(&server.api.base);
    let (good, broken) = (
        guests::path("fixtures/arith.wasm"),
        guests::path("fixtures/arith-broken.wasm"),
    );
    let told = shell.ok(&["deploy", &good, "--name", "arith", "--canary"]).await;
    assert!(told.starts_with("arith version 1: answers calls now\n"), "{told}");
    let canary = [
        "--canary",
        "--stages",
        "10,100",
        "--stage-time",
        "1h",
        "--min-calls",
        "7",
    ];
    let told = shell
        .ok(&[&["deploy", &broken, "--name", "arith"][..], &canary].concat())
        .await;
    assert!(
        told.starts_with("arith version 2: answers 10 % of the calls instead of version 1, stage 1 of 2")
            && !told.contains("does not answer"),
        "{told}"
    );
    // What is refused before the upload leaves nothing behind, what is refused after it says what is there.
    let other = ["deploy", &good, "--name", "arith", "--env", "A=1", "--canary"];
    let (code, told) = shell.fails(&[&other[..], &["--stages", "10,50"]].concat()).await;
    assert!(code == 2 && told.contains("the stages 10, 50"), "{told}");
    let (code, told) = shell.fails(&other).await;
    assert!(
        code == 6 && told.contains("version 3 of arith is stored and does not answer calls: "),
        "{code} {told}"
    );
    let described = shell.ok(&["describe", "arith"]).await;
    assert!(
        described.contains("rollout  version 2 answers 10 %"),
        "{described}"
    );
    let told = shell.ok(&["rollout", "arith", "--cancel"]).await;
    assert_eq!(told, "version 1 of arith answers all calls now");
    let told = shell.ok(&["rollout", "arith"]).await;
    for part in [
        "no rollout is under way",
        "rollout cancelled",
        "it was cancelled by hand",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let told = shell
        .json(
            &[
                &["activate", "arith", "2"][..],
                &canary,
                &["--error-bound", "100"],
            ]
            .concat(),
        )
        .await;
    assert_eq!(told["rollout"]["policy"]["error-bound-percent"], 100);
    assert_eq!(told["rollout"]["policy"]["stage-ms"], 3_600_000);
    let pools = shell.ok(&["pools"]).await;
    assert!(pools.contains("2 (10 % of calls)"), "{pools}");
    let told = shell.ok(&["rollout", "arith", "--promote"]).await;
    assert_eq!(told, "version 2 of arith answers all calls now");
    let told = shell.json(&["rollout", "arith"]).await;
    assert_eq!(
        (&told["rollout"], &told["moves"][0]["kind"]),
        (&json!(null), &json!("rollout-finished"))
    );
    let (code, told) = shell.fails(&["rollout", "arith", "--cancel"]).await;
    assert_eq!(code, 4, "{told}");
    let (code, _) = shell.fails(&["activate", "arith", "1", "--stages", "100"]).await;
    assert_eq!(code, 2, "stages are of a canary");
}
