//! A server of its own, with empty data, that asks everybody for a token.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::client::{Client, text};
use crate::{process, repository};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A server that ends with this.
pub struct Server {
    child: Child,
    /// Makes what is asked for.
    client: Client,
    /// What made-up requests come with. It is another, so that they cannot revoke the first.
    token: String,
    log: PathBuf,
}

impl Server {
    /// Starts it in an empty directory.
    pub fn start(program: &Path, place: &Path) -> Result<Self> {
        if place.exists() {
            std::fs::remove_dir_all(place).with_context(|| format!("cannot empty {}", place.display()))?;
        }
        std::fs::create_dir_all(place)?;
        let data = place.join("data");
        let tokens = [token(program, &data)?, token(program, &data)?];
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = place.join("server.log");
        let output = File::create(&log)?;
        let mut command = weft(program);
        command
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--http-listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", process::shown(&command)))?;
        let [own, theirs] = tokens;
        let mut server = Self {
            child,
            client: Client {
                address: format!("http://127.0.0.1:{port}"),
                token: own,
            },
            token: theirs,
            log,
        };
        server.wait(port)?;
        Ok(server)
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn address(&self) -> &str {
        &self.client.address
    }

    /// What made-up requests come with.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn metrics(&self) -> Result<String> {
        let told = self.client.get("/metrics");
        told.with_context(|| format!("the server may have ended; its log is {}", self.log.display()))
    }

    /// Asks it to end, which it does without complaint.
    pub fn stop(mut self) -> Result<()> {
        process::run(Command::new("kill").arg(self.child.id().to_string()))?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!(
                "the server ended with {status}; its log is {}",
                self.log.display()
            );
        }
        Ok(())
    }

    fn wait(&mut self, port: u16) -> Result<()> {
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the server ended with {status}; its log is {}",
                    self.log.display()
                );
            }
            if start.elapsed() > PATIENCE {
                bail!("the server is not ready after {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new token of the platform, made before there is a server.
fn token(program: &Path, data: &Path) -> Result<String> {
    let mut command = weft(program);
    command.args(["token", "create", "--admin", "--output", "json", "--data"]);
    let told: Value = serde_json::from_str(&process::output(command.arg(data))?)?;
    text(&told, "secret")
}

fn weft(program: &Path) -> Command {
    let mut command = Command::new(program);
    // Whatever else is set is of another server.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WEFT_")) {
        command.env_remove(name);
    }
    command.current_dir(repository::root());
    command
}
