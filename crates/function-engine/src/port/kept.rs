//! What there is to see of instances that a level keeps by itself, such as processes.

use std::time::Duration;

/// Instances beside those of the engine's own pool, at one moment. Times are counted back from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Each that is there, in the order of their starts.
    pub instances: Vec<KeptInstance>,
    /// The most there may be.
    pub most: u32,
    /// Calls that execute, or wait for an instance that is starting.
    pub in_flight: u32,
    /// Calls that wait for a free slot.
    pub waiting: u32,
    /// How long the first of those has waited.
    pub oldest_wait: Option<Duration>,
    /// Instances started so far.
    pub started: u64,
    /// Instances that are wanted and not started, as others crashed.
    pub backing_off: u32,
    /// What changed their number lately, the newest first; at most 32.
    pub changes: Vec<Change>,
    /// The last decision, whether or not it changed anything.
    pub decided: Option<Decided>,
    /// How many were lost, by how.
    pub losses: Losses,
    /// Why starts are held back; none where they are not.
    pub crash_loop: Option<CrashLoop>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptInstance {
    /// Counts the instances of the pool, from 1.
    pub number: u64,
    /// What it does.
    pub state: InstanceState,
    /// How long ago its start began.
    pub age: Duration,
    /// Calls that it serves now.
    pub in_flight: u32,
    /// Calls that it served.
    pub served: u32,
    /// What it uses, where that was asked for and is known.
    pub usage: Option<InstanceUsage>,
}

/// What an instance uses of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceUsage {
    /// Memory now, in bytes.
    pub memory: u64,
    /// The most it was, in bytes, where that is known.
    pub peak_memory: Option<u64>,
    /// Processor time since its start.
    pub cpu_time: Duration,
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// It cannot be called yet.
    Starting,
    /// It serves no call.
    Idle,
    /// It serves calls.
    Busy,
    /// It takes no more calls, and ends with those that it serves.
    Draining,
    /// It was not started, as others crashed.
    BackingOff,
}

/// A change of the number of instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How long ago.
    pub ago: Duration,
    /// How many there were afterwards.
    pub instances: u32,
    /// How many were started.
    pub started: u32,
    /// How many ended.
    pub ended: u32,
    /// Why, in words.
    pub reason: String,
}

/// A decision on the number of instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// How long ago.
    pub ago: Duration,
    /// How many there should be.
    pub desired: u32,
    /// Why, in words.
    pub reason: String,
}

/// Instances that ended and should not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Their memory ran out.
    pub memory: u64,
    /// They crashed, or were killed by somebody else.
    pub crash: u64,
    /// They did not end a call in time, and were killed.
    pub hang: u64,
    /// They broke the protocol, and were killed.
    pub protocol: u64,
    /// They were not ready in time, and were killed.
    pub start: u64,
}

/// Instances that crash before they serve any call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashLoop {
    /// How many in a row.
    pub crashes: u32,
    /// What the last one died of.
    pub cause: String,
    /// How long until the next one is tried; zero while one may be.
    pub next: Duration,
}
