//! Functions in processes and containers of their own: they answer as in the server's own process, and what becomes of a worker
//! becomes of nobody else.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::load::Load;
use weft_tests::peer::Peer;
use weft_tests::{Answer, Api, Server, eventually, example, fixture, workers};

/// All answer as the first does.
pub(crate) const PROFILES: [&str; 3] = ["sandbox", "process", "container"];

/// Has a test for each level that has workers.
macro_rules! at_each_level {
    ($($behaviour:ident,)+) => {
        $(mod $behaviour {
            #[tokio::test]
            async fn in_processes() {
                super::$behaviour("process").await;
            }

            #[tokio::test]
            async fn in_containers() {
                super::$behaviour("container").await;
            }
        })+
    };
}

at_each_level! {
    effect_free_calls_survive_their_worker,
    of_calls_with_effects_the_outcome_is_unknown,
    nothing_is_left_of_workers_whose_server_is_gone,
    a_pool_without_calls_has_no_worker,
}

/// Deploys code under a name for each level.
pub(crate) async fn deploy(api: &Api, function: &str, code: &[u8], settings: &Value) {
    for profile in PROFILES {
        let mut settings = settings.clone();
        settings["profile"] = json!(profile);
        let name = format!("{function}-{profile}");
        let deployed = api.deploy_with(&name, code.to_vec(), settings).await;
        assert_eq!(deployed["activated"], true, "{deployed}");
    }
}

/// What of an answer does not differ from call to call.
fn essence(answer: &Answer) -> (u16, String) {
    let body = match answer.problem().as_str() {
        "" => answer.text(),
        // It tells how long was left when it began.
        "call-timeout" => "call-timeout".to_owned(),
        problem => format!("{problem}: {}", answer.json()["detail"]),
    };
    (answer.status.as_u16(), body)
}

/// Calls all of them and compares what they answer.
async fn compare(api: &Api, function: &str, export: &str, arguments: &Value) {
    let mut answers = Vec::new();
    for profile in PROFILES {
        let target = format!("{function}-{profile}?{export}");
        answers.push(essence(&api.call(&target, arguments).await));
    }
    for (profile, answer) in PROFILES.into_iter().zip(&answers) {
        let same = answer.1.replace(&format!("-{profile}"), "-sandbox");
        let first = &answers[0];
        assert_eq!(
            (first.0, &first.1),
            (answer.0, &same),
            "{function}?{export} {arguments} in {profile}"
        );
    }
}

fn order(items: &Value) -> Value {
    json!({"order": {"id": "A-1", "customer": "Ada", "express": true, "items": items}})
}

