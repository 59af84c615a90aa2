//! Processes under measurement: what they use, and their end.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What servers write to their standard output and error, all of one time.
pub(crate) const LOG: &str = "target/bench-servers.log";
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A server seen from outside: whose CPU time counts, and where it listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pid: u32,
    pub(crate) port: u16,
    /// Whether what it started counts as well.
    workers: bool,
}

/// A server started for a measurement; killed by its id when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts `command` and waits until `port` accepts connections, at most 30 s.
    pub(crate) fn start(mut command: Command, port: u16) -> Result<Self> {
        let log = std::fs::File::options().create(true).append(true).open(LOG)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let mut server = Self { child, port };
        let until = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{:?} ended with {status}: see {LOG}", command.get_program());
            }
            if Instant::now() > until {
                bail!(
                    "{:?} does not listen on port {port} after 30 s",
                    command.get_program()
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(server)
    }

    /// How a load generator sees it.
    pub(crate) fn view(&self) -> View {
        View {
            pid: self.child.id(),
            port: self.port,
            workers: false,
        }
    }

    /// The same process at another of its ports.
    pub(crate) fn at_port(&self, port: u16) -> View {
        View {
            pid: self.child.id(),
            port,
            workers: false,
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A `kB` figure of `/proc/pid/<file>`, in bytes.
    pub(crate) fn bytes(&self, file: &str, key: &str) -> Result<f64> {
        let text = self.proc_file(file)?;
        let line = text
            .lines()
            .find(|l| l.starts_with(key))
            .with_context(|| format!("no {key} in {file}"))?;
        let kib: f64 = line.split_whitespace().nth(1).context("odd line")?.parse()?;
        Ok(kib * 1024.0)
    }

    /// Does some work, and answers the most anonymous memory that was seen meanwhile, in bytes.
    pub(crate) async fn peak_during<T>(&self, work: impl Future<Output = Result<T>>) -> Result<(T, f64)> {
        let (mut peak, mut looks) = (0.0, tokio::time::interval(LOOK));
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok((done?, peak)),
                _ = looks.tick() => peak = f64::max(peak, self.anonymous()?),
            }
        }
    }

    /// Its anonymous memory, in bytes.
    pub(crate) fn anonymous(&self) -> Result<f64> {
        self.bytes("status", "RssAnon:")
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> Result<f64> {
        Ok(std::fs::read_dir(format!("/proc/{}/task", self.child.id()))?.count() as f64)
    }

    /// How many files, sockets and the like it has open.
    pub(crate) fn descriptors(&self) -> Result<f64> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count() as f64)
    }

    /// Forgets the highest resident set so far.
    pub(crate) fn reset_peak(&self) -> Result<()> {
        Ok(std::fs::write(
            format!("/proc/{}/clear_refs", self.child.id()),
            "5",
        )?)
    }

    fn proc_file(&self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.child.id());
        std::fs::read_to_string(Path::new(&path)).with_context(|| path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl View {
    /// The same, with all that the server started.
    pub(crate) fn with_workers(self) -> Self {
        Self {
            workers: true,
            ..self
        }
    }

    /// CPU time used so far by the threads alive now, in seconds, as the scheduler counts it.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let own = cpu_seconds(self.pid)?;
        if !self.workers {
            return Ok(own);
        }
        // One that has just ended counts no more.
        let workers = tree(self.pid).into_iter().skip(1);
        Ok(own + workers.filter_map(|worker| cpu_seconds(worker).ok()).sum::<f64>())
    }
}

fn cpu_seconds(pid: u32) -> Result<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        total += text
            .split_whitespace()
            .next()
            .and_then(|t| t.parse::<f64>().ok())
            .unwrap_or(0.0);
    }
    Ok(total / 1e9)
}

/// A process, and behind it all that descend from it.
pub(crate) fn tree(pid: u32) -> Vec<u32> {
    std::iter::once(pid)
        .chain(children(pid).into_iter().flat_map(tree))
        .collect()
}

/// The children of a process, whichever of its threads started them.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let listed = tasks
        .flatten()
        .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    let parsed = listed.flat_map(|text| {
        text.split_whitespace()
            .filter_map(|child| child.parse().ok())
            .collect::<Vec<u32>>()
    });
    parsed.collect()
}

/// What a process shares with nobody, in bytes.
pub(crate) fn private_memory(pid: u32) -> f64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let fields = rollup.lines().filter(|line| line.starts_with("Private_"));
    let kib = fields.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.sum::<f64>() * 1024.0
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}
