//! A database that goes away, and comes back.
//!
//! Whoever waits is told once the first try to reach it failed, and nothing is taken from then on. What was taken stays queued, and what was
//! being written is kept until it is known whether it is stored.

use weft_workflow_engine::port::journal::Hold;

use super::{Over, RETRY, Thread};
use crate::error::Error;
use crate::journal::backend::{LogWriter, Opened};

impl<W: LogWriter> Thread<W> {
    /// Looks whether the database is still there, and nobody else has opened the journal.
    pub(super) fn look(&mut self) -> Result<(), Over> {
        match self.runtime.block_on(self.writer.look()) {
            Err(Error::Lost(told)) => self.resume(&told).map(drop),
            Err(error @ Error::Superseded) => Err(self.fail(error)),
            // Whatever else it is, the next commit meets it.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Waits for the database, however long that takes, and tells what it has of the journal.
    pub(super) fn resume(&mut self, told: &str) -> Result<Opened, Over> {
        tracing::warn!(why = told, "the connection to the database of runs was lost");
        self.holding.lost();
        let mut delay = RETRY.0;
        loop {
            match self.runtime.block_on(self.writer.resume()) {
                Ok(found) if found.stored < self.stored => return Err(self.fail(self.rows_are_gone(found))),
                Ok(found) => {
                    tracing::info!("the database of runs answers: runs go on");
                    self.queue.release();
                    return Ok(found);
                }
                Err(error) if error.may_pass() => {
                    if self.queue.held() != Some(Hold::DatabaseAway) {
                        tracing::error!(%error, "the database of runs does not answer: runs wait until it does");
                    }
                    if !self.queue.hold(Hold::DatabaseAway, delay) {
                        return Err(Over);
                    }
                }
                Err(error) => return Err(self.fail(error)),
            }
            delay = (delay * 2).min(RETRY.1);
        }
    }

    /// A database that was put back, or that did not keep what it had acknowledged: nothing may follow upon that.
    fn rows_are_gone(&self, found: Opened) -> Error {
        Error::Corrupt(format!(
            "the database has the journal up to row {}, but had acknowledged it up to row {}",
            found.stored, self.stored
        ))
    }
}
