//! Uploaded code that is still what was uploaded.

use std::fs::File;
use std::path::{Path, PathBuf};

use weft_types::{Digest, FunctionName};

use crate::Error;
use crate::engine::Inner;

impl Inner {
    /// The file of code, once its bytes were compared with the hash that names it: what a disk changed is neither compiled nor handed out.
    pub(crate) async fn intact_code(
        &self,
        digest: Digest,
        function: &FunctionName,
    ) -> Result<PathBuf, Error> {
        let lost = || Error::Platform(format!("the code {digest} of `{function}` is not in the store"));
        let path = self.ports.artifacts.code(digest).ok_or_else(lost)?;
        let file = path.clone();
        match self.blocking(move || hash(&file)).await? {
            Ok(found) if found == digest => Ok(path),
            Ok(_) => {
                tracing::error!(%digest, %function, "stored code is damaged; uploading it again mends it");
                Err(Error::Platform(format!(
                    "the code {digest} of `{function}` is damaged in the store; uploading it again mends it"
                )))
            }
            Err(error) => Err(Error::Platform(format!(
                "the code {digest} of `{function}` cannot be read: {error}"
            ))),
        }
    }
}

fn hash(path: &Path) -> std::io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Digest::from_bytes(*hasher.finalize().as_bytes()))
}
