//! The command as people use it: in a directory of its own, against a server.

use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::server::binary;

/// Where commands run, and what they find there.
pub struct Shell {
    server: Option<String>,
    /// The current directory, which holds the user's configuration as well.
    pub directory: TempDir,
    variables: Vec<(String, String)>,
}

/// A command that goes on until it is told to end; killed when dropped.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Where its standard error goes.
    notes: PathBuf,
}

impl Shell {
    /// An empty directory, and this server.
    ///
    /// # Panics
    /// Where there is no directory to be had.
    #[must_use]
    pub fn at(server: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be created");
        Self {
            server: Some(server.to_owned()),
            directory,
            variables: Vec::new(),
        }
    }

    /// A directory, and no word on servers.
    #[must_use]
    pub fn without_server(directory: TempDir) -> Self {
        Self {
            server: None,
            directory,
            variables: Vec::new(),
        }
    }

    /// Sets a variable for all commands.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command can be started");
        if let Some(mut stdin) = child.stdin.take() {
            // Who is not interested in it need not read it.
            let _ = stdin.write_all(input).await;
        }
        child.wait_with_output().await.expect("the command ends")
    }

    /// What it printed, when it succeeded.
    ///
    /// # Panics
    /// Where it did not.
    pub async fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, b"").await;
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The same as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--output", "json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// The exit code and what it said on standard error.
    pub async fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments, b"").await;
        (
            output.status.code().unwrap_or(-1),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    /// Starts a command that goes on.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Running {
        let notes = self.directory.path().join(".told");
        let told = std::fs::File::create(&notes).expect("the directory can be written");
        let mut child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stderr(told)
            .kill_on_drop(true)
            .spawn()
            .expect("the command can be started");
        let stdout = child.stdout.take().expect("standard output is piped");
        Running {
            child,
            lines: BufReader::new(stdout).lines(),
            notes,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("XDG_CONFIG_HOME", self.directory.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped());
        match &self.server {
            Some(server) => command.env("WEFT_SERVER", server),
            None => command.env_remove("WEFT_SERVER"),
        };
        command
    }
}

impl Running {
    /// The next line it prints; none at its end.
    pub async fn line(&mut self) -> Option<String> {
        self.lines.next_line().await.ok().flatten()
    }

    /// What it said on standard error so far.
    #[must_use]
    pub fn told(&self) -> String {
        std::fs::read_to_string(&self.notes).unwrap_or_default()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end in time.
    pub async fn ended(&mut self) -> ExitStatus {
        crate::wait::within("the command to end", self.child.wait())
            .await
            .expect("the command can be waited for")
    }

    /// Interrupts it, as Ctrl-C does, and waits for its end.
    ///
    /// # Panics
    /// Where it has ended already.
    pub async fn interrupt(&mut self) -> ExitStatus {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let pid = id.and_then(Pid::from_raw).expect("the command has not ended");
        kill_process(pid, Signal::INT).expect("the command runs");
        self.ended().await
    }
}
