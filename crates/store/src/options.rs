//! The bounds of a store.

/// How a store is run. Every bound has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Connections that read each database; each has a thread of its own.
    pub readers: u32,
    /// Bytes of write-ahead log, roughly, after which a database is checkpointed. Smaller means shorter pauses, larger
    /// means fewer.
    pub checkpoint_bytes: u64,
    /// Key-value writes that wait at most; further ones wait outside.
    pub keyvalue_queue: usize,
    /// Bytes of values in key-value writes that wait at most.
    pub keyvalue_queue_bytes: usize,
    /// Key-value writes in one transaction at most.
    pub keyvalue_batch: usize,
    /// Bytes of values after which a transaction takes no further write.
    pub keyvalue_batch_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            checkpoint_bytes: 4 << 20,
            keyvalue_queue: 1024,
            keyvalue_queue_bytes: 64 << 20,
            keyvalue_batch: 256,
            keyvalue_batch_bytes: 4 << 20,
        }
    }
}
