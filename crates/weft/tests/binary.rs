//! The binary itself, as built for every other test: its being here makes `cargo test` build it.

use std::process::Command;

#[test]
fn the_binary_tells_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_weft"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.trim(), concat!("weft ", env!("CARGO_PKG_VERSION")));
}
