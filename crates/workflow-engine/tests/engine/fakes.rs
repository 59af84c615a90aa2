//! The ports, kept in memory.

pub(crate) mod blobs;
pub(crate) mod calls;
pub(crate) mod clock;
pub(crate) mod journal;
pub(crate) mod records;
pub(crate) mod workflows;
