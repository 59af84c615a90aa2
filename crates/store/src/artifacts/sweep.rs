//! Removing code that no version refers to any more.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use weft_function_engine::port::StorageError;
use weft_types::Digest;

use super::compiled::{Forms, sidecar_of};
use super::layout::{self, Layout};
use super::{FileArtifacts, Inner};

/// Code files that were there when the store was opened and may be swept: whatever is kept again leaves the set, so that
/// an upload which has not reached the registry yet is never taken for rubbish.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    code: HashSet<Digest>,
    compiled: HashSet<(String, Digest)>,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploaded files.
    pub code: usize,
    /// Compiled files.
    pub compiled: usize,
}

impl Candidates {
    /// Everything there is.
    pub(super) fn found(layout: &Layout) -> Result<Self, StorageError> {
        let mut found = Self::default();
        for name in layout::names(layout.wasm())? {
            found.code.extend(name.strip_suffix(".wasm").and_then(digest));
        }
        for key in layout::names(layout.compiled())? {
            let Some(form) = layout.form(&key).filter(|path| path.is_dir()) else {
                continue;
            };
            for name in layout::names(&form)? {
                // A sidecar alone is a candidate like a file alone.
                let digest = digest(name.strip_suffix(".b3").unwrap_or(&name));
                found.compiled.extend(digest.map(|digest| (key.clone(), digest)));
            }
        }
        Ok(found)
    }

    /// Its compiled forms may be in use from now on, too.
    pub(super) fn kept_code(&mut self, digest: Digest) {
        if self.code.remove(&digest) {
            self.compiled.retain(|(_, candidate)| *candidate != digest);
        }
    }

    pub(super) fn kept_compiled(&mut self, key: &str, digest: Digest) {
        self.compiled.remove(&(key.to_owned(), digest));
    }
}

/// A poisoned set is as good as any: no operation on it has a middle.
pub(super) fn lock(candidates: &Mutex<Candidates>) -> MutexGuard<'_, Candidates> {
    candidates.lock().unwrap_or_else(PoisonError::into_inner)
}

fn digest(hex: &str) -> Option<Digest> {
    format!("blake3:{hex}").parse().ok()
}

impl FileArtifacts {
    /// Removes the files that were there at start, belong to no digest in `referenced` and have not been kept since.
    ///
    /// `referenced` must hold the code of every version the registry knew when the store was opened. Meant to run once,
    /// in the background, for what a crash or a removal that failed has left.
    pub async fn sweep(&self, referenced: HashSet<Digest>) -> Result<Swept, StorageError> {
        self.blocking(move |inner| inner.sweep(&referenced)).await
    }
}

impl Inner {
    fn sweep(&self, referenced: &HashSet<Digest>) -> Result<Swept, StorageError> {
        self.disk.check()?;
        let (code, compiled) = {
            let candidates = lock(&self.candidates);
            let code: Vec<_> = candidates.code.difference(referenced).copied().collect();
            let compiled: Vec<_> = candidates
                .compiled
                .iter()
                .filter(|(_, digest)| !referenced.contains(digest))
                .cloned()
                .collect();
            (code, compiled)
        };
        let mut swept = Swept::default();
        for digest in code {
            swept.code += usize::from(self.sweep_code(digest)?);
        }
        for (key, digest) in compiled {
            swept.compiled += usize::from(self.sweep_compiled(&key, digest)?);
        }
        *lock(&self.candidates) = Candidates::default();
        Ok(swept)
    }

    /// Compiled forms first: without the code that they were made from they are of no use.
    pub(super) fn remove(&self, digest: Digest) -> Result<(), StorageError> {
        self.disk.check()?;
        {
            let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
            for key in layout::names(self.layout.compiled())? {
                if let Some(form) = self.layout.form(&key) {
                    remove_compiled(&mut forms, &form, digest)?;
                }
            }
        }
        layout::remove(&self.layout.code(digest)).map(drop)
    }

    fn sweep_code(&self, digest: Digest) -> Result<bool, StorageError> {
        // Held while the file is removed, so that a `keep` of the same code comes before or after.
        let mut candidates = lock(&self.candidates);
        if !candidates.code.remove(&digest) {
            return Ok(false);
        }
        layout::remove(&self.layout.code(digest))
    }

    fn sweep_compiled(&self, key: &str, digest: Digest) -> Result<bool, StorageError> {
        let Some(form) = self.layout.form(key) else {
            return Ok(false);
        };
        // Both held while the files are removed, so that keeping the same comes before or after.
        let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut candidates = lock(&self.candidates);
        if !candidates.compiled.remove(&(key.to_owned(), digest)) {
            return Ok(false);
        }
        remove_compiled(&mut forms, &form, digest)
    }
}

/// Which of the two names the disk forgets first does not matter: each alone is no compiled code. The directory is
/// synced before it is next written to (see `create_form`), so that nothing removed here comes back beside it.
fn remove_compiled(forms: &mut Forms, form: &Path, digest: Digest) -> Result<bool, StorageError> {
    let path = form.join(digest.hex());
    forms.remove(form);
    layout::remove(&sidecar_of(&path))?;
    layout::remove(&path)
}
