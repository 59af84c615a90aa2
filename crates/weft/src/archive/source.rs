//! What of a data directory goes into an archive.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use weft_blobs::LocalBlobs;
use weft_store::Copied;

use super::Packer;

/// Where everything is. Nothing of it goes or changes while it is archived.
pub(crate) struct Source {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Where the databases were copied to.
    pub(crate) copies: PathBuf,
    pub(crate) copied: Copied,
    pub(crate) blobs: LocalBlobs,
    /// The pool profiles, wherever they are.
    pub(crate) profiles: PathBuf,
}

impl Source {
    /// Writes it all. Copies are removed once they were written. Compiled code is left out: it is made again from the uploaded; so are
    /// the keys of secrets.
    pub(crate) fn pack<W: Write>(&self, target: W) -> Result<W> {
        let mut packer = Packer::begin(target)?;
        for name in self.copied.databases {
            let copy = self.copies.join(name);
            packer.file(name, open(&copy)?)?;
            fs::remove_file(&copy).with_context(|| format!("{} cannot be removed", copy.display()))?;
        }
        for path in &self.copied.code {
            let name = path.strip_prefix(&self.data).unwrap_or(path);
            let file = open(path).context(
                "code that a version refers to is missing: upload it again, or delete the function",
            )?;
            packer.file(&name.to_string_lossy(), file)?;
        }
        for shard in self.blobs.kept() {
            for kept in shard? {
                packer.file(&format!("blobs/{}", kept.name), open(&kept.path)?)?;
            }
        }
        for path in profiles(&self.profiles)? {
            profile(&mut packer, &path)?;
        }
        packer.end()
    }
}

/// Profiles are changed by people at any time, so one is read at once; one that was removed meanwhile is not there.
fn profile<W: Write>(packer: &mut Packer<W>, path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match fs::read(path) {
        Ok(text) => packer.bytes(&format!("runtime-pools/{name}"), &text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// The files of profiles, in order; none where there is no directory.
fn profiles(directory: &Path) -> Result<Vec<PathBuf>> {
    let listed = || match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        listing => listing?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>(),
    };
    let mut paths = listed().with_context(|| format!("{} cannot be listed", directory.display()))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml") && path.is_file());
    paths.sort();
    Ok(paths)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("{} cannot be read", path.display()))
}
