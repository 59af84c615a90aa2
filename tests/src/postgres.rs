//! A PostgreSQL server of one test's own, which may be stopped and started under whoever uses it.

use std::fs::File;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::eventually;
use crate::wait::within;

/// Debian keeps the programs of each version apart.
const VERSIONS: &str = "/usr/lib/postgresql";
const PROGRAMS: [&str; 3] = ["initdb", "pg_isready", "postgres"];
/// It does not run as root: whoever is that becomes one of these.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// A server with a directory of its own, reached over a socket in it; gone when dropped.
pub struct Postgres {
    programs: PathBuf,
    account: Option<(u32, u32)>,
    place: TempDir,
    child: Option<Child>,
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
pub enum Ends {
    /// Whoever is connected is hung up on, and all that was told is written.
    InOrder,
    /// At once, as in a crash: what was not waited for is lost.
    AtOnce,
}

impl Postgres {
    /// Makes an empty database and starts its server.
    ///
    /// # Panics
    /// Where there is no PostgreSQL, or it does not start.
    pub async fn start() -> Self {
        let mut server = Self {
            programs: programs().expect("PostgreSQL is needed: `cargo xtask test` installs it"),
            account: account().await,
            place: tempfile::tempdir().expect("a temporary directory can be made"),
            child: None,
        };
        if let Some((user, group)) = server.account {
            chown(server.place.path(), Some(user), Some(group)).expect("root may give a directory away");
        }
        server.initialise().await;
        server.launch().await;
        server
    }

    /// Names its database.
    #[must_use]
    pub fn url(&self) -> String {
        let place = self.place.path().display().to_string().replace('/', "%2F");
        format!("postgres://weft@{place}/postgres")
    }

    /// Stops it.
    ///
    /// # Panics
    /// Where it does not end.
    pub async fn stop(&mut self, how: Ends) {
        let mut child = self.child.take().expect("it runs");
        signal(&child, how);
        within("PostgreSQL to end", child.wait())
            .await
            .expect("the process can be waited for");
    }

    /// Starts it again after it was stopped.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub async fn launch(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.place.path().join("log"))
            .expect("a file can be made");
        let child = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.place.path())
            .args(["-c", "listen_addresses="])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("PostgreSQL can be started"));
        eventually("PostgreSQL takes connections", async || {
            let mut ready = self.command("pg_isready");
            ready
                .args(["--quiet", "--username=weft", "--host"])
                .arg(self.place.path());
            ready.status().await.is_ok_and(|status| status.success())
        })
        .await;
    }

    async fn initialise(&self) {
        let mut command = self.command("initdb");
        let made: Output = command
            .args(["--username=weft", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--pgdata"])
            .arg(self.data())
            .output()
            .await
            .expect("initdb can be started");
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "initdb: {told}");
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// A program of it, under the account that it runs as.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It notices by itself that its directory goes, if not this.
        if let Some(child) = &self.child {
            signal(child, Ends::AtOnce);
        }
    }
}

fn signal(child: &Child, how: Ends) {
    let signal = match how {
        Ends::InOrder => Signal::INT,
        Ends::AtOnce => Signal::QUIT,
    };
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = id.and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The directory of its programs.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let versions = versions.map(|version| version.path().join("bin"));
    let mut directories = std::env::split_paths(&path).chain(versions);
    directories.find(|directory| PROGRAMS.iter().all(|program| directory.join(program).is_file()))
}

/// The account that it runs as, where that is not ours.
async fn account() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    for name in ACCOUNTS {
        if let (Some(user), Some(group)) = (number("-u", name).await, number("-g", name).await) {
            return Some((user, group));
        }
    }
    panic!("there is none of the accounts {ACCOUNTS:?}, and PostgreSQL does not run as root")
}

async fn number(which: &str, name: &str) -> Option<u32> {
    let id = Command::new(Path::new("id")).args([which, name]).output().await;
    String::from_utf8(id.ok()?.stdout).ok()?.trim().parse().ok()
}
