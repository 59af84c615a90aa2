//! Whether a directory keeps what was promised.

use std::fs;
use std::path::Path;

use weft_blobs::{LocalBlobs, Options};
use weft_types::value::{BlobAddress, Form};
use weft_workflow_engine::port::blobs::{BlobError, Blobs};

use crate::ledger::Ledger;
use crate::workload::{THERE, digest, project, sample};

/// What is wrong, for people.
pub(crate) type Verdict = Result<(), String>;

/// Opens the blobs in `data` and compares them with the ledger.
pub(crate) async fn judge(data: &Path, ledger: &Ledger) -> Verdict {
    let blobs = LocalBlobs::open(data, Options::default()).await;
    let blobs = blobs.map_err(|error| format!("it does not open: {error}"))?;
    for (thing, allowed) in ledger.things() {
        let found = look(&blobs, thing).await?;
        if !allowed.iter().any(|allowed| allowed == found) {
            return Err(format!("{thing} is `{found}`, and may be one of {allowed:?}"));
        }
    }
    match fs::read_dir(data.join("tmp")).unwrap().next() {
        Some(left) => Err(format!("{left:?} was left in the temporary directory")),
        None => Ok(()),
    }
}

async fn look(blobs: &LocalBlobs, thing: &str) -> Result<&'static str, String> {
    let words: Vec<&str> = thing.split('/').collect();
    let ["blob", name, n] = words[..] else {
        return Err(format!("`{thing}` is not a thing"));
    };
    let n = n.parse().unwrap();
    let address = BlobAddress {
        digest: digest(n),
        length: sample(n).len() as u64,
        form: Form::Raw,
    };
    match blobs.get(&project(name), &address).await {
        Ok(bytes) if bytes == sample(n) => Ok(THERE),
        Ok(_) => Err(format!("{thing} has other bytes")),
        Err(BlobError::Missing(_)) => Ok(""),
        Err(error) => Err(format!("{thing}: {error}")),
    }
}
