//! What servers are deployed with.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

const UNIT: &str = include_str!("../../deploy/weft.service");
const PROGRAM: &str = "/usr/local/bin/weft";

/// What systemd makes of a unit, in words; nothing where all is well.
fn complaints(unit: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("weft.service");
    // It looks for the program, which is not installed here.
    let unit = unit.replace(PROGRAM, env!("CARGO"));
    fs::write(&file, unit).unwrap();
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&file)
        .output()
        .expect("systemd-analyze is installed: `cargo xtask test` installs it where it is missing");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || !told.is_empty(), "{output:?}");
    // What else is on the machine is not ours.
    let ours = told.lines().filter(|line| line.contains("weft"));
    ours.map(|line| format!("{line}\n")).collect()
}

#[test]
fn systemd_takes_the_unit() {
    assert!(UNIT.contains(&format!("ExecStart={PROGRAM} serve\n")));
    assert_eq!(complaints(UNIT), "");
    let wrong = UNIT.replace("ProtectSystem=strict", "ProtectSystem=stirct");
    assert!(complaints(&wrong).contains("stirct"));
}

#[test]
fn the_unit_waits_longer_than_the_server_lets_calls_end() {
    let page = include_str!("../../docs/configuration.md");
    let row = page
        .lines()
        .find(|line| line.starts_with("| `serve.drain`"))
        .unwrap();
    assert!(row.contains("`\"30s\"`"), "{row}");
    assert!(UNIT.contains("TimeoutStopSec=45s"));
}

#[test]
fn the_page_names_files_that_there_are() {
    let page = include_str!("../../docs/deploying.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let path = link.split('#').next().unwrap();
        assert!(path.is_empty() || root.join("docs").join(path).exists(), "{link}");
    }
}
