//! The real binary as a process of its own.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use weft_powerloss::Recorder;

use crate::Api;
use crate::small_disk::{SmallDisk, on_small_disk};
use crate::wait::within;

/// A server under test, killed when dropped.
pub struct Server {
    child: Child,
    /// Clients start here.
    pub api: Api,
    data: PathBuf,
    log: PathBuf,
    _directory: Option<TempDir>,
}

/// How a server is started.
pub struct Builder<'a> {
    listen: &'a str,
    arguments: Vec<String>,
    data: Option<PathBuf>,
    /// Open files it may have.
    files: Option<u32>,
    /// Bytes of a disk of its own.
    disk: Option<u64>,
    /// What stands between it and its disk.
    recorder: Option<&'a Recorder>,
}

impl Server {
    /// A server on free ports with an empty data directory that goes when it does.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A server with settings of its own.
    #[must_use]
    pub fn builder<'a>() -> Builder<'a> {
        Builder {
            listen: "127.0.0.1:0",
            arguments: Vec::new(),
            data: None,
            files: None,
            disk: None,
            recorder: None,
        }
    }

    /// Where it keeps its data.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it wrote to standard error so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// Where the process is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the server runs");
    }

    /// Waits until the process has ended.
    ///
    /// # Panics
    /// Where it does not in time.
    pub async fn ended(&mut self) -> ExitStatus {
        within("the server to end", self.child.wait())
            .await
            .expect("the process can be waited for")
    }

    /// Ends it gracefully.
    pub async fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Ends it with `kill -9`, keeping the data directory where it was given.
    pub async fn kill(mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// The disk of its own that it was started on.
    ///
    /// # Panics
    /// Where it has ended.
    #[must_use]
    pub fn small_disk(&self) -> SmallDisk {
        SmallDisk::of(self.pid(), &self.data)
    }

    /// Its process id.
    ///
    /// # Panics
    /// Where it has ended.
    #[must_use]
    pub fn pid(&self) -> Pid {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        id.and_then(Pid::from_raw).expect("the server has not ended")
    }
}

impl<'a> Builder<'a> {
    /// Has the API listen at an address.
    #[must_use]
    pub fn listen(mut self, address: &'a str) -> Self {
        self.listen = address;
        self
    }

    /// Adds arguments to `weft serve`.
    #[must_use]
    pub fn arguments<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.arguments.extend(arguments.map(str::to_owned));
        self
    }

    /// Keeps the data in a directory that outlives the server.
    #[must_use]
    pub fn data(mut self, directory: &Path) -> Self {
        self.data = Some(directory.to_owned());
        self
    }

    /// Lets it have so many open files at most.
    #[must_use]
    pub fn files(mut self, most: u32) -> Self {
        self.files = Some(most);
        self
    }

    /// Keeps the data on a [disk of its own](SmallDisk) of so many bytes, which goes with it. Only root can have that.
    #[must_use]
    pub fn small_disk(mut self, bytes: u64) -> Self {
        self.disk = Some(bytes);
        self
    }

    /// Puts it on a disk on which things go wrong as the recorder is told.
    #[must_use]
    pub fn on_disk_of(mut self, recorder: &'a Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not become ready, with what it wrote.
    pub async fn start(self) -> Server {
        let log = tempfile::NamedTempFile::new().expect("a temporary file can be created");
        let (log_file, log) = log.keep().expect("a temporary file can be kept");
        match self.try_start(log_file, &log).await {
            Ok(server) => server,
            Err(error) => panic!(
                "the server did not start: {error}\n{}",
                std::fs::read_to_string(&log).unwrap_or_default()
            ),
        }
    }

    async fn try_start(self, log_file: File, log: &Path) -> anyhow::Result<Server> {
        let (data, directory) = match self.data {
            Some(data) => (data, None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let mut command = match (self.disk, self.files) {
            (Some(bytes), _) => on_small_disk(bytes, &data, &binary()),
            (None, Some(most)) => limited(most),
            (None, None) => Command::new(binary()),
        };
        command
            .args([
                "serve",
                "--output",
                "json",
                "--listen",
                self.listen,
                "--http-listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(&data)
            .args(self.arguments)
            .env_clear()
            .current_dir(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file);
        if let Some(recorder) = self.recorder {
            recorder.watch(&mut command)?;
        }
        let mut child = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()?;
        let api = announced(&mut child).await?;
        Ok(Server {
            child,
            api,
            data,
            log: log.to_owned(),
            _directory: directory,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.lines().rev().take(60).collect::<Vec<_>>();
            let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
            let _ = writeln!(std::io::stderr(), "the server wrote last:\n{tail}");
        }
        let _ = std::fs::remove_file(&self.log);
    }
}

/// The binary, started by a shell that may have so many open files at most, and so may what it starts.
fn limited(most: u32) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\"")])
        .arg(binary());
    shell
}

/// Where the binary under test is: beside the directory of the test's own executable.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its executable");
    let directory = test
        .parent()
        .and_then(Path::parent)
        .expect("tests are built into target/<profile>/deps");
    let binary = directory.join("weft");
    assert!(
        binary.is_file(),
        "{} is missing: run `cargo build -p weft` first, or `cargo xtask test`",
        binary.display()
    );
    binary
}

/// Reads the line by which the server says that it is ready, and where.
async fn announced(child: &mut Child) -> anyhow::Result<Api> {
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| anyhow::anyhow!("no standard output"))?;
    let mut lines = BufReader::new(stdout).lines();
    let line = within("the server to be ready", lines.next_line()).await?;
    let line = line.ok_or_else(|| anyhow::anyhow!("it ended before it was ready"))?;
    let ready: Value = serde_json::from_str(&line)?;
    let address = |member: &str| {
        ready[member]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| anyhow::anyhow!("no `{member}` in {line}"))
    };
    Ok(Api::new(address("api")?, address("functions")?))
}
