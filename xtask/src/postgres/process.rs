//! A server of our own, from its first file to its last.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::account::Account;
use super::place::Place;
use crate::process;

/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Sessions at most: every test has a few, and they run on all cores at once.
const SESSIONS: u32 = 400;

/// Our own server. It listens on a socket in a directory that only its account may enter, and root.
pub struct Process {
    child: Child,
    place: Place,
    url: String,
    /// What ends it, and whoever is connected.
    end: Command,
}

impl Process {
    /// Makes an empty database in `place`, and waits until its server takes connections.
    pub fn start(programs: &Path, account: &Account, place: Place) -> Result<Self> {
        initialise(programs, account, &place)?;
        let mut process = launch(programs, account, place)?;
        process.wait(programs)?;
        Ok(process)
    }

    /// Names its database to whoever may enter its directory.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it, and whoever is still connected, and removes its data.
    pub fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_none() {
            process::run(&mut self.end)?;
        }
        self.child.wait()?;
        self.place.remove()
    }

    /// Waits until it takes connections.
    fn wait(&mut self, programs: &Path) -> Result<()> {
        let start = Instant::now();
        loop {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready
                .args(["--quiet", "--username=weft", "--host"])
                .arg(self.place.socket());
            if ready.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "PostgreSQL ended with {status} before it was ready: {}",
                    self.last_words()
                );
            }
            if start.elapsed() > PATIENCE {
                bail!(
                    "PostgreSQL is not ready after {} s: {}",
                    PATIENCE.as_secs(),
                    self.last_words()
                );
            }
            sleep(PAUSE);
        }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.place.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("; ")
    }
}

impl Drop for Process {
    /// Nothing is left behind, whatever went wrong.
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "process {}, in {}",
            self.child.id(),
            self.place.socket().display()
        )
    }
}

fn initialise(programs: &Path, account: &Account, place: &Place) -> Result<()> {
    let mut initdb = account.command(programs.join("initdb"));
    initdb.arg("--pgdata").arg(place.data()).args([
        "--username=weft",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    let output = initdb
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", process::shown(&initdb)))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}: {}",
            process::shown(&initdb),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// A child in our own process group: Ctrl-C reaches it as well, and is how one asks it to stop.
fn launch(programs: &Path, account: &Account, place: Place) -> Result<Process> {
    let log = place.log();
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut postgres = account.command(programs.join("postgres"));
    postgres.arg("-D").arg(place.data()).arg("-k").arg(place.socket());
    for setting in [
        "listen_addresses=".to_owned(),
        "unix_socket_permissions=0700".to_owned(),
        format!("max_connections={SESSIONS}"),
    ] {
        postgres.arg("-c").arg(setting);
    }
    let child = postgres
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot start {}", process::shown(&postgres)))?;
    let socket = place
        .socket()
        .display()
        .to_string()
        .replace('%', "%25")
        .replace('/', "%2F");
    let mut end = account.command(programs.join("pg_ctl"));
    end.args(["stop", "--silent", "--mode=fast", "--pgdata"])
        .arg(place.data());
    Ok(Process {
        child,
        place,
        end,
        url: format!("postgres://weft@{socket}/postgres"),
    })
}
