//! The command, against a running server.

use serde_json::{Value, json};
use weft_tests::guests::path as guest;
use weft_tests::shell::Shell;
use weft_tests::wait::within;
use weft_tests::{Server, fixture};

#[tokio::test]
async fn functions_are_deployed_called_and_deleted() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    let deployed = shell
        .ok(&["deploy", &guest("fixtures/arith.wasm"), "--label", "team=a"])
        .await;
    assert!(
        deployed.starts_with("arith version 1: deployed\n  add(a: u32, b: u32) -> u32"),
        "{deployed}"
    );
    assert_eq!(shell.ok(&["call", "arith", "a=20", "b=22"]).await, "42");
    assert_eq!(shell.ok(&["call", "arith@1", "[1, 2]"]).await, "3");
    let again = shell
        .json(&["deploy", &guest("fixtures/arith.wasm"), "--env", "A=1"])
        .await;
    assert_eq!(
        (&again["version"], &again["settings"]["labels"]),
        (&json!(2), &json!({"team": "a"}))
    );
    assert_eq!(
        shell.json(&["functions", "--label", "team=a"]).await[0]["function"],
        "arith"
    );
    assert_eq!(
        shell.json(&["versions", "arith"]).await.as_array().unwrap().len(),
        2
    );
    assert_eq!(shell.json(&["activate", "arith@1"]).await["active"], 1);
    assert_eq!(shell.json(&["activate", "arith", "2"]).await["active"], 2);
    assert_eq!(shell.json(&["activate", "arith", "1"]).await["active"], 1);
    assert!(
        shell
            .ok(&["describe", "arith"])
            .await
            .contains("version 1 answers calls, of 2")
    );
    assert_eq!(shell.ok(&["delete", "arith"]).await, "arith is deleted");
    assert_eq!(shell.fails(&["call", "arith"]).await.0, 4);
}

#[tokio::test]
async fn bytes_go_through_pipes_and_files() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    shell.ok(&["deploy", &guest("wordcount.wasm")]).await;
    let output = shell.run(&["call", "wordcount", "--raw", "-"], b"a b\nc\n").await;
    let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts["words"], 3);
    shell.ok(&["deploy", &guest("fixtures/echo.wasm")]).await;
    std::fs::write(shell.directory.path().join("in"), b"\0\xff\n").unwrap();
    shell
        .ok(&["call", "echo#bytes", "--raw", "-f", "in", "-o", "out"])
        .await;
    assert_eq!(
        std::fs::read(shell.directory.path().join("out")).unwrap(),
        b"\0\xff\n"
    );
}

#[tokio::test]
async fn exit_codes_tell_failures_apart() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    for guest_path in ["fixtures/echo.wasm", "fixtures/trap.wasm"] {
        shell.ok(&["deploy", &guest(guest_path)]).await;
    }
    for (arguments, code, text) in [
        (
            vec!["call", "echo#outcome", r#"{"value": {"err": {"code": 5}}}"#],
            3,
            r#"{"code":5}"#,
        ),
        (vec!["call", "nobody"], 4, "hint: `weft functions` lists"),
        (
            vec!["call", "ehco"],
            4,
            "hint: did you mean `echo`? `weft functions`",
        ),
        (vec!["logs", "tarp"], 4, "hint: did you mean `trap`?"),
        (vec!["call", "echo#nothing@9"], 4, "hint: `weft versions"),
        (
            vec!["call", "echo#numbers", r#"{"value": [1, "x"]}"#],
            6,
            "/value/1",
        ),
        (vec!["call", "trap#unreachable"], 7, "hint: `weft logs"),
        (vec!["call", "Echo"], 2, "is not a name"),
        (vec!["call", "echo#yes", "value"], 2, "neither JSON arguments nor"),
        (vec!["deploy", "missing.wasm"], 2, "does not exist"),
        (
            vec!["--server", "http://127.0.0.1:1", "functions"],
            5,
            "weft serve",
        ),
    ] {
        let (found, error) = shell.fails(&arguments).await;
        assert_eq!(found, code, "{arguments:?}: {error}");
        assert!(error.contains(text), "{arguments:?}: {error}");
    }
    let (_, error) = shell.fails(&["call", "nobody", "--output", "json"]).await;
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(
        (&error["exit"], &error["problem"]["status"]),
        (&json!(4), &json!(404))
    );
}

#[tokio::test]
async fn a_deploy_tells_which_version_answers_and_what_is_not_there() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    let arith = guest("fixtures/arith.wasm");
    shell.ok(&["deploy", &arith]).await;
    let again = shell.ok(&["deploy", &arith]).await;
    assert!(
        again.starts_with("arith version 1: was there already, answers calls\n"),
        "{again}"
    );
    let newer = [
        "deploy",
        &arith,
        "--env",
        "A=1",
        "--grant-call",
        "arihtmetic",
        "--grant-call",
        "arith",
    ];
    let deployed = shell.run(&newer, b"").await;
    let told = String::from_utf8(deployed.stderr).unwrap();
    assert_eq!(
        told.trim(),
        "warning: `arihtmetic` may be called, and there is no such function yet"
    );
    std::fs::write(shell.directory.path().join("none.toml"), "").unwrap();
    let back = shell.ok(&["deploy", &arith, "--settings", "none.toml"]).await;
    let expected = "arith version 1: was there already with this code and these settings; answers calls instead of version 2\n";
    assert!(back.starts_with(expected), "{back}");
    let settings = [
        "deploy",
        &arith,
        "--settings",
        "none.toml",
        "--grant-call",
        "arit",
    ];
    let deployed = shell.run(&settings, b"").await;
    let told = String::from_utf8(deployed.stderr).unwrap();
    assert!(
        told.contains("no such function yet; did you mean `arith`?"),
        "{told}"
    );
    assert!(deployed.status.success());
    let deployed = shell.json(&["deploy", &arith, "--settings", "none.toml"]).await;
    assert_eq!(
        (&deployed["version"], &deployed["replaced"]),
        (&json!(1), &json!(3))
    );
}

