//! The memory of all guests that execute in the server's own process: bounded together, and given up by idle ones first.

#[cfg(feature = "server")]
use std::sync::Arc;

mod budget;
mod idle;

use budget::Budget;
use idle::Idle;
pub(crate) use idle::Place;

/// What all guests have of the memory that they may have together.
pub(crate) struct Memory {
    budget: Budget,
    idle: Idle,
}

/// What guests have, and may have, for those who watch it.
#[cfg(feature = "server")]
#[derive(Clone)]
pub struct GuestMemory(pub(crate) Arc<Memory>);

impl Memory {
    /// Memory of at most `bound` bytes.
    pub(crate) fn new(bound: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            budget: Budget::new(bound, cores),
            idle: Idle::default(),
        }
    }

    /// Takes `more` bytes for an instance that has `had`. Instances that nobody calls end where it takes that.
    ///
    /// # Errors
    /// Where there is not so much left: the bound.
    pub(crate) fn take(&self, had: u64, more: u64) -> Result<(), u64> {
        while !self.budget.take(had, more) {
            if !self.idle.end_one() {
                return Err(self.budget.bound());
            }
        }
        Ok(())
    }

    /// Gives back all that an instance had.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.budget.give_back(bytes);
    }

    /// Where an instance is kept between its calls, unless it ends for others.
    pub(crate) fn place(&self) -> Place {
        self.idle.place()
    }
}

#[cfg(feature = "server")]
impl GuestMemory {
    /// Bytes that guests have.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.0.budget.used()
    }

    /// Bytes that they may have.
    #[must_use]
    pub fn bound(&self) -> u64 {
        self.0.budget.bound()
    }
}

#[cfg(feature = "server")]
impl std::fmt::Debug for GuestMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuestMemory")
            .field("used", &self.used())
            .field("bound", &self.bound())
            .finish()
    }
}
