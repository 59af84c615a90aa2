//! What a compiling process says on its standard output: one JSON document.

use serde::{Deserialize, Serialize};
use weft_function_engine::port::{PrepareError, StorageError};
use weft_types::version::Inspection;

use super::Settings;

/// The whole of what a child says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// What came of it.
    pub(super) outcome: Outcome,
    /// Confinement that the host lacks, each with the reason.
    pub(super) missing: Vec<String>,
}

/// What came of a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The compiled file is written.
    Prepared(Box<Inspection>),
    /// The code is not for this platform: what was found and what would work.
    Refused(String),
    /// The compiler failed on valid code.
    Failed(String),
    /// There is no space for the compiled file.
    Full,
    /// The compiled file is larger than allowed.
    TooLarge,
    /// A file could not be read or written.
    Storage(String),
    /// What was tried from within the sandbox and succeeded nevertheless.
    Probed(Vec<String>),
}

impl Outcome {
    /// The error that an outcome other than success is.
    pub(super) fn into_error(self, settings: &Settings) -> PrepareError {
        match self {
            Self::Refused(why) => PrepareError::Refused(why),
            Self::Failed(why) => PrepareError::Died(format!("the compiler failed: {why}")),
            Self::Full => PrepareError::Storage(StorageError::Full),
            Self::TooLarge => PrepareError::Refused(format!(
                "the compiled code is larger than the limit of {} MiB",
                settings.output >> 20
            )),
            Self::Storage(why) => PrepareError::Storage(StorageError::Io {
                doing: "compiling from file to file",
                source: std::io::Error::other(why),
            }),
            Self::Prepared(_) | Self::Probed(_) => {
                PrepareError::Died("it answered something that was not asked".to_owned())
            }
        }
    }
}
