//! The bounds of the engine.

use std::time::Duration;

use weft_quotas::Accounts;
use weft_types::image::Bounds;

/// What the engine keeps to. All of it holds for one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// What projects may use. By default nothing is limited.
    pub accounts: Accounts,
    /// The name of this machine, as runs' records tell it. Default empty.
    pub host: String,
    /// Runs that execute at once; more wait. Those that only sleep, await an event or are paused do not count,
    /// and those that functions started are counted by themselves for each depth: whoever waits for them keeps its place. Default 10,000.
    pub runs: u32,
    /// Runs that wait to be admitted; more are refused. Default 10,000.
    pub waiting_runs: u32,
    /// Open runs in all, nested ones and those that sleep included; more are refused. Default 200,000.
    pub open_runs: usize,
    /// Attempts at calls of functions that execute at once, over all runs; more wait. Those of runs that functions started are counted
    /// by themselves for each depth. Default 4,096.
    pub calls: u32,
    /// Of those, how many one run has at once, those of its nested runs included; more wait. Likewise how many attempts at calls of
    /// workflows, but each nested run counts its own: were they counted together, nested runs could wait for the end of those around
    /// them. Default 256.
    pub run_parallelism: usize,
    /// How deep runs nest: one that no other run and no function started is at 0, one within a run or started by a function that was
    /// called at some depth is one deeper. Default 16.
    pub depth: u32,
    /// Values larger than this are kept in the blob store and held by address, in bytes of their image. Default 16 KiB.
    pub inline_bytes: usize,
    /// Bounds on a value that is read back from the journal or a blob. Default 256 MiB and 4,000,000 elements.
    pub values: Bounds,
    /// Values by address that are also kept in memory, in bytes. Default 256 MiB.
    pub resident_bytes: usize,
    /// Results kept for nodes that may reuse them, in bytes. Default 64 MiB.
    pub cache_bytes: usize,
    /// Idempotency keys that are remembered; calls with new ones are refused while there are as many. About 100 bytes each.
    /// Default 1,000,000.
    pub keys: usize,
    /// How long a key is remembered. Default 24 h.
    pub key_lifetime: Duration,
    /// Outcomes of express runs that are kept with their keys, in bytes: their records follow a little later, and not in all cases.
    /// What has no room is looked up in the records. Default 16 MiB.
    pub key_outcome_bytes: usize,
    /// What a run gathers before it passes it to the journal, in bytes. It does so anyway whenever it waits. Default 64 KiB.
    pub outbox_bytes: usize,
    /// What is kept of the events of a run that is not journalled, in bytes; its record says the rest. Default 1 MiB.
    pub express_bytes: usize,
    /// Requests to one run (cancel, pause, …) that wait to be taken up; more are refused. Default 64.
    pub orders: usize,
    /// Labels of a run. Default 64, names and values of at most 256 bytes.
    pub labels: usize,
    /// The free members of a run, in bytes of JSON. Default 64 KiB.
    pub extras_bytes: usize,
    /// Steps that a run takes before it lets others have the core. Default 32.
    pub turn: u32,
    /// Functions made ready ahead of a node's end, those first that no condition may skip. Default 8.
    pub warm_ahead: usize,
    /// Workflows with metrics of their own; the others share one series. Default 10,000.
    pub metric_series: usize,
    /// When it is worth to try again what was refused, and how often a full disk is. Default 1 s.
    pub retry_after: Duration,
    /// How long the engine waits before it passes on what the journal had no room for. Default 10 ms.
    pub journal_pause: Duration,
}

/// Longest name or value of a label, submitter or key, in bytes.
pub const MAX_TEXT: usize = 256;
/// Longest reason for a cancellation, in bytes.
pub const MAX_REASON: usize = 4 << 10;

impl Default for Config {
    fn default() -> Self {
        const KIB: usize = 1 << 10;
        const MIB: usize = 1 << 20;
        Self {
            host: String::new(),
            runs: 10_000,
            waiting_runs: 10_000,
            accounts: Accounts::default(),
            open_runs: 200_000,
            calls: 4_096,
            run_parallelism: 256,
            depth: 16,
            inline_bytes: 16 * KIB,
            values: Bounds {
                bytes: 256 * MIB,
                elements: 4_000_000,
            },
            resident_bytes: 256 * MIB,
            cache_bytes: 64 * MIB,
            keys: 1_000_000,
            key_lifetime: Duration::from_secs(24 * 3600),
            key_outcome_bytes: 16 * MIB,
            outbox_bytes: 64 * KIB,
            express_bytes: MIB,
            orders: 64,
            labels: 64,
            extras_bytes: 64 * KIB,
            turn: 32,
            warm_ahead: 8,
            metric_series: 10_000,
            retry_after: Duration::from_secs(1),
            journal_pause: Duration::from_millis(10),
        }
    }
}