#[tokio::test]
async fn a_function_is_described_with_its_grants_and_limits() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    let settings =
        "[grants]\nhttp = [\"api.example.com\"]\nkeyvalue = [\"default\"]\n[limits]\ntimeout-ms = 5000\n";
    std::fs::write(shell.directory.path().join("some.toml"), settings).unwrap();
    shell
        .ok(&["deploy", &guest("fixtures/arith.wasm"), "--settings", "some.toml"])
        .await;
    let described = shell.ok(&["describe", "arith"]).await;
    for line in [
        "  granted  HTTP to api.example.com\n",
        "  granted  key-value stores: default\n",
        "  limits   timeout 5s, cpu-time 10s, memory 256MiB, input 16MiB, output 16MiB, concurrency 512, reuse 1\n",
    ] {
        assert!(described.contains(line), "{described}");
    }
    shell.ok(&["deploy", &guest("fixtures/echo.wasm")]).await;
    let described = shell.ok(&["describe", "echo@1"]).await;
    assert!(described.contains("\n  granted  nothing\n"), "{described}");
    assert!(described.contains("\n  limits   timeout 30s, "), "{described}");
}

#[tokio::test]
async fn logs_are_shown() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    shell.ok(&["deploy", &guest("fixtures/log-flood.wasm")]).await;
    shell
        .ok(&["call", "log-flood#flood", "lines=4", "length=20"])
        .await;
    let all = shell.ok(&["logs", "log-flood"]).await;
    let all: Vec<_> = all.lines().collect();
    assert_eq!(all.len(), 4);
    for (arguments, expected) in [
        (&["--tail", "1"][..], &all[3..]),
        (&["-n", "9"], &all),
        (&["--tail", "0"], &[]),
        (&["--since", "1h", "--tail", "3"], &all[1..]),
        (&["--since", "2100-01-01T00:00:00Z"], &[]),
        (&["--filter", "nothing", "--tail", "2"], &[]),
    ] {
        let told = shell.ok(&[&["logs", "log-flood"], arguments].concat()).await;
        assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{arguments:?}");
    }
    let (code, error) = shell.fails(&["logs", "log-flood", "--since", "yesterday"]).await;
    assert!(code == 2 && error.contains("neither a time"), "{error}");
    let json = shell.ok(&["logs", "log-flood", "--output", "json"]).await;
    assert!(
        json.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{json}"
    );
}

#[tokio::test]
async fn logs_are_followed_as_they_are_written() {
    let server = Server::start().await;
    let api = &server.api;
    let shell = Shell::at(&api.base);
    api.deploy("flood", fixture("log-flood")).await;
    api.call("flood?export=flood", &json!([1, 20])).await;
    api.call("flood?export=flood", &json!([1, 20])).await;
    let mut following = shell.start(&["logs", "-f", "--tail", "1", "flood"]);
    // The last line that is kept first, then those that come.
    within("the kept line", following.line()).await.unwrap();
    api.call("flood?export=flood", &json!([2, 20])).await;
    for _ in 0..2 {
        let line = within("a new line", following.line()).await.unwrap();
        assert!(line.contains('T') && line.contains('Z'), "{line}");
    }
    // The server's end is the end of what can be followed, and told.
    let stopped = server.stop().await;
    assert!(stopped.success());
    assert_eq!(within("the end", following.line()).await, None);
    assert_eq!(within("its end", following.ended()).await.code(), Some(5));
    let told = following.told();
    assert!(told.contains("the server goes away"), "{told}");
}

