//! The one signal that ends serving.

use tokio::sync::watch;

/// Begins the end. Dropping it ends nothing.
#[derive(Debug)]
pub struct Shutdown(watch::Sender<bool>);

/// Learns of the end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Draining(watch::Receiver<bool>);

/// A signal and those who heed it.
pub fn channel() -> (Shutdown, Draining) {
    let (sender, receiver) = watch::channel(false);
    (Shutdown(sender), Draining(receiver))
}

impl Shutdown {
    /// Stops accepting connections and ends streams that have no end of their own; requests under way are finished.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Draining {
    /// Whether the end has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins; for ever, where nobody is left to begin it.
    pub async fn begun(&mut self) {
        if self.0.wait_for(|begun| *begun).await.is_err() {
            std::future::pending().await
        }
    }
}
