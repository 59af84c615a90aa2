//! Encrypted connections: the certificate, and its successors.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use weft_api::serve::Tls;

use crate::config;
use crate::failure::Failure;

/// Reads the certificate that is configured; none where connections are not encrypted.
pub(crate) fn read(access: &config::Access) -> Result<Option<Tls>, Failure> {
    let (certificate, key) = (&access.tls_certificate, &access.tls_key);
    match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Tls::read(certificate, key)
            .map(Some)
            .map_err(|error| Failure::usage(error.to_string()).hint("both are files in PEM; the certificate comes first in its file, then those that lead to its authority")),
        (true, false) => Err(Failure::usage("--tls-key names a key, and no certificate is named")
            .hint("name its certificate with --tls-certificate")),
        (false, true) => Err(
            Failure::usage("--tls-certificate names a certificate, and no key is named")
                .hint("name its key with --tls-key"),
        ),
    }
}

/// Reads the certificate anew whenever its files have changed, looking every so often. Looking is enough wherever files come
/// from: some are replaced, some are links to directories that are.
pub(crate) async fn renew(tls: Tls, access: config::Access) {
    let every = access.tls_reload_every.0;
    if every.is_zero() {
        return;
    }
    let files = [access.tls_certificate, access.tls_key];
    let mut seen = stamps(&files).await;
    let mut timer = tokio::time::interval(every.max(Duration::from_millis(10)));
    loop {
        timer.tick().await;
        let found = stamps(&files).await;
        if found == seen {
            continue;
        }
        match tls.reload() {
            Ok(()) => tracing::info!(certificate = %files[0].display(), "the certificate was read anew"),
            // Half of a replacement, perhaps: the other half changes the files again.
            Err(error) => {
                tracing::warn!(%error, "the certificate was not read anew; the one before stays in use")
            }
        }
        seen = found;
    }
}

/// What tells one file's content from another's without reading it.
type Stamp = Option<(SystemTime, u64)>;

async fn stamps(files: &[PathBuf; 2]) -> [Stamp; 2] {
    [stamp(&files[0]).await, stamp(&files[1]).await]
}

async fn stamp(file: &Path) -> Stamp {
    let metadata = tokio::fs::metadata(file).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
