//! What a pool would do under a given traffic: a simulation of discrete events, pure and repeatable by its seed.
//!
//! The [`Trace`] says who calls and how long calls take. The pool is that of a [`Profile`]: its slots,
//! queue and reuse, the real [autoscaler](crate::autoscale), the real [balancing](crate::balance) and the real
//! [`FairQueue`](crate::FairQueue). What comes out is a [`Report`], which [`plot()`] draws.

use std::time::Duration;

use crate::profile::{Level, Profile};

mod error;
mod instances;
mod plot;
mod report;
mod trace;
mod world;

pub use error::{SimulationError, TraceError};
pub use plot::plot;
pub use report::{Calls, Change, Moment, Report};
pub use trace::{Load, Row, Service, Trace};

/// Calls that one simulation makes at most.
pub const MAX_CALLS: u64 = 5_000_000;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// How the pool is bounded and scaled.
    pub profile: Profile,
    /// Two simulations that differ in nothing have the same report.
    pub seed: u64,
    /// How long an instance takes until it can work.
    pub start: Duration,
    /// Calls that an instance works on at the same time; others that it was given wait within it, in order.
    pub at_once: u32,
    /// Which of the instances with a free slot takes a call.
    pub balance: Balance,
}

/// Which of several instances takes a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// The emptier of two at random, as pools do.
    #[default]
    TwoChoices,
    /// One at random.
    Random,
    /// One after the other.
    InTurn,
}

impl Simulation {
    /// A pool of a profile as it usually is: instances of its level's speed that work on all their slots at once.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let start = match profile.level {
            Level::Sandbox => Duration::from_micros(8),
            Level::Process => Duration::from_micros(1_500),
            Level::Container => Duration::from_micros(5_400),
        };
        Self {
            at_once: profile.slots,
            start,
            profile,
            seed: 1,
            balance: Balance::default(),
        }
    }

    /// Simulates the traffic, and then until no call is left and the pool is down to its `min`.
    ///
    /// # Errors
    /// Where the trace makes more than [`MAX_CALLS`] calls.
    pub fn run(&self, trace: &Trace) -> Result<Report, SimulationError> {
        world::World::new(self, trace).run()
    }
}

#[cfg(test)]
mod tests;
