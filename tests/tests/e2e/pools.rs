//! Instances: fresh for each call, or kept.

use reqwest::Method;
use rustix::process::Pid;
use serde_json::json;
use weft_tests::api::send;
use weft_tests::{Api, Server, eventually, fixture, workers};

/// How many instances were started for twenty calls of a function that grows its memory, and answers how large that is then. What
/// has grown cannot be put back into the state in which it began.
async fn call_often(api: &Api, function: &str, reuse: u64) -> f64 {
    let pages = async || {
        api.call(function, &json!([1]))
            .await
            .ok()
            .as_u64()
            .unwrap_or_default()
    };
    let first = pages().await;
    for number in 1..20 {
        assert_eq!(pages().await, first + number % reuse, "{function}");
    }
    let function = format!("function=\"{function}\"");
    api.metric("faas_coldstarts_total", &[&function]).await
}

#[tokio::test]
async fn instances_are_fresh_or_serve_as_many_calls_as_was_set() {
    let server = Server::builder().arguments(["--threads", "1"]).start().await;
    let api = &server.api;
    for (function, reuse, started) in [("fresh", 1, 20.0), ("some", 5, 4.0), ("kept", 1000, 1.0)] {
        let limits = json!({"limits": {"reuse": reuse}});
        api.deploy_with(function, fixture("grow"), limits).await;
        assert_eq!(call_often(api, function, reuse).await, started, "{function}");
    }
}

/// Instances of most code are put back after calls that follow each other soon, and serve others then.
#[tokio::test]
async fn fresh_instances_are_not_all_started() {
    let server = Server::builder().arguments(["--threads", "1"]).start().await;
    let api = &server.api;
    api.deploy("fresh", fixture("arith")).await;
    let mut calls = 0.0;
    eventually("an instance served another call", || {
        calls += 2.0;
        let calls = calls;
        async move {
            for _ in 0..2 {
                assert_eq!(api.call("fresh", &json!([20, 22])).await.ok(), json!(42));
            }
            api.metric("faas_coldstarts_total", &["function=\"fresh\""]).await < calls
        }
    })
    .await;
}

/// The profile asks for an idle instance, so there is one before the first call.
#[tokio::test]
async fn warm_instances_wait_for_calls() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy_with("warm", fixture("arith"), json!({"profile": "sandbox-warm"}))
        .await;
    let idle = async || {
        api.metric("weft_pool_instances", &["function=\"warm\"", "state=\"idle\""])
            .await
    };
    eventually("an instance is warm", || async { idle().await >= 1.0 }).await;
    assert_eq!(api.call("warm", &json!([20, 22])).await.ok(), json!(42));
}

/// The instances of `busy` by what they do: active, idle, starting, backing off.
async fn instances(api: &Api) -> [f64; 4] {
    let mut counts = [0.0; 4];
    for (count, state) in counts
        .iter_mut()
        .zip(["active", "idle", "starting", "backing-off"])
    {
        let labels = ["function=\"busy\"", &format!("state=\"{state}\"")];
        *count = api.metric("weft_pool_instances", &labels).await;
    }
    counts
}

