//! What is shown while something takes long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(100);

/// A bar while bytes are sent, then a spinner while the server works. Gone when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(visible: bool) -> Self {
        Self(if visible {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        })
    }

    /// Shows how much of `total` bytes is done from now on.
    pub(crate) fn bytes(&self, what: &str, total: u64) {
        let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        self.0.set_style(style);
        self.0.set_length(total);
        self.0.set_message(what.to_owned());
    }

    /// Shows what is waited for, however long it takes.
    pub(crate) fn waiting(&self, what: &'static str) {
        self.0.set_style(ProgressStyle::default_spinner());
        self.0.set_message(what);
        self.0.enable_steady_tick(TICK);
    }

    /// Counts bytes that come, of which nobody knows how many there will be.
    pub(crate) fn received(&self, what: &'static str) -> impl Fn(u64) + use<> {
        let style = ProgressStyle::with_template("{spinner} {msg} {bytes}");
        self.0
            .set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        self.0.set_message(what);
        let bar = self.0.clone();
        move |bytes| bar.inc(bytes)
    }

    /// Counts bytes as done, from wherever they are sent; after the last, shows what comes `then`, however long it takes.
    pub(crate) fn counter(&self, then: &'static str) -> impl Fn(u64) + Send + Sync + 'static {
        let bar = self.0.clone();
        move |bytes| {
            bar.inc(bytes);
            if bar.length().is_some_and(|total| bar.position() >= total) {
                bar.set_style(ProgressStyle::default_spinner());
                bar.set_message(then);
                bar.enable_steady_tick(TICK);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
