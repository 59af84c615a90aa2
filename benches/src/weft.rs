//! Weft under measurement: the release binary with metrics, access log and trace context on, as it is by default.
//!
//! It is the one built together with this program, or what `WEFT_BENCH_BINARY` names, so that two builds can be compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::process::{Server, free_port};

/// A running Weft with its own data directory, empty at first.
pub(crate) struct Weft {
    pub(crate) api: Server,
    pub(crate) http_port: u16,
    client: reqwest::Client,
    directory: TempDir,
}

impl Weft {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// One whose `weft serve` has more arguments.
    pub(crate) async fn start_with(arguments: &[&str]) -> Result<Self> {
        Self::start_as(Command::new(binary()?), arguments, directory()?).await
    }

    /// One that goes on with what another has stored.
    pub(crate) async fn start_on(directory: TempDir) -> Result<Self> {
        Self::start_as(Command::new(binary()?), &[], directory).await
    }

    /// One that is started by `tracer`, a command that wants the program and its arguments behind its own.
    pub(crate) async fn start_under(mut tracer: Command) -> Result<Self> {
        tracer.arg(binary()?);
        Self::start_as(tracer, &[], directory()?).await
    }

    async fn start_as(mut command: Command, arguments: &[&str], directory: TempDir) -> Result<Self> {
        let (port, http_port) = (free_port()?, free_port()?);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]);
        command
            .args(["--http-listen", &format!("127.0.0.1:{http_port}")])
            .arg("--data")
            .arg(directory.path())
            .args(arguments);
        let api = Server::start(command, port)?;
        let weft = Self {
            api,
            http_port,
            client: reqwest::Client::new(),
            directory,
        };
        weft.ready().await?;
        Ok(weft)
    }

    /// Kills the server; what it has stored stays.
    pub(crate) fn kill(self) -> TempDir {
        self.directory
    }

    /// Where it stores what it stores.
    pub(crate) fn data(&self) -> &Path {
        self.directory.path()
    }

    /// Kills the server, starts it again on the same data and answers how long until it was ready, in milliseconds.
    pub(crate) async fn restart(self) -> Result<(Self, f64)> {
        let directory = self.kill();
        let started = std::time::Instant::now();
        let weft = Self::start_on(directory).await?;
        Ok((weft, started.elapsed().as_secs_f64() * 1e3))
    }

    async fn ready(&self) -> Result<()> {
        for _ in 0..10_000 {
            if self
                .client
                .get(self.url("/readyz"))
                .send()
                .await
                .is_ok_and(|r| r.status().is_success())
            {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        bail!("the server does not become ready")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.api.port)
    }

    /// Uploads `code` as the function `name`.
    pub(crate) async fn put(&self, name: &str, code: Vec<u8>) -> Result<()> {
        let request = self
            .client
            .put(self.url(&function(name)))
            .header("content-type", "application/wasm")
            .body(code);
        success(request.send().await?).await
    }

    /// Uploads a built guest of `target/functions`, with `settings` merged into the defaults.
    pub(crate) async fn deploy(&self, name: &str, guest: &str, settings: serde_json::Value) -> Result<()> {
        self.put(name, read_guest(guest)?).await?;
        self.set(name, settings).await
    }

    /// Merges `settings` into those of a function.
    pub(crate) async fn set(&self, name: &str, settings: serde_json::Value) -> Result<()> {
        let request = self.client.patch(self.url(&function(name)));
        let request = request
            .header("content-type", "application/merge-patch+json")
            .body(settings.to_string());
        success(request.send().await?).await
    }

    /// Saves a workflow.
    pub(crate) async fn save(&self, name: &str, definition: String) -> Result<()> {
        let request = self
            .client
            .put(self.url(&function(name)))
            .header("content-type", "application/yaml")
            .body(definition);
        success(request.send().await?).await
    }

    /// The value of a counter or gauge, summed over the series whose labels have all of these.
    pub(crate) async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let text = self.get("/metrics").await?;
        let series = text.lines().filter_map(|line| line.strip_prefix(name));
        let chosen = series
            .filter(|rest| rest.starts_with(['{', ' ']))
            .filter(|rest| labels.iter().all(|label| rest.contains(label)));
        Ok(chosen
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// How many calls of a function execute now.
    pub(crate) async fn executing(&self, name: &str) -> Result<f64> {
        let function = format!("function=\"{name}\"");
        self.metric("weft_pool_calls", &[&function]).await
    }

    /// Sends JSON and answers the JSON that comes back.
    pub(crate) async fn post(&self, path: &str, body: serde_json::Value) -> Result<serde_json::Value> {
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_string());
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            bail!("{path}: {status}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Answers a page of text, such as the metrics.
    pub(crate) async fn get(&self, path: &str) -> Result<String> {
        Ok(self
            .client
            .get(self.url(path))
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?)
    }
}

/// The path of a function of the default project.
pub(crate) fn function(name: &str) -> String {
    format!("/v1/projects/default/functions/{name}")
}

/// Runs of the default project.
pub(crate) const RUNS: &str = "/v1/projects/default/runs";

/// The binary under measurement.
fn binary() -> Result<PathBuf> {
    match std::env::var_os("WEFT_BENCH_BINARY") {
        Some(path) => Ok(path.into()),
        None => beside("weft"),
    }
}

/// What was built together with this program.
pub(crate) fn beside(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    anyhow::ensure!(
        path.is_file(),
        "{} is missing: start this by `cargo xtask bench`, which builds it",
        path.display()
    );
    Ok(path)
}

fn directory() -> Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("weft-bench")
        .tempdir_in("target")?)
}

/// The path of its calls.
pub(crate) fn invoke(name: &str) -> String {
    format!("/v1/projects/default/functions/{name}/invoke")
}

pub(crate) fn guest_path(guest: &str) -> PathBuf {
    PathBuf::from(format!("target/functions/{guest}.wasm"))
}

pub(crate) fn read_guest(guest: &str) -> Result<Vec<u8>> {
    std::fs::read(guest_path(guest)).with_context(|| format!("no guest {guest}: run `cargo xtask functions`"))
}

/// `code` with a custom section that makes it other code to a content-addressed store.
pub(crate) fn distinct(code: &[u8], n: u64) -> Vec<u8> {
    let mut section = vec![0, 13, 4];
    section.extend_from_slice(b"salt");
    section.extend_from_slice(&n.to_le_bytes());
    [code, &section].concat()
}

async fn success(response: reqwest::Response) -> Result<()> {
    let (status, url) = (response.status(), response.url().clone());
    if status.is_success() {
        return Ok(());
    }
    bail!("{url}: {status}: {}", response.text().await?)
}
