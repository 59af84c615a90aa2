//! The server: whether it runs, starting it, and waiting until it is ready.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};

use crate::{process, repository};

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_HTTP_LISTEN: &str = "127.0.0.1:8081";
/// How long the server may take to get ready.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);
/// How long a program at the port may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// The most that is read of an answer.
const ANSWER_SIZE: u64 = 64 * 1024;

/// Where a server runs or will run.
pub struct Server {
    binary: PathBuf,
    listen: String,
    http_listen: String,
}

/// Whether it runs.
pub enum Presence {
    Running,
    Absent,
}

/// A server that runs on without us.
pub struct Process(Child);

impl Server {
    /// At the addresses that the environment gives, as `weft serve` understands it.
    pub fn new(binary: PathBuf) -> Self {
        let address = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        Self {
            binary,
            listen: address("WEFT_LISTEN", DEFAULT_LISTEN),
            http_listen: address("WEFT_HTTP_LISTEN", DEFAULT_HTTP_LISTEN),
        }
    }

    /// Where the API answers.
    pub fn address(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Where HTTP functions answer.
    pub fn http_address(&self) -> String {
        format!("http://{}", self.http_listen)
    }

    /// The `weft` command, for this server.
    pub fn weft(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env("WEFT_SERVER", self.address())
            .current_dir(repository::root());
        command
    }

    /// How one types the `weft` command, from where one is.
    pub fn typed(&self) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let shown = self.binary.strip_prefix(here).unwrap_or(&self.binary);
        let server = if self.listen == DEFAULT_LISTEN {
            String::new()
        } else {
            format!(" --server {}", self.address())
        };
        format!("{}{server}", shown.display())
    }

    /// Asks the port.
    ///
    /// # Errors
    /// Where another program has it.
    pub fn presence(&self) -> Result<Presence> {
        match self.ask("/readyz") {
            Err(_) => Ok(Presence::Absent),
            Ok(_) if self.is_ours() => Ok(Presence::Running),
            Ok(_) => bail!(
                "another program has {}; stop it, or choose other ports: WEFT_LISTEN=127.0.0.1:9080 WEFT_HTTP_LISTEN=127.0.0.1:9081 cargo xtask up",
                self.listen
            ),
        }
    }

    /// Only our own description of the API is titled so.
    fn is_ours(&self) -> bool {
        self.ask("/openapi.json")
            .is_ok_and(|answer| answer.contains(r#""title":"Weft""#))
    }

    /// Waits until it is ready, unless it has ended.
    pub fn wait(&self, mut has_ended: impl FnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        while !self
            .ask("/readyz")
            .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
        {
            if has_ended() {
                bail!(
                    "the server ended before it was ready; its log is above or in {}",
                    self.log().display()
                );
            }
            if start.elapsed() > PATIENCE {
                bail!("the server is not ready after {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Starts it with its output in a file, out of reach of this terminal's Ctrl-C.
    pub fn start_detached(&self) -> Result<Process> {
        let log = self.log();
        if let Some(directory) = log.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = self.serve();
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", process::shown(&command)))?;
        std::fs::write(pid_file(), child.id().to_string())?;
        Ok(Process(child))
    }

    /// Turns this process into the server; returns only where that fails.
    pub fn become_it(&self) -> Error {
        // Stands for a detached server that has ended.
        let _ = std::fs::write(pid_file(), std::process::id().to_string());
        let mut command = self.serve();
        Error::new(command.exec()).context(format!("cannot start {}", process::shown(&command)))
    }

    fn serve(&self) -> Command {
        let mut command = self.weft(&["serve"]);
        command
            .env("WEFT_LISTEN", &self.listen)
            .env("WEFT_HTTP_LISTEN", &self.http_listen);
        for (name, default) in [("WEFT_DATA", "target/data"), ("WEFT_PROFILES", "runtime-pools")] {
            if std::env::var_os(name).is_none() {
                command.env(name, repository::root().join(default));
            }
        }
        command
    }

    /// The log of a detached server.
    pub fn log(&self) -> PathBuf {
        repository::root().join("target/weft.log")
    }

    /// Tells how to stop the server that runs.
    pub fn how_to_stop(&self) -> String {
        match std::fs::read_to_string(pid_file())
            .ok()
            .filter(|pid| Path::new("/proc").join(pid).exists())
        {
            Some(pid) => format!("`kill {pid}` stops the server"),
            None => "the server stops where it was started".to_owned(),
        }
    }

    /// The head and the beginning of the body that a GET is answered with.
    fn ask(&self, path: &str) -> Result<String> {
        let address: SocketAddr = self
            .listen
            .parse()
            .with_context(|| format!("{} is not an address", self.listen))?;
        let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        // What came before an error or the time is over is an answer too: some program is there.
        let _ = stream.take(ANSWER_SIZE).read_to_end(&mut answer);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Process {
    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

/// Starts a copy of this program that deploys as soon as this one has become the server.
pub fn deploy_beside(flag: &str, debug: bool) -> Result<()> {
    process::copy_of_this(&["up", flag])?
        .args(debug.then_some("--debug"))
        .spawn()
        .context("cannot start what deploys the functions")?;
    Ok(())
}

/// Asks a process to end.
pub fn stop(process: u32) -> Result<()> {
    process::run(Command::new("kill").arg(process.to_string()))
}

fn pid_file() -> PathBuf {
    repository::root().join("target/weft.pid")
}
