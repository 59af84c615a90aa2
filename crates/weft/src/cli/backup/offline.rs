//! The data directory of a server that is stopped.

use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use weft_blobs::LocalBlobs;
use weft_store::{Copies, CopyError, OpenError, Stop};

use crate::archive::Source;
use crate::config::{self, ServeLayers};
use crate::failure::{Exit, Failure};
use crate::serve::profiles;

/// Writes the archive; `scratch` is where databases are copied to on the way.
pub(super) async fn write(target: File, data: &Path, scratch: &Path, file: config::File) -> Result<File> {
    let serve = ServeLayers::default().over(file).serve.resolve()?;
    let copies = Copies::offline(data).map_err(refused)?;
    let blobs = LocalBlobs::open(data.join("blobs"), weft_blobs::Options::default())
        .await
        .context("the blobs cannot be opened")?;
    make(scratch)?;
    let outcome = pack(
        target,
        (&copies, blobs),
        scratch,
        profiles::place(&serve.profiles, data),
    )
    .await;
    let cleaned = clean(scratch);
    // What went wrong first says more.
    outcome.and_then(|target| cleaned.map(|()| target))
}

async fn pack(
    target: File,
    (copies, blobs): (&Copies, LocalBlobs),
    scratch: &Path,
    profiles: PathBuf,
) -> Result<File> {
    // Nobody else is there who could delete anything.
    let hold = std::future::ready(());
    let copied = copies
        .write(scratch, &Stop::default(), hold)
        .await
        .map_err(refused)?;
    let source = Source {
        data: copies.directory().to_owned(),
        copies: scratch.to_owned(),
        copied,
        blobs,
        profiles,
    };
    tokio::task::spawn_blocking(move || source.pack(target)).await?
}

/// A directory that only its owner may look into. One that is there may be anybody's.
fn make(scratch: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(scratch) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let message = format!(
                "{} is there already, where the databases are to be copied to",
                scratch.display()
            );
            Err(Failure::usage(message)
                .hint("remove it if it was left by a backup that was killed, or name another archive")
                .into())
        }
        made => made.with_context(|| format!("{} cannot be made", scratch.display())),
    }
}

fn clean(scratch: &Path) -> Result<()> {
    match fs::remove_dir_all(scratch) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", scratch.display()))
        }
        _ => Ok(()),
    }
}

fn refused(error: CopyError) -> anyhow::Error {
    match error {
        CopyError::Open(OpenError::InUse { .. }) => Failure::new(Exit::Error, error.to_string())
            .hint(
                "--data is for a server that is stopped; without it, the server that runs makes the archive",
            )
            .into(),
        CopyError::Elsewhere { .. } => Failure::usage(error.to_string())
            .hint("`pg_dump` backs up the runs, and a copy of the directory the rest (docs/operations.md)")
            .into(),
        CopyError::Missing { .. } => Failure::usage(error.to_string()).into(),
        other => other.into(),
    }
}