/// Exports and arguments.
type Calls = Vec<(&'static str, Value)>;

/// Names, code, settings and calls.
fn calls() -> Vec<(&'static str, Vec<u8>, Value, Calls)> {
    let pen = json!([{"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": []}]);
    let tight =
        json!({"limits": {"timeout-ms": 20_000, "memory-bytes": 16 << 20, "output-bytes": 1_000_000}});
    let short = json!({"limits": {"timeout-ms": 300}});
    vec![
        (
            "pricing",
            example("pricing"),
            json!({}),
            vec![
                ("", order(&pen)),
                ("", order(&json!([]))),
                ("", json!({"order": 7})),
            ],
        ),
        (
            "markdown",
            example("markdown"),
            json!({}),
            vec![("", json!(["# Hello *you*"]))],
        ),
        (
            "image-resize",
            example("image-resize"),
            json!({}),
            vec![(
                "",
                json!({"image": "bm8gcGljdHVyZQ==", "options": {"width": 1, "height": 1, "fit": "contain"}}),
            )],
        ),
        (
            "trap",
            fixture("trap"),
            tight.clone(),
            vec![
                ("export=unreachable", json!([])),
                ("export=panic", json!(["oh no"])),
                ("export=out-of-bounds", json!([])),
            ],
        ),
        (
            "deep",
            fixture("deep"),
            tight.clone(),
            vec![("export=overflow", json!([]))],
        ),
        (
            "bomb",
            fixture("bomb"),
            tight.clone(),
            vec![("export=fill", json!([]))],
        ),
        ("exit", fixture("exit"), tight.clone(), vec![("", json!([3]))]),
        (
            "huge-output",
            fixture("huge-output"),
            tight,
            vec![
                ("export=bytes", json!([2_000_000])),
                ("export=bytes", json!([900_000])),
            ],
        ),
        ("spin", fixture("spin"), short, vec![("export=spin", json!([]))]),
    ]
}

#[tokio::test]
async fn a_function_answers_as_in_the_sandbox() {
    let server = Server::start().await;
    let api = &server.api;
    for (function, code, settings, calls) in calls() {
        deploy(api, function, &code, &settings).await;
        for (export, arguments) in calls {
            compare(api, function, export, &arguments).await;
        }
    }
    assert!(!workers::of(&server).is_empty(), "no process executed anything");
}

#[tokio::test]
async fn http_functions_and_commands_answer_as_in_the_sandbox() {
    let server = Server::start().await;
    let api = &server.api;
    deploy(api, "hello", &example("hello-http"), &json!({})).await;
    deploy(api, "stream", &fixture("http-stream"), &json!({})).await;
    deploy(api, "trap", &fixture("http-trap"), &json!({})).await;
    deploy(api, "wordcount", &example("wordcount"), &json!({})).await;
    let large = vec![b'x'; 1 << 20];
    let requests = [
        (Method::GET, "hello", "/?name=Ada", Vec::new()),
        (Method::GET, "stream", "/drip?count=4&ms=5", Vec::new()),
        (Method::POST, "stream", "/echo", b"a body".to_vec()),
        (Method::POST, "stream", "/echo", large),
        (Method::GET, "trap", "/", Vec::new()),
    ];
    for (method, function, path, body) in requests {
        let mut answers = Vec::new();
        for profile in PROFILES {
            let request = api.function(method.clone(), &format!("{function}-{profile}{path}"));
            let answer = send(request.body(body.clone())).await;
            answers.push((essence(&answer), answer.header("content-type").to_owned()));
        }
        for (profile, answer) in PROFILES.into_iter().zip(&answers) {
            let first = &answers[0];
            assert!(
                first == answer,
                "{function}{path}: {:.300}, in {profile} {:.300}",
                first.0.1,
                answer.0.1
            );
        }
    }
    for profile in PROFILES {
        let calling = api.calling(&format!("wordcount-{profile}"));
        let calling = calling
            .header("content-type", "application/octet-stream")
            .header("accept", "application/octet-stream");
        let answer = send(calling.body("one two three")).await;
        assert!(answer.text().contains('3'), "{profile}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_is_granted_is_reached_through_the_server() {
    let server = Server::start().await;
    let api = &server.api;
    let peer = Peer::start().await;
    let granted = format!("127.0.0.1:{}", peer.port);
    api.deploy_with("pricing", example("pricing"), json!({"profile": "process"}))
        .await;
    deploy(
        api,
        "checkout",
        &example("checkout"),
        &json!({"grants": {"call": ["pricing"]}}),
    )
    .await;
    let pen = json!([{"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": []}]);
    compare(api, "checkout", "", &order(&pen)).await;
    compare(api, "checkout", "", &order(&json!([]))).await;

    let grants = json!({"grants": {"http": [granted], "private-network": true}});
    deploy(api, "fetch", &example("fetch"), &grants).await;
    let urls = [
        format!("http://{granted}/"),
        "http://127.0.0.1:1/".to_owned(),
        "no address".to_owned(),
    ];
    for profile in PROFILES {
        let arguments = json!({"urls": urls, "timeout-ms": 3000});
        let reports = api.call(&format!("fetch-{profile}"), &arguments).await.ok();
        assert_eq!(reports[0]["outcome"], json!({"ok": 200}), "{profile}: {reports}");
        assert!(reports[1]["outcome"]["err"].is_string(), "{profile}: {reports}");
        let lines = api
            .about(&format!("fetch-{profile}"), "/logs?limit=100")
            .await
            .to_string();
        assert!(lines.contains("the host is not granted"), "{profile}: {lines}");
    }
    assert_eq!(peer.connections(), PROFILES.len());

    deploy(
        api,
        "counter",
        &example("counter"),
        &json!({"grants": {"keyvalue": ["default"]}}),
    )
    .await;
    // The store is the project's: whoever adds, the other sees it.
    for (turn, profile) in PROFILES.into_iter().cycle().take(2 * PROFILES.len()).enumerate() {
        let sum = api
            .call(
                &format!("counter-{profile}?export=add"),
                &json!({"name": "n", "by": 1}),
            )
            .await;
        assert_eq!(sum.ok(), json!(turn + 1), "{profile}");
    }
    compare(api, "counter", "export=get", &json!(["n"])).await;
    compare(api, "counter", "export=get", &json!(["m"])).await;
}

#[tokio::test]
async fn lines_are_kept_of_workers_as_well() {
    let server = Server::start().await;
    let api = &server.api;
    deploy(api, "flood", &fixture("log-flood"), &json!({})).await;
    let mut pages = Vec::new();
    for profile in PROFILES {
        let function = format!("flood-{profile}");
        let answer = api
            .call(&format!("{function}?export=flood"), &json!([5000, 20]))
            .await;
        assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
        let page = api.about(&function, "/logs?limit=1000").await;
        let texts: Vec<Value> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["text"].clone())
            .collect();
        pages.push(texts);
    }
    assert!(!pages[0].is_empty());
    for (profile, page) in PROFILES.into_iter().zip(&pages) {
        assert_eq!(pages[0], *page, "{profile}");
    }
}

/// A profile with one worker, which has one slot.
const ONE: &str = "level = \"process\"\nslots = 1\nconcurrency = 8\n[scaling]\nmin = 1\nmax = 1\n";

#[tokio::test]
async fn a_call_that_nobody_waits_for_has_its_slot_until_its_worker_has_ended_it() {
    let server = Server::builder()
        .arguments(["--worker-grace", "120s"])
        .start()
        .await;
    let api = &server.api;
    let request = api.request(Method::PUT, "/v1/profiles/one");
    send(request.header("content-type", "application/toml").body(ONE))
        .await
        .ok();
    api.deploy_with("spin", fixture("spin"), json!({"profile": "one"}))
        .await;
    assert_eq!(api.call("spin?export=rounds", &json!([1])).await.status, 200);
    let call = |target: &str, arguments: Value| {
        let (api, target) = (api.clone(), target.to_owned());
        tokio::spawn(async move { api.call(&target, &arguments).await })
    };
    let first = call("spin?export=spin", json!([]));
    eventually("the call executes", || async {
        api.executing("spin").await >= 1.0
    })
    .await;
    let all = workers::of(&server);
    workers::stop(&all);
    first.abort();
    eventually("the call is cancelled", || async {
        api.metric("faas_errors_total", &["spin", "cancelled"]).await >= 1.0
    })
    .await;
    // The worker has ended nothing: there is no slot for another.
    let refused = api.call("spin?export=rounds&timeout=300ms", &json!([1])).await;
    assert_eq!(busy(api).await, 1, "{}", refused.text());
    assert!(matches!(refused.status.as_u16(), 503 | 504), "{}", refused.text());
    workers::go_on(&all);
    eventually("the slot is free", || async { busy(api).await == 0 }).await;
    assert_eq!(api.call("spin?export=rounds", &json!([1])).await.status, 200);
}

/// How many workers have calls.
async fn busy(api: &Api) -> u64 {
    let pools = api.get("/v1/pools?function=spin").await.ok();
    pools["items"][0]["instances"]["busy"].as_u64().unwrap()
}

/// Who was called in one worker is called in another: nobody can tell that the call was made twice.
async fn effect_free_calls_survive_their_worker(level: &str) {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy_with("arith", fixture("arith"), json!({"profile": level}))
        .await;
    let load = Load::start(api, 8, "arith", &json!([20, 22]));
    for _ in 0..10 {
        eventually("a worker serves", || async { !workers::of(&server).is_empty() }).await;
        workers::kill(&workers::of(&server));
        // Another serves by then.
        for number in 0..20 {
            assert_eq!(
                api.call("arith", &json!([number, 1])).await.ok(),
                json!(number + 1)
            );
        }
    }
    let answers = load.stop().await;
    assert!(!answers.is_empty());
    for answer in answers {
        assert_eq!(answer.ok(), json!(42));
    }
}

async fn of_calls_with_effects_the_outcome_is_unknown(level: &str) {
    let server = Server::start().await;
    let api = &server.api;
    let settings = json!({
        "profile": level, "grants": {"keyvalue": ["default"]}, "limits": {"timeout-ms": 60_000, "cpu-time-ms": 60_000},
    });
    api.deploy_with("spin", fixture("spin"), settings).await;
    let call = tokio::spawn({
        let api = api.clone();
        async move { api.call("spin?export=spin", &json!([])).await }
    });
    eventually("it executes in a worker", || async {
        api.executing("spin").await > 0.0 && workers::of(&server).len() > 1
    })
    .await;
    // Until the call is lost: at first the worker may still be starting, and then another is started.
    while !call.is_finished() {
        workers::kill(&workers::of(&server));
        tokio::task::yield_now().await;
    }
    let answer = call.await.unwrap();
    match answer.problem().as_str() {
        "outcome-unknown" => {
            let problem = answer.expect_problem(502, "outcome-unknown");
            assert!(problem["detail"].to_string().contains("SIGKILL"), "{problem}");
            assert!(!answer.header("weft-invocation").is_empty());
        }
        // Killed again and again before it could begin.
        _ => {
            answer.expect_problem(503, "start-failed");
        }
    }
}

async fn nothing_is_left_of_workers_whose_server_is_gone(level: &str) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    let settings = json!({"profile": level});
    server.api.deploy_with("arith", fixture("arith"), settings).await;
    assert_eq!(server.api.call("arith", &json!([1, 2])).await.ok(), json!(3));
    let (pid, left) = (server.pid(), workers::of(&server));
    assert!(!left.is_empty());
    assert!(!workers::groups(pid).is_empty());
    assert_eq!(workers::bundles(pid).is_empty(), level == "process");
    server.kill().await;
    eventually("its workers end with it", || async {
        !left.iter().any(|worker| workers::alive(*worker))
    })
    .await;

    let server = Server::builder().data(data.path()).start().await;
    eventually("what was made for them is swept", || async {
        workers::groups(pid).is_empty() && workers::bundles(pid).is_empty()
    })
    .await;
    assert_eq!(server.api.call("arith", &json!([1, 2])).await.ok(), json!(3));
    let (pid, left) = (server.pid(), workers::of(&server));
    assert!(server.stop().await.success());
    assert!(
        !left.iter().any(|worker| workers::alive(*worker)),
        "a worker outlives its server"
    );
    assert!(workers::groups(pid).is_empty(), "{:?}", workers::groups(pid));
    assert!(workers::bundles(pid).is_empty(), "{:?}", workers::bundles(pid));
}

async fn a_pool_without_calls_has_no_worker(level: &str) {
    let profiles = tempfile::tempdir().unwrap();
    let profile = "slots = 1\n[scaling]\ninitial = 2\ngrace-ms = 1000\ninterval-ms = 100\nstable-ms = 1000\npanic-ms = 1000\n";
    let profile = format!("level = \"{level}\"\n{profile}");
    std::fs::write(profiles.path().join("brief.toml"), profile).unwrap();
    let directory = profiles.path().to_string_lossy().into_owned();
    let server = Server::builder()
        .arguments(["--profiles", &directory])
        .start()
        .await;
    server
        .api
        .deploy_with("arith", fixture("arith"), json!({"profile": "brief"}))
        .await;
    eventually("it begins with some", || async {
        workers::of(&server).len() >= 4
    })
    .await;
    assert_eq!(server.api.call("arith", &json!([1, 2])).await.ok(), json!(3));
    eventually("none is left", || async { workers::of(&server).is_empty() }).await;
    assert_eq!(server.api.call("arith", &json!([1, 2])).await.ok(), json!(3));
}
