//! Peers, installed by package name below `target/peers` when they are not there yet.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{Server, free_port};
use crate::report::note;

pub(crate) mod restate;
pub(crate) mod workerd;

pub(crate) const WASMTIME: &str = "48.0.8";
/// Requests that an instance answers where they are reused.
pub(crate) const REUSE: u32 = 1000;
const COMPONENTIZE_PY: &str = "0.25.1";

/// `wasmtime serve`, with a fresh instance per request or reusing them.
pub(crate) fn wasmtime_serve(component: &Path, reuse: bool) -> Result<Server> {
    let port = free_port()?;
    let mut command = Command::new(wasmtime()?);
    command.args(["serve", "-S", "cli", "--addr", &format!("127.0.0.1:{port}")]);
    if reuse {
        command.args(["-O", "pooling-allocator", "--max-instance-reuse-count"]);
        command.arg(REUSE.to_string());
    }
    command.arg(component);
    Server::start(command, port)
}

fn wasmtime() -> Result<PathBuf> {
    let root = PathBuf::from("target/peers/wasmtime");
    let binary = root.join("bin/wasmtime");
    if !binary.exists() {
        note("installing wasmtime-cli (about 15 minutes on two cores)");
        // As it comes: a leaner selection of features would measure a program that nobody runs.
        run(Command::new("cargo")
            .args(["install", &format!("wasmtime-cli@{WASMTIME}"), "--locked"])
            .arg("--root")
            .arg(&root))?;
    }
    Ok(binary)
}

/// A large real guest: a Python interpreter with a function `hello`, about 18 MB.
pub(crate) fn python_guest() -> Result<PathBuf> {
    let root = PathBuf::from("target/peers/python");
    let guest = root.join("hello.wasm");
    if guest.exists() {
        return Ok(guest);
    }
    note("installing componentize-py and building a Python guest");
    std::fs::create_dir_all(root.join("wit"))?;
    let world = "package bench:python;\nworld app { export hello: func(name: string) -> string; }\n";
    std::fs::write(root.join("wit/app.wit"), world)?;
    let app = "import wit_world\n\nclass WitWorld(wit_world.WitWorld):\n    def hello(self, name: str) -> str:\n        return 'Hello, ' + name\n";
    std::fs::write(root.join("app.py"), app)?;
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(root.join("venv")))?;
    let bin = std::path::absolute(root.join("venv/bin"))?;
    run(Command::new(bin.join("pip")).args([
        "install",
        "--quiet",
        &format!("componentize-py=={COMPONENTIZE_PY}"),
    ]))?;
    run(Command::new(bin.join("componentize-py"))
        .current_dir(&root)
        .args([
            "-d",
            "wit",
            "-w",
            "app",
            "componentize",
            "app",
            "-o",
            "hello.wasm",
        ]))?;
    Ok(guest)
}

/// A program of a package of npm, below `node_modules`.
fn npm(package: &str, program: &str) -> Result<PathBuf> {
    let root = Path::new("target/peers/npm");
    let binary = root.join("node_modules").join(program);
    if !binary.exists() {
        note(&format!("installing {package} from npm"));
        std::fs::create_dir_all(root)?;
        run(Command::new("npm")
            .args([
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
            ])
            .arg(root)
            .arg(package))?;
    }
    Ok(std::path::absolute(binary)?)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} ended with {status}", command.get_program());
    }
    Ok(())
}
