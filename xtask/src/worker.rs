//! Building the worker, the program that executes functions in processes of their own.

use anyhow::Result;

use crate::{process, repository};

/// Static, and with randomness from the system call: looking for a function that asks for it finds nothing in a static program.
const FLAGS: &str =
    r#"["-C", "target-feature=+crt-static", "--cfg", "getrandom_backend=\"linux_getrandom\""]"#;

/// Builds it and puts it beside the server's program, where that looks for it.
///
/// It is linked statically, as it starts often and then has no files, and built alone, as together with the server it would get
/// what only a server needs.
pub fn build(release: bool) -> Result<()> {
    linked("weft-worker", "weft-worker", release)
}

/// Builds the one that breaks the rules, which tests have a server start in its place: in the same way, as it shall start in
/// containers as well.
pub fn hostile() -> Result<()> {
    linked("weft-hostile-worker", "hostile-worker", false)
}

fn linked(package: &str, program: &str, release: bool) -> Result<()> {
    let target = process::host()?;
    let linked = format!("target.{target}.rustflags={FLAGS}");
    let mut build = process::cargo(&[
        "build",
        &format!("--package={package}"),
        "--target",
        &target,
        "--config",
        &linked,
    ]);
    process::run(build.args(release.then_some("--release")))?;
    let profile = if release { "release" } else { "debug" };
    let built = repository::target().join(&target).join(profile).join(program);
    repository::put(&built, &repository::target().join(profile))
}
