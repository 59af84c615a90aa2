//! Compiled files and the hashes that vouch for them.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use weft_function_engine::port::{Compiled, StorageError};
use weft_types::Digest;

use super::layout::{self, Layout, bad_key};
use super::{Inner, sweep};
use crate::disk::failure;

/// The directories of compiled forms that this process has made durable.
pub(super) type Forms = HashSet<PathBuf>;

/// The compiled file and its sidecar, where both are there and the sidecar is one.
pub(super) fn find(layout: &Layout, digest: Digest, key: &str) -> Option<Compiled> {
    let path = layout.form(key)?.join(digest.hex());
    let digest = fs::read_to_string(sidecar_of(&path)).ok()?.parse().ok()?;
    path.is_file().then_some(Compiled { path, digest })
}

/// `<hex>.b3` beside `<hex>`.
pub(super) fn sidecar_of(path: &Path) -> PathBuf {
    path.with_added_extension("b3")
}

impl Inner {
    /// Keeps a compiled file with its sidecar.
    ///
    /// The disk may keep any of the names changed since the directory's last sync and lose the others. So an old sidecar
    /// is gone for good before its file is replaced, and the file is replaced for good before a new sidecar appears.
    pub(super) fn keep_compiled(
        &self,
        digest: Digest,
        key: &str,
        from: &Path,
    ) -> Result<Compiled, StorageError> {
        self.disk.check()?;
        let directory = self.layout.form(key).ok_or_else(|| bad_key(key))?;
        // One at a time: two compilations of the same code must not take turns in these steps.
        let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        self.create_form(&mut forms, &directory)?;
        let path = directory.join(digest.hex());
        let sidecar = sidecar_of(&path);
        sweep::lock(&self.candidates).kept_compiled(key, digest);

        let hash = hash(from)?;
        self.settle(from)?;
        let new_sidecar = self.write_sidecar(hash)?;

        if layout::remove(&sidecar)? {
            self.disk.sync_dir(&directory, "removing a sidecar")?;
        }
        let replaces = path.exists();
        layout::rename(from, &path)?;
        if replaces {
            self.disk.sync_dir(&directory, "replacing a compiled file")?;
        }
        self.publish(&new_sidecar, &sidecar, &directory)?;
        Ok(Compiled { path, digest: hash })
    }

    /// Makes the directory and whatever an earlier process left in it durable, once.
    fn create_form(&self, forms: &mut Forms, directory: &Path) -> Result<(), StorageError> {
        if !forms.contains(directory) {
            self.disk.create_dir(directory)?;
            self.disk
                .sync_dir(directory, "opening a directory of compiled code")?;
            forms.insert(directory.to_owned());
        }
        Ok(())
    }

    fn write_sidecar(&self, hash: Digest) -> Result<PathBuf, StorageError> {
        const DOING: &str = "writing a sidecar";
        let path = self.layout.temporary("sidecar");
        let mut file = File::create_new(&path).map_err(|error| failure(DOING, error))?;
        file.write_all(hash.to_string().as_bytes())
            .map_err(|error| failure(DOING, error))?;
        self.disk.sync_file(&file, DOING)?;
        Ok(path)
    }
}

fn hash(path: &Path) -> Result<Digest, StorageError> {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update_reader(layout::open(path)?)
        .map_err(|error| failure("hashing compiled code", error))?;
    Ok(Digest::from_bytes(*hasher.finalize().as_bytes()))
}
