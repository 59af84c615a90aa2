//! Encrypted connections.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How connections are encrypted: TLS 1.2 or 1.3 with a certificate from files, which can be read anew. Cheap to clone; all clones
/// are one.
#[derive(Clone)]
pub struct Tls {
    current: Arc<ArcSwap<ServerConfig>>,
    certificate: Arc<Path>,
    key: Arc<Path>,
}

/// Why connections cannot be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has nothing of what it should.
    #[error("{} holds no {what} in PEM: {cause}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What was found.
        cause: String,
    },
    /// The key does not belong to the certificate, or either cannot be used.
    #[error("the certificate in {} and the key in {} do not serve: {cause}", certificate.display(), key.display())]
    Unfit {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        cause: rustls::Error,
    },
}

impl Tls {
    /// Reads a certificate, with those that lead to its authority behind it, and its key, both PEM.
    ///
    /// # Errors
    /// Where the files hold nothing that serves.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = read(certificate, key)?;
        Ok(Self {
            current: Arc::new(ArcSwap::from(config)),
            certificate: certificate.into(),
            key: key.into(),
        })
    }

    /// Reads both files again: new connections get what is in them now.
    ///
    /// # Errors
    /// Where the files hold nothing that serves. What was read before stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.store(read(&self.certificate, &self.key)?);
        Ok(())
    }

    pub(super) fn accept(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<TlsStream<TcpStream>>> + Send + 'static {
        TlsAcceptor::from(self.current.load_full()).accept(stream)
    }
}

/// Without the key.
impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| nothing(certificate, "certificate", &error))?;
    if chain.is_empty() {
        return Err(nothing(certificate, "certificate", &"there is none"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| nothing(key, "private key", &error))?;
    let unfit = |cause| TlsError::Unfit {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        cause,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn nothing(file: &Path, what: &'static str, cause: &dyn std::fmt::Display) -> TlsError {
    TlsError::File {
        file: file.to_owned(),
        what,
        cause: cause.to_string(),
    }
}