/// Has one instance at most serve one call at a time, and compares what is counted with what was done.
async fn the_metrics_are_true(level: &str) {
    let server = Server::start().await;
    let api = &server.api;
    let text = format!("level = \"{level}\"\nslots = 1\n[queue]\nwait-ms = 1500\n[scaling]\nmax = 1\n");
    let request = api.request(Method::PUT, "/v1/profiles/narrow");
    let request = request.header("content-type", "application/toml");
    send(request.body(text)).await.ok();
    let limits = json!({"timeout-ms": 60_000, "cpu-time-ms": 60_000});
    api.deploy_with(
        "busy",
        fixture("spin"),
        json!({"profile": "narrow", "limits": limits}),
    )
    .await;
    let count = async |name: &str, label: &str| api.metric(name, &["function=\"busy\"", label]).await;
    assert_eq!(count("faas_coldstarts_total", "").await, 0.0);
    assert_eq!(instances(api).await, [0.0; 4]);

    for answered in 1..=3 {
        api.call("busy?export=rounds", &json!([10])).await.ok();
        assert_eq!(count("faas_invocations_total", "").await, f64::from(answered));
        assert_eq!(
            count("faas_coldstarts_total", "").await,
            1.0,
            "the process serves on"
        );
        assert_eq!(
            count("faas_queue_duration_seconds_count", "").await,
            f64::from(answered)
        );
        assert_eq!(
            count("faas_init_duration_seconds_count", "").await,
            f64::from(answered)
        );
        assert_eq!(instances(api).await, [0.0, 1.0, 0.0, 0.0]);
    }

    let spin = |export: &'static str| {
        let api = api.clone();
        tokio::spawn(async move { api.call(&format!("busy?export={export}"), &json!([])).await })
    };
    let first = spin("spin");
    eventually("it is busy", || async { api.executing("busy").await == 1.0 }).await;
    assert_eq!(instances(api).await, [1.0, 0.0, 0.0, 0.0]);
    let second = spin("spin");
    eventually("another waits", || async { api.waiting("busy").await == 1.0 }).await;
    assert_eq!(api.executing("busy").await, 1.0);
    second.await.unwrap().expect_problem(503, "queue-timeout");
    assert_eq!(count("faas_errors_total", "kind=\"queue-timeout\"").await, 1.0);
    assert_eq!(count("faas_timeouts_total", "").await, 0.0, "it had time left");
    assert_eq!(api.waiting("busy").await, 0.0);
    first.abort();
}

#[tokio::test]
async fn the_metrics_of_processes_are_true() {
    the_metrics_are_true("process").await;
}

#[tokio::test]
async fn the_metrics_of_containers_are_true() {
    the_metrics_are_true("container").await;
}

/// What a file of each worker says, of those that there are.
fn of_each(server: &Server, file: &str) -> Vec<String> {
    let workers = workers::of(server).into_iter();
    let path = |worker: Pid| format!("/proc/{}/{file}", worker.as_raw_nonzero());
    workers
        .filter_map(|worker| std::fs::read_to_string(path(worker)).ok())
        .collect()
}

/// Has a profile bound its instances, and looks for that at a worker.
async fn bounds_of_a_profile_reach_its_workers(level: &str) {
    let server = Server::start().await;
    let api = &server.api;
    let text =
        format!("level = \"{level}\"\npids = 7\nopen-files = 43\nscratch-bytes = 0\ntimeout-ms = 300\n");
    let request = api.request(Method::PUT, "/v1/profiles/narrow");
    let request = request.header("content-type", "application/toml");
    send(request.body(text)).await.ok();
    let shown = api.get("/v1/profiles/narrow").await.ok();
    for (member, bound) in [("pids", 7), ("open-files", 43), ("timeout-ms", 300)] {
        assert_eq!(shown[member], bound, "{shown}");
    }
    let limits = json!({"timeout-ms": 60_000, "cpu-time-ms": 60_000});
    api.deploy_with(
        "busy",
        fixture("spin"),
        json!({"profile": "narrow", "limits": limits}),
    )
    .await;
    // Its worker may take longer to start than a call may take.
    eventually("it answers", || async {
        api.call("busy?export=rounds", &json!([10])).await.status == 200
    })
    .await;

    let limits = of_each(&server, "limits");
    let bounded = limits.iter().any(|limits| {
        let is = |name: &str, bound: &str| {
            let line = limits.lines().find_map(|line| line.strip_prefix(name));
            line.is_some_and(|line| line.split_whitespace().take(2).all(|found| found == bound))
        };
        is("Max open files", "43") && is("Max file size", "0")
    });
    assert!(bounded, "{limits:?}");
    let mut groups = workers::groups(server.pid());
    let mut bounds = Vec::new();
    while let Some(group) = groups.pop() {
        bounds.extend(std::fs::read_to_string(group.join("pids.max")));
        let below = std::fs::read_dir(group).into_iter().flatten().flatten();
        groups.extend(below.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    assert!(bounds.iter().any(|bound| bound.trim() == "7"), "{bounds:?}");

    let problem = api
        .call("busy?export=spin", &json!([]))
        .await
        .expect_problem(504, "call-timeout");
    assert_eq!(problem["limit"], 300, "{problem}");
}

#[tokio::test]
async fn the_bounds_of_a_profile_reach_processes() {
    bounds_of_a_profile_reach_its_workers("process").await;
}

#[tokio::test]
async fn the_bounds_of_a_profile_reach_containers() {
    bounds_of_a_profile_reach_its_workers("container").await;
}
