//! Reading a record.

use std::io;
use std::path::{Path, PathBuf};

use crate::Event;

/// Why a record could not be read.
#[derive(Debug)]
pub enum TraceError {
    /// The file could not be read.
    Io(PathBuf, io::Error),
    /// No whole record begins at this byte.
    Broken(usize),
}

impl std::fmt::Display for TraceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "`{}` cannot be read: {error}", path.display()),
            Self::Broken(position) => write!(f, "no whole record begins at byte {position}"),
        }
    }
}

impl std::error::Error for TraceError {}

/// The events in the log at `path`.
pub fn read(path: &Path) -> Result<Vec<Event>, TraceError> {
    let log = std::fs::read(path).map_err(|error| TraceError::Io(path.to_owned(), error))?;
    parse(&log)
}

/// The events in a log.
pub fn parse(log: &[u8]) -> Result<Vec<Event>, TraceError> {
    let mut events = Vec::new();
    let mut left = log;
    while !left.is_empty() {
        let (event, rest) = Event::decode(left).ok_or(TraceError::Broken(log.len() - left.len()))?;
        events.push(event);
        left = rest;
    }
    Ok(events)
}
