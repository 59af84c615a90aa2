//! Weft under measurement: the release binary with metrics, access log and trace context on, as it is by default.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{Server, free_port};

/// A running Weft with its own empty data directory.
pub(crate) struct Weft {
    pub(crate) api: Server,
    pub(crate) http_port: u16,
    data: PathBuf,
    client: reqwest::Client,
    _directory: Option<tempfile::TempDir>,
}

impl Weft {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// One whose `weft serve` has more arguments.
    pub(crate) async fn start_with(arguments: &[&str]) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("weft-bench")
            .tempdir_in("target")?;
        let mut weft = Self::start_in(directory.path(), arguments).await?;
        weft._directory = Some(directory);
        Ok(weft)
    }

    async fn start_in(data: &Path, arguments: &[&str]) -> Result<Self> {
        let (port, http_port) = (free_port()?, free_port()?);
        let mut command = Command::new("target/release/weft");
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]);
        command
            .args(["--http-listen", &format!("127.0.0.1:{http_port}")])
            .arg("--data")
            .arg(data)
            .args(arguments);
        let api = Server::start(command, port)?;
        let weft = Self {
            api,
            http_port,
            data: data.to_owned(),
            client: reqwest::Client::new(),
            _directory: None,
        };
        weft.ready().await?;
        Ok(weft)
    }

    /// Kills the server, starts it again on the same data and answers how long until it was ready, in milliseconds.
    pub(crate) async fn restart(self) -> Result<(Self, f64)> {
        let Self {
            api,
            data,
            _directory,
            ..
        } = self;
        drop(api);
        let started = std::time::Instant::now();
        let mut weft = Self::start_in(&data, &[]).await?;
        let elapsed = started.elapsed().as_secs_f64() * 1e3;
        weft._directory = _directory;
        Ok((weft, elapsed))
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

    /// The value of a counter without labels.
    pub(crate) async fn total(&self, name: &str) -> Result<f64> {
        let text = self.get("/metrics").await?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.with_context(|| format!("no metric {name}"))
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
