//! workerd: its server from npm, and a worker of a few lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::npm;
use crate::process::{Server, free_port};

pub(crate) const VERSION: &str = "1.20261117.1";

/// Says hello, and shouts: `{"n": 1, "s": "hello"}` becomes `{"n": 2, "len": 5, "s": "HELLO"}`.
const WORKER: &str = r#"export default {
  async fetch(request) {
    if (request.method !== "POST") return new Response("Hello, world!\n");
    const { n, s } = await request.json();
    return Response.json({ n: n + 1, len: s.length, s: s.toUpperCase() });
  },
};
"#;

/// A server with one worker.
pub(crate) fn start() -> Result<Server> {
    let root = Path::new("target/peers/workerd");
    let binary = binary()?;
    let port = free_port()?;
    std::fs::create_dir_all(root)?;
    std::fs::write(root.join("worker.js"), WORKER)?;
    std::fs::write(root.join("config.capnp"), config(port))?;
    let mut command = Command::new(binary);
    command.arg("serve").arg(root.join("config.capnp"));
    Server::start(command, port)
}

fn config(port: u16) -> String {
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:{port}", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "worker.js") ],
  compatibilityDate = "2026-01-01",
);
"#
    )
}

fn binary() -> Result<PathBuf> {
    let machine = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "64",
    };
    npm(
        &format!("workerd@{VERSION}"),
        &format!("@cloudflare/workerd-linux-{machine}/bin/workerd"),
    )
}
