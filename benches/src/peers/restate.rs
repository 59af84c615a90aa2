//! Restate: its server from npm, and a service of a few lines, built from `benches/restate`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tempfile::TempDir;

use super::{npm, run};
use crate::process::{Server, View, free_port};
use crate::report::note;

pub(crate) const VERSION: &str = "1.7.12";
/// The longest wait for it to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that keeps its promises as it does by default, and its service.
pub(crate) struct Restate {
    server: Server,
    ingress: u16,
    _service: Server,
    _data: TempDir,
}

impl Restate {
    pub(crate) async fn start() -> Result<Self> {
        let (service, port) = service()?;
        let data = tempfile::Builder::new().prefix("restate").tempdir_in("target")?;
        let (admin, ingress) = (free_port()?, free_port()?);
        let mut command = Command::new(binary()?);
        command
            .args(["--no-logo", "--base-dir"])
            .arg(data.path())
            // It listens on this machine only and tells nobody; all else is as it comes.
            .env("RESTATE_DISABLE_TELEMETRY", "true")
            .env("RESTATE_LISTEN_MODE", "tcp")
            .env("RESTATE_BIND_IP", "127.0.0.1")
            .env("RESTATE_BIND_PORT", free_port()?.to_string())
            .env("RESTATE_ADMIN__BIND_IP", "127.0.0.1")
            .env("RESTATE_ADMIN__BIND_PORT", admin.to_string())
            .env("RESTATE_INGRESS__BIND_IP", "127.0.0.1")
            .env("RESTATE_INGRESS__BIND_PORT", ingress.to_string());
        let server = Server::start(command, admin)?;
        let uri = format!(r#"{{"uri":"http://127.0.0.1:{port}"}}"#);
        until_accepted(&format!("http://127.0.0.1:{admin}/deployments"), &uri).await?;
        until_accepted(&format!("http://127.0.0.1:{ingress}/Steps/take"), "1").await?;
        Ok(Self {
            server,
            ingress,
            _service: service,
            _data: data,
        })
    }

    /// Where it takes requests.
    pub(crate) fn view(&self) -> View {
        self.server.at_port(self.ingress)
    }
}

/// Posts JSON until it is accepted.
async fn until_accepted(url: &str, body: &str) -> Result<()> {
    let (client, until) = (reqwest::Client::new(), Instant::now() + PATIENCE);
    loop {
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_owned());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            other if Instant::now() > until => bail!("Restate does not become ready: {other:?}"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn binary() -> Result<PathBuf> {
    let machine = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    };
    npm(
        &format!("@restatedev/restate-server@{VERSION}"),
        &format!("@restatedev/restate-server-linux-{machine}/bin/restate-server"),
    )
}

fn service() -> Result<(Server, u16)> {
    let root = Path::new("target/peers/restate");
    note("building the service for Restate (some minutes the first time)");
    run(Command::new("cargo")
        .args(["build", "--release", "--quiet", "--locked", "--manifest-path"])
        .arg("benches/restate/Cargo.toml")
        .arg("--target-dir")
        .arg(root))?;
    let port = free_port()?;
    let mut command = Command::new(root.join("release/restate-steps"));
    command.arg(port.to_string());
    Ok((Server::start(command, port)?, port))
}
