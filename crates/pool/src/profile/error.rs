//! Why a profile cannot be used.

use std::path::PathBuf;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The text is wrong somewhere.
    #[error("runtime-pools/{name}.toml:{line}:{column}: {message}")]
    Invalid {
        /// The profile.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A file whose name cannot name a profile.
    #[error("`{}` cannot name a profile: lower-case letters, digits and hyphens, beginning with a letter, can", .0.display())]
    Name(PathBuf),
    /// The file system failed.
    #[error("reading `{}` failed: {source}", .path.display())]
    Io {
        /// What was being read.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}
