//! Archives of all that a server keeps: how they are written, and put into place again.
//!
//! ```text
//! format.json        {"format": 1, "weft": "…"}, so that a newer one is told before anything else is read
//! records.db …       the databases, code, blobs and pool profiles, at the paths they have in a data directory
//! digests/1.json …   after so many files, and after the last: the path, bytes and BLAKE3 hash of each since the one before
//! end.json           how many files and bytes there are, and the hash of every byte before this: without it the archive is torn
//! ```
//!
//! It is a tar file, so that other programs can look into it. It is written and read in one go, with memory for one piece and the
//! digests of so many files, however many there are. No byte of it can be another without its being refused: what is in a file
//! does not match its digest, and all else the hash at the end.
//!
//! The keys that secrets are encrypted with are never in it: whoever has an archive does not have the secrets.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

mod pack;
mod place;
mod problem;
mod read;
mod source;

pub(crate) use pack::Packer;
pub(crate) use place::restore;
pub(crate) use problem::Problem;
pub(crate) use read::{Contents, read};
pub(crate) use source::Source;

/// The number of the format; it goes up whenever an older version could not read it rightly.
pub(crate) const FORMAT: u32 = 1;
/// The first file.
const HEAD: &str = "format.json";
/// Where digests are.
const DIGESTS: &str = "digests/";
/// The last.
const END: &str = "end.json";
/// Files between two digests, at most.
const AT_ONCE: usize = 1024;
/// The longest name in it, in bytes.
const MAX_PATH: u64 = 4096;
/// The longest of our own texts in it, in bytes: digests have about 250 for each file.
const MAX_TEXT: u64 = 1 << 20;

/// What an archive says of itself first.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    weft: String,
}

/// The files since the digests before.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Digests {
    files: Vec<Entry>,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    path: String,
    bytes: u64,
    blake3: String,
}

/// What an archive says of itself last.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    files: u64,
    bytes: u64,
    blake3: String,
}

/// Whether a file with this path may be put below a data directory: it leads nowhere else, and is one that archives have. Above all,
/// code that is compiled is not: it is executed as it is, and only this machine's own compiler may bring it.
fn is_fitting(path: &str) -> bool {
    let plain = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let parts: Vec<_> = path.split('/').collect();
    plain
        && match parts[..] {
            ["records.db" | "journal.db" | "kv.db" | "weft.db"] => true,
            ["artifacts", "wasm", code] => code.ends_with(".wasm"),
            ["blobs", "data", _, _] => true,
            ["runtime-pools", profile] => profile.ends_with(".toml"),
            _ => false,
        }
}

#[cfg(test)]
mod tests;
