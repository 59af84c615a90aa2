//! One core: accepts, serves, and ends in an orderly way.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{self, Service};
use super::listener::Sockets;
use super::{Config, CoreServices};
use crate::shutdown::Draining;

/// How long to wait after the kernel refused to hand over a connection, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Polls of tasks between two looks for events.
const EVENT_INTERVAL: u32 = 16;

/// What a core needs to run.
pub(super) struct Core {
    pub(super) config: Config,
    pub(super) sockets: Sockets,
    pub(super) draining: Draining,
}

/// A runtime for one core.
pub(super) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // A guest that computes yields each tick, and what arrived meanwhile should not have to wait for 61 such polls
        // (tokio's default). To look costs a system call, so not after each.
        .event_interval(EVENT_INTERVAL)
        .build()
}

impl Core {
    /// Serves until the end was signalled and requests under way are done or patience has run out.
    pub(super) fn run<A: Service, F: Service>(self, runtime: &Runtime, services: CoreServices<A, F>) {
        runtime.block_on(self.serve(services));
    }

    async fn serve<A: Service, F: Service>(self, services: CoreServices<A, F>) {
        let (Ok(api), Ok(functions)) = (
            TcpListener::from_std(self.sockets.api),
            TcpListener::from_std(self.sockets.functions),
        ) else {
            tracing::error!("a listening socket was lost");
            return;
        };
        let graceful = GracefulShutdown::new();
        let http = connection::Speaking::new(&self.config);
        let share = self.config.connections.div_ceil(self.config.cores.max(1));
        let mut acceptor = Acceptor {
            room: Arc::new(Semaphore::new(share.clamp(1, Semaphore::MAX_PERMITS))),
            draining: self.draining,
        };
        let mut other = acceptor.clone();
        let one = async {
            while let Some(accepted) = acceptor.next(&api).await {
                http.spawn(graceful.watcher(), accepted, services.api.clone());
            }
        };
        let two = async {
            while let Some(accepted) = other.next(&functions).await {
                http.spawn(graceful.watcher(), accepted, services.functions.clone());
            }
        };
        tokio::join!(one, two);
        drop((api, functions));
        if tokio::time::timeout(self.config.patience, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(patience = ?self.config.patience, "cutting off requests still under way");
        }
    }
}

#[derive(Clone)]
struct Acceptor {
    room: Arc<Semaphore>,
    draining: Draining,
}

impl Acceptor {
    /// The next connection, once there is room for it; none when serving ends.
    async fn next(&mut self, listener: &TcpListener) -> Option<((TcpStream, IpAddr), OwnedSemaphorePermit)> {
        let room = Arc::clone(&self.room);
        let accepted = async {
            // In this order, as room set aside for a listener that nobody connects to would be missing at the other.
            let stream = accept(listener).await;
            // The semaphore is never closed.
            let permit = room.acquire_owned().await.ok()?;
            Some((stream, permit))
        };
        tokio::select! {
            biased;
            () = self.draining.begun() => None,
            accepted = accepted => accepted,
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip()),
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether the connection was gone before it was accepted.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
