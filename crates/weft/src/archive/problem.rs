//! Why an archive is not what it should be.

use std::io;
use std::path::{Path, PathBuf};

use super::FORMAT;

/// Why an archive is not restored, or not taken for whole. Nothing was put into place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("`{}` is not empty, it has `{found}`; restore into a directory that is empty or not there yet", .directory.display())]
    Occupied { directory: PathBuf, found: String },
    #[error("it is no archive of `weft backup`: {0}")]
    Foreign(String),
    #[error(
        "it has format {found}, written by weft {weft}, and this version reads formats up to {FORMAT}; restore it with that version"
    )]
    Newer { found: u32, weft: String },
    #[error(
        "it is torn: it ends after {bytes} bytes, {place}; the backup was not finished, take another archive"
    )]
    Torn { bytes: u64, place: String },
    #[error("it was altered: {0}; take another archive")]
    Altered(String),
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// What is read broke off, for a reason that is told from where it did.
    #[error("{0}")]
    Unread(io::Error),
}

/// What failed at a path.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Problem + use<> {
    let path = path.display().to_string();
    move |error| Problem::Io(path.clone(), error)
}
