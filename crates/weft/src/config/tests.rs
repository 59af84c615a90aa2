use std::path::Path;

use clap::Parser;

use super::{File, ServeLayers};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    layers: ServeLayers,
}

fn flags(arguments: &[&str]) -> ServeLayers {
    let all = std::iter::once("test").chain(arguments.iter().copied());
    Flags::try_parse_from(all).unwrap().layers
}

fn file(text: &str) -> File {
    File::parse(text, Path::new("weft.toml")).unwrap()
}

fn error(text: &str) -> String {
    File::parse(text, Path::new("weft.toml")).unwrap_err().to_string()
}

#[test]
fn every_default_is_a_value_of_its_type() {
    let layers = ServeLayers::default();
    layers.serve.resolve().unwrap();
    layers.access.resolve().unwrap();
    layers.compile.resolve().unwrap();
    layers.limits.resolve().unwrap();
    layers.outbound.resolve().unwrap();
    layers.logs.resolve().unwrap();
    layers.webhooks.resolve().unwrap();
    layers.runs.resolve().unwrap();
    layers.blobs.resolve().unwrap();
    layers.telemetry.resolve().unwrap();
    super::ClientLayer::default().resolve().unwrap();
}

#[test]
fn flags_go_before_the_file_and_the_file_before_defaults() {
    let file = file("[serve]\nlisten = '127.0.0.1:1'\nthreads = 3\n[limits]\nmemory = '1MiB'");
    let layers = flags(&["--listen", "127.0.0.1:2"]).over(file);
    let serve = layers.serve.resolve().unwrap();
    assert_eq!(serve.listen.port(), 2);
    assert_eq!(serve.threads, 3);
    assert_eq!(serve.http_listen.port(), 8081);
    assert_eq!(layers.limits.resolve().unwrap().memory.0, 1 << 20);
}

#[test]
fn lists_and_switches_are_flags_too() {
    let layers = flags(&["--allow-host", "a", "--allow-host", "b", "--access-log", "false"]);
    assert_eq!(layers.serve.allow_host.unwrap(), ["a", "b"]);
    assert_eq!(layers.telemetry.access_log, Some(false));
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_place() {
    let error = error("[serve]\nlisten = '127.0.0.1:1'\nlissten = 3\n");
    assert!(error.contains("weft.toml"), "{error}");
    assert!(error.contains("line 3, column 1"), "{error}");
    assert!(error.contains("unknown field `lissten`"), "{error}");
}

#[test]
fn a_wrong_value_is_an_error_that_names_its_place() {
    for (text, place, what) in [
        ("[serve]\ndrain = 30", "line 2, column 9", "30 has no unit"),
        (
            "[serve]\nlisten = 'here'",
            "line 2, column 10",
            "invalid socket address",
        ),
        ("[limits]\nmemory = 'much'", "line 2, column 10", "is not a size"),
        ("[server]\n", "line 1, column 2", "unknown field `server`"),
        ("serve = 1", "line 1, column 9", "invalid type"),
    ] {
        let error = error(text);
        assert!(error.contains(place) && error.contains(what), "{text}: {error}");
    }
}
