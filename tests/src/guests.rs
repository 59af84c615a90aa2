//! The guests that tests deploy, built by `cargo xtask functions`.

use std::path::{Path, PathBuf};

/// The code of an example function.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn example(name: &str) -> Vec<u8> {
    read(&functions().join(format!("{name}.wasm")))
}

/// The code of a fixture: a guest that does one thing, often badly.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn fixture(name: &str) -> Vec<u8> {
    read(&functions().join(format!("fixtures/{name}.wasm")))
}

/// Where the code of a guest is, such as `pricing.wasm` or `fixtures/echo.wasm`.
#[must_use]
pub fn path(below: &str) -> String {
    functions().join(below).to_string_lossy().into_owned()
}

fn functions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/functions")
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask functions` first", path.display()))
}
