//! Serving: one thread, one runtime and one listening socket of each address per core.
//!
//! The kernel spreads connections over the cores' sockets, and whatever a connection asks for is done on the core that
//! accepted it: a call crosses no thread on its way.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::shutdown::Draining;

mod connection;
mod core;
mod inbound;
mod lingering;
mod listener;
mod tls;

pub use connection::Service;
pub use inbound::Inbound;
pub use listener::{Listeners, bind};
pub use tls::{Tls, TlsError};

/// How connections are served.
#[derive(Clone, Debug)]
pub struct Config {
    /// Threads that serve. Default: as many as the machine has cores.
    pub cores: usize,
    /// Open connections over all cores and listeners; more wait in the backlog. Default 16,384.
    pub connections: usize,
    /// Connections the kernel keeps waiting per socket, as far as it allows (`net.core.somaxconn`): whoever comes beyond tries again
    /// after a second. Default 4,096.
    pub backlog: u32,
    /// Longest time for a request's head to arrive, and for a connection to be idle between requests. Default 30 s.
    pub header_timeout: Duration,
    /// How long a client may take nothing of an answer before its connection is closed. Default 60 s.
    pub stall_timeout: Duration,
    /// Longest head of a request in bytes. Default 64 KiB, at least 8 KiB.
    pub header_bytes: usize,
    /// How connections are encrypted, on both listeners; not at all where there is none. Default none.
    pub tls: Option<Tls>,
    /// How long requests under way may take once serving ends; what is left is then cut off. Default 30 s.
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            connections: 16_384,
            backlog: 4_096,
            header_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            header_bytes: 64 << 10,
            tls: None,
            patience: Duration::from_secs(30),
        }
    }
}

/// What one core serves: the API on its listener, functions on theirs.
#[derive(Debug)]
pub struct CoreServices<A, F> {
    /// Answers requests to the API.
    pub api: A,
    /// Answers requests to functions.
    pub functions: F,
}

/// The threads that serve.
#[derive(Debug)]
pub struct Cores {
    threads: Vec<thread::JoinHandle<()>>,
    running: mpsc::Receiver<()>,
}

impl Cores {
    /// Waits until every core has stopped: after the end was signalled, at the latest when patience has run out.
    pub async fn stopped(&mut self) {
        // Nothing is ever sent: the channel closes with the last core.
        while self.running.recv().await.is_some() {}
    }

    /// Waits for the threads themselves. Blocks.
    ///
    /// # Errors
    /// Where a core's thread panicked.
    pub fn join(self) -> Result<(), CorePanicked> {
        self.threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| CorePanicked))
    }
}

/// A core's thread ended by a panic; the log has more.
#[derive(Debug, thiserror::Error)]
#[error("a thread that serves requests panicked")]
pub struct CorePanicked;

/// Starts the cores. `services` is called once on each core's thread, with the core's number from 0, before it serves.
///
/// # Errors
/// Where a thread or its runtime could not be started. Those that were are told to stop by dropping `draining`'s other
/// end or signalling it.
pub fn spawn_cores<M, A, F>(
    config: &Config,
    listeners: Listeners,
    draining: &Draining,
    services: M,
) -> io::Result<Cores>
where
    M: Fn(usize) -> CoreServices<A, F> + Send + Sync + 'static,
    A: Service,
    F: Service,
{
    let services = Arc::new(services);
    let (token, running) = mpsc::channel(1);
    let mut threads = Vec::with_capacity(config.cores);
    for (number, sockets) in listeners.into_cores().into_iter().enumerate() {
        let runtime = core::runtime()?;
        let core = core::Core {
            config: config.clone(),
            sockets,
            draining: draining.clone(),
        };
        let (services, token) = (Arc::clone(&services), token.clone());
        let body = move || {
            core.run(&runtime, services(number));
            drop(runtime);
            drop(token);
        };
        threads.push(
            thread::Builder::new()
                .name(format!("weft-core-{number}"))
                .spawn(body)?,
        );
    }
    Ok(Cores { threads, running })
}

#[cfg(test)]
mod tests;
