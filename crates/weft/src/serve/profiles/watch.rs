//! Taking up what was changed in the directory of profiles.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use weft_function_engine::Engine;

use super::directory::{Directory, Look};

/// The time between two looks at the directory.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Takes up changed profiles: within about a second, or at once when asked by SIGHUP.
pub(crate) struct Watch {
    engine: Engine,
    directory: Directory,
    hangups: Signal,
}

impl Watch {
    /// From when this is made on, SIGHUP no longer ends the server.
    pub(crate) fn new(engine: Engine, directory: Directory) -> io::Result<Self> {
        Ok(Self {
            engine,
            directory,
            hangups: signal(SignalKind::hangup())?,
        })
    }

    /// Goes on until the server ends.
    pub(crate) async fn run(mut self) {
        let mut seen = Look::new();
        loop {
            let asked = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                _ = self.hangups.recv() => true,
            };
            let directory = self.directory.clone();
            let looked = match tokio::task::spawn_blocking(move || directory.look()).await {
                Ok(Ok(looked)) => looked,
                Ok(Err(error)) => {
                    tracing::error!(%error, "the pool profiles cannot be read, and stay as they are");
                    continue;
                }
                // The server ends.
                Err(_) => return,
            };
            if asked || looked != seen {
                self.reload().await;
                seen = looked;
            }
        }
    }

    async fn reload(&self) {
        // What becomes of each profile is logged where it is decided.
        if let Err(error) = self.engine.reload_profiles().await {
            tracing::error!(%error, "the pool profiles cannot be taken up, and stay as they are");
        }
    }
}
