//! Secrets, and the file of the keys that they are encrypted with.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use weft_function_engine::port::Secrets;
use weft_secrets::{Keys, SecretStore, Vault};
use weft_store::Store;
use weft_types::{ProjectName, SecretName, SecretText};

use crate::config;
use crate::failure::Failure;

/// The largest file of keys, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// The vault, as what sends requests sees it.
pub(crate) struct Sent(pub(crate) Arc<Vault>);

impl Secrets for Sent {
    fn text(&self, project: &ProjectName, name: &SecretName) -> Option<SecretText> {
        self.0.text(project, name)
    }
}

/// Opens the vault with the keys of the file, which is made where it is missing and nothing was encrypted yet.
pub(crate) async fn open(settings: &config::Access, store: &Store, data: &Path) -> Result<Arc<Vault>> {
    let file = match settings.secrets_key_file.as_os_str().is_empty() {
        true => data.join("secrets.key"),
        false => settings.secrets_key_file.clone(),
    };
    let store = store.access();
    let kept = SecretStore::load(&*store)
        .await
        .context("the secrets cannot be read")?;
    let is_new = kept.is_empty();
    let keys = tokio::task::spawn_blocking({
        let file = file.clone();
        move || keys(&file, is_new)
    })
    .await??;
    let vault = Vault::open(store, keys).await;
    vault.map_err(|error| {
        Failure::usage(error.to_string())
            .hint(format!(
                "{} holds the keys, one a line; those that were in use belong below the first",
                file.display()
            ))
            .into()
    })
}

fn keys(file: &Path, is_new: bool) -> Result<Keys> {
    let shown = file.display();
    let text = match read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && is_new => {
            let text = Keys::draw()?;
            write(file, &text).with_context(|| format!("{shown} cannot be written"))?;
            text
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("there are secrets, and {shown} with the keys that open them is missing");
            return Err(Failure::usage(message)
                .hint("--secrets-key-file names where it is; without it the secrets are lost")
                .into());
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(Failure::usage(format!("{shown}: {error}"))
                .hint("the file of keys belongs to the server alone: `chmod 600`")
                .into());
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
    };
    Keys::read(&text).map_err(|error| Failure::usage(format!("{shown}: {error}")).into())
}

/// Reads a file that nobody else may read.
fn read(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::new(
            ErrorKind::PermissionDenied,
            "others than its owner may read or write it",
        ));
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes it so that it is there whole, or not at all, whatever happens.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_keys_is_made_once_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secrets.key");
        let refused = keys(&file, false).unwrap_err().to_string();
        assert!(refused.contains("is missing"), "{refused}");

        keys(&file, true).unwrap();
        let made = std::fs::read(&file).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        keys(&file, true).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), made);

        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = keys(&file, true).unwrap_err().to_string();
        assert!(refused.contains("others than its owner"), "{refused}");
    }
}
