//! The end of serving: told to those who watch the server first, then begun.

use tokio::sync::watch;

/// How far the end has come, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Announced,
    Begun,
}

/// Begins the end. Dropping it ends nothing.
#[derive(Debug)]
pub struct Shutdown(watch::Sender<Stage>);

/// Learns of the end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Draining(watch::Receiver<Stage>);

/// A signal and those who heed it.
pub fn channel() -> (Shutdown, Draining) {
    let (sender, receiver) = watch::channel(Stage::Serving);
    (Shutdown(sender), Draining(receiver))
}

impl Shutdown {
    /// Tells whoever asks that the end is near (`/readyz` is 503); everything is served as before. Does nothing once it has begun.
    pub fn announce(&self) {
        self.advance(Stage::Announced);
    }

    /// Stops accepting connections and ends streams that have no end of their own; requests under way are finished.
    pub fn begin(&self) {
        self.advance(Stage::Begun);
    }

    fn advance(&self, to: Stage) {
        self.0.send_if_modified(|stage| {
            let further = *stage < to;
            *stage = to.max(*stage);
            further
        });
    }
}

impl Draining {
    /// Whether the end was announced, or has begun.
    pub fn is_announced(&self) -> bool {
        *self.0.borrow() >= Stage::Announced
    }

    /// Waits until it begins; for ever, where nobody is left to begin it.
    pub async fn begun(&mut self) {
        if self.0.wait_for(|stage| *stage == Stage::Begun).await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn an_announced_end_has_not_begun() {
        let (shutdown, mut draining) = channel();
        assert!(!draining.is_announced());
        shutdown.announce();
        assert!(draining.is_announced());
        assert_eq!(draining.begun().now_or_never(), None);
        shutdown.begin();
        assert_eq!(draining.begun().now_or_never(), Some(()));
        shutdown.announce();
        assert_eq!(draining.begun().now_or_never(), Some(()));
    }
}
