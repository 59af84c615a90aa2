//! What the pages show in a terminal is what happens there.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use weft_tests::Server;
use weft_tests::session::{perform, steps};
use weft_tests::shell::Shell;

/// Example functions, those that others call first.
const EXAMPLES: [&str; 11] = [
    "pricing",
    "checkout",
    "counter",
    "csv-stats",
    "fetch",
    "hello-http",
    "image-resize",
    "jq",
    "markdown",
    "template",
    "wordcount",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A server as `cargo xtask up` leaves it, and a directory that looks like the repository from inside.
async fn up() -> (Server, TempDir) {
    let server = Server::start().await;
    let shell = Shell::at(&server.api.base);
    for name in EXAMPLES {
        let settings = root().join(format!("functions/{name}/function.toml"));
        let code = weft_tests::guests::path(&format!("{name}.wasm"));
        shell
            .ok(&["deploy", "--settings", &settings.to_string_lossy(), &code])
            .await;
    }
    for name in ["notify", "order", "thumbnails", "document"] {
        let definition = root().join(format!("functions/workflows/{name}.yaml"));
        shell.ok(&["deploy", &definition.to_string_lossy()]).await;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("target")).unwrap();
    symlink(
        root().canonicalize().unwrap().join("target/functions"),
        directory.path().join("target/functions"),
    )
    .unwrap();
    (server, directory)
}

fn check(page: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{page}:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_front_door_shows_what_happens() {
    let (server, directory) = up().await;
    let page = include_str!("../../README.md");
    let steps = steps(page);
    assert!(steps.len() >= 8, "{steps:?}");
    let wrong = perform(&steps, &server.api, directory.path(), &[], |command| {
        match command.split(' ').next()? {
            // Done already.
            "cargo" | "alias" => None,
            _ if command.starts_with("weft call bomb") => {
                Some("weft deploy target/functions/fixtures/bomb.wasm >&2")
            }
            _ => Some(""),
        }
    })
    .await;
    check("README.md", &wrong);
}

#[tokio::test]
async fn the_pages_commands_do_what_they_say() {
    for (name, page) in [
        ("docs/quickstart.md", include_str!("../../docs/quickstart.md")),
        ("docs/functions.md", include_str!("../../docs/functions.md")),
        ("docs/types.md", include_str!("../../docs/types.md")),
        ("docs/workflows.md", include_str!("../../docs/workflows.md")),
    ] {
        let (server, directory) = up().await;
        let builds = concat!(env!("CARGO_TARGET_TMPDIR"), "/greeter");
        fs::create_dir_all(builds).unwrap();
        let root = directory.path().to_string_lossy().into_owned();
        let variables = [("BUILDS", builds), ("ROOT", &root), ("CARGO_NET_OFFLINE", "true")];
        let wrong = perform(&steps(page), &server.api, directory.path(), &variables, prepare).await;
        check(name, &wrong);
    }
}

/// From the page's text alone: the files it shows are written, the commands it shows are run. What they install was fetched
/// before by `cargo xtask functions`, so that no network is asked.
#[tokio::test]
async fn functions_in_other_languages_come_from_their_page_alone() {
    let page = include_str!("../../docs/languages.md");
    let server = Server::start().await;
    let tools = root().canonicalize().unwrap().join("target/tools");
    let path = |below: &str| tools.join(below).to_string_lossy().into_owned();
    let (cache, wheels) = (path("npm"), path("wheels"));
    let lock = root()
        .canonicalize()
        .unwrap()
        .join("functions/javascript/redact/package-lock.json");
    let variables = [
        ("npm_config_offline", "true"),
        ("npm_config_cache", &cache),
        ("PIP_NO_INDEX", "true"),
        ("PIP_FIND_LINKS", &wheels),
        ("LOCK", &lock.to_string_lossy()),
    ];
    for (heading, folder, shown) in [
        ("## JavaScript", "javascript/redact", 3),
        ("## Python", "python/trend", 2),
    ] {
        let section = page.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let name = folder.split('/').next_back().unwrap();
        let files = files(section);
        assert_eq!(files.len(), shown, "{files:?}");
        for (file, text) in files {
            let example = fs::read_to_string(root().join("functions").join(folder).join(file)).unwrap();
            assert_eq!(text, example, "{file} is not that of functions/{folder}");
            let path = directory.path().join(name).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let wrong = perform(
            &steps(section),
            &server.api,
            directory.path(),
            &variables,
            |command| {
                Some(match command {
                    // The versions of what the packages need in turn.
                    "npm install" => "cp \"$LOCK\" .",
                    _ => "",
                })
            },
        )
        .await;
        check(heading, &wrong);
    }
}

/// The files that a page shows: a line with the name of each, then its text.
fn files(page: &str) -> Vec<(&str, &str)> {
    let parts: Vec<_> = page.split("```").collect();
    let blocks = parts.chunks_exact(2);
    blocks
        .filter_map(|pair| {
            let last = pair[0].trim_end().lines().last()?;
            let name = last.strip_prefix('`')?.strip_suffix("`:")?;
            Some((name, pair[1].split_once('\n')?.1))
        })
        .collect()
}

#[tokio::test]
async fn the_first_definition_of_the_page_is_one_that_runs() {
    let (server, directory) = up().await;
    let page = include_str!("../../docs/workflows.md");
    let text = page
        .split("```yaml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    std::fs::write(directory.path().join("first.yaml"), text).unwrap();
    let shell = Shell::at(&server.api.base);
    let path = directory.path().join("first.yaml");
    shell
        .ok(&["deploy", &path.to_string_lossy(), "--name", "first"])
        .await;
    let items = r#"[{"id": 1, "name": "pen", "qty": 3, "price": 50, "tags": []}]"#;
    let result = shell
        .json(&[
            "call",
            "first",
            "id=A-1",
            "customer=Ada",
            &format!("items={items}"),
        ])
        .await;
    assert_eq!(
        result,
        serde_json::json!({"total": 150.0, "labels": ["<p>pen</p>\n"], "note": "<p>Ada</p>\n"})
    );
}

#[test]
fn every_code_of_a_wrong_definition_is_listed() {
    let page = include_str!("../../docs/workflows.md");
    let told = include_str!("bad_definitions.txt").lines();
    let codes: std::collections::BTreeSet<_> = told
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert!(codes.len() > 30, "{codes:?}");
    let missing: Vec<_> = codes
        .iter()
        .filter(|code| !page.contains(&format!("`{code}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/workflows.md does not say what these mean: {missing:?}"
    );
}

/// What the pages take for granted.
fn prepare(command: &str) -> Option<&'static str> {
    Some(match command {
        // Builds go where later runs find them.
        "weft deploy" => "ln -s \"$BUILDS\" target",
        _ if command.starts_with("curl -T greeter.wasm") => "cp target/wasm32-wasip2/release/greeter.wasm .",
        _ if command.contains("arguments.json") => {
            r#"echo '{"csv": "a", "options": {"header": true}}' > arguments.json"#
        }
        _ if command.contains("photo.jpg") => {
            "base64 -d > photo.jpg <<< iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
        }
        _ if command.starts_with("weft deploy target/functions") => "cd \"$ROOT\"",
        // A moment later than it was started.
        "weft show $run" => "until weft show $run | grep -q awaits; do :; done",
        // Done already.
        _ if command.starts_with("cargo xtask up") || command.starts_with("alias") => return None,
        // Goes on for ever.
        _ if command.contains("--follow") => return None,
        _ => "",
    })
}

/// A row behind an empty line belongs to no table, and is shown as it is written.
#[test]
fn no_table_is_cut_in_two() {
    let mut pages = 0;
    for page in fs::read_dir(root().join("docs")).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let cut: Vec<_> = lines
            .windows(3)
            .filter(|lines| {
                let [before, row, after] = lines else { return false };
                before.is_empty() && row.starts_with("| ") && !after.starts_with("|--")
            })
            .map(|lines| lines[1].to_owned())
            .collect();
        check(&page.display().to_string(), &cut);
        pages += 1;
    }
    assert!(pages > 10, "{pages}");
}

/// A promise is worth as much as the test that is named with it.
#[test]
fn every_promise_names_tests_that_there_are() {
    let page = include_str!("../../docs/security.md");
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let mut wrong = Vec::new();
    for row in rows {
        let tests = row
            .trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .unwrap_or_default();
        let quoted: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        for named in quoted.chunks(2) {
            let [file, function] = named else {
                wrong.push(format!("no test: {row}"));
                continue;
            };
            let text = fs::read_to_string(root().join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {function}(")) {
                wrong.push(format!("{file} has no `{function}`"));
            }
        }
        if quoted.is_empty() {
            wrong.push(format!("no test: {row}"));
        }
    }
    check("docs/security.md", &wrong);
}