#[tokio::test]
async fn the_machine_is_examined() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    let data = shell.directory.path().to_string_lossy().into_owned();
    let checks = shell.json(&["doctor", "--data", &data]).await;
    let names: Vec<_> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|check| check["name"].as_str())
        .collect();
    for name in [
        "kernel",
        "pagemap_scan",
        "landlock",
        "seccomp",
        "cgroups",
        "max_map_count",
        "open_files",
        "cores",
        "data",
        "server",
        "server processes",
        "server containers",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let found = |name: &str| {
        let checks = checks.as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        (
            check["state"].clone(),
            check["detail"].as_str().unwrap().to_owned(),
        )
    };
    let (state, detail) = found("server");
    assert_eq!(state, "works", "{detail}");
    assert!(detail.starts_with(&server.api.base), "{detail}");
    assert!(found("data").1.starts_with(&data), "{checks}");
    // What the server says is what it tells everybody.
    let host = server.api.get("/v1/host").await.ok();
    for (name, level) in [
        ("server processes", "process"),
        ("server containers", "container"),
    ] {
        assert_eq!(found(name).0, host["levels"][level]["state"], "{checks}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_asked_for_its_levels() {
    let shell = Shell::at("http://127.0.0.1:1");
    let data = shell.directory.path().to_string_lossy().into_owned();
    let checks = shell.json(&["doctor", "--data", &data]).await;
    let of_server = checks.as_array().unwrap().iter().filter(|check| {
        let name = check["name"].as_str().unwrap();
        name.starts_with("server")
    });
    let of_server: Vec<_> = of_server.collect();
    assert_eq!(of_server.len(), 1, "{checks}");
    assert_eq!(of_server[0]["state"], "unavailable");
}

#[tokio::test]
async fn shells_get_completions() {
    let shell = Shell::at("http://127.0.0.1:1");
    for name in ["bash", "zsh", "fish"] {
        assert!(
            shell.ok(&["completions", name]).await.contains("deploy"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_project_is_started_once() {
    let shell = Shell::at("http://127.0.0.1:1");
    for (name, template, file) in [
        ("a", "component", "wit/world.wit"),
        ("b-c", "http", "src/lib.rs"),
        ("d", "command", "src/main.rs"),
    ] {
        shell.ok(&["new", name, "--template", template]).await;
        assert!(shell.directory.path().join(name).join(file).is_file());
        assert_eq!(shell.fails(&["new", name]).await.0, 1);
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_with_its_place() {
    let shell = Shell::at("http://127.0.0.1:1");
    std::fs::write(shell.directory.path().join("weft.toml"), "[serve]\nport = 80\n").unwrap();
    let (code, error) = shell.fails(&["serve"]).await;
    assert_eq!(code, 2, "{error}");
    assert!(
        error.contains("line 2") && error.contains("unknown field `port`"),
        "{error}"
    );
}

/// Flag, variable, file, default: the first that says something is heard.
#[tokio::test]
async fn settings_have_one_precedence() {
    let shell = Shell::at("http://127.0.0.1:2");
    let file = shell.directory.path().join("weft.toml");
    std::fs::write(
        &file,
        "[client]\nserver = 'http://127.0.0.1:3'\noutput = 'json'\n",
    )
    .unwrap();
    let flag = shell
        .fails(&["--server", "http://127.0.0.1:1", "functions"])
        .await
        .1;
    assert!(flag.contains("127.0.0.1:1"), "{flag}");
    let variable = shell.fails(&["functions"]).await.1;
    assert!(variable.contains("127.0.0.1:2"), "{variable}");
    let unset = Shell::without_server(shell.directory);
    let (code, error) = unset.fails(&["functions"]).await;
    let error: Value = serde_json::from_str(&error).expect("the file asks for JSON, of errors too");
    assert_eq!((code, &error["exit"]), (5, &json!(5)));
    assert!(
        error["error"].as_str().unwrap().contains("127.0.0.1:3"),
        "{error}"
    );
    std::fs::remove_file(file).unwrap();
    let help = unset.ok(&["functions", "--help"]).await;
    assert!(help.contains("WEFT_SERVER"), "{help}");
}

#[tokio::test]
async fn values_by_address_are_stored_and_read() {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(shell.directory.path().join("in"), &bytes).unwrap();
    let digest = shell.ok(&["blob", "put", "in"]).await;
    let again = shell.json(&["blob", "put", "in"]).await;
    assert_eq!(again, json!({"digest": digest, "length": bytes.len()}));
    shell.ok(&["blob", "get", &digest, "-o", "out"]).await;
    let read = std::fs::read(shell.directory.path().join("out")).unwrap();
    assert!(read == bytes);
    assert!(shell.run(&["blob", "get", &digest], b"").await.stdout == bytes);
    let missing = format!("blake3:{}", "0".repeat(64));
    let (code, error) = shell.fails(&["blob", "get", &missing, "-o", "none"]).await;
    assert_eq!(code, 4, "{error}");
    assert!(!shell.directory.path().join("none").exists());
}
