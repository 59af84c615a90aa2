//! From a name to a connection, by way of the check of its addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::Error;
use weft_function_engine::port::{NoSecrets, Secrets};
use weft_types::reach::allowed;

use super::lookups::Lookups;
use super::target::Target;

/// Bounds on outbound HTTP. A guest may ask for shorter times, not for longer ones; the call's deadline stands above all.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Resolving the name, connecting and the TLS handshake, each; 10 s by default.
    pub connect: Duration,
    /// From the request to the response's head; 60 s by default.
    pub first_byte: Duration,
    /// Between two pieces of a response's body; 60 s by default.
    pub between_bytes: Duration,
    /// Exchanges of one call at once; 32 by default.
    pub at_once: usize,
    /// Head of a response, in bytes; 64 KiB by default.
    pub head: usize,
    /// Addresses of one name that are tried; 4 by default.
    pub addresses: usize,
    /// How long an idle connection is kept for further requests; 4 s by default, as the shortest that servers usually keep theirs
    /// is 5 s. Zero keeps none, and an hour is the most.
    pub keep_alive: Duration,
    /// Idle connections that one thread keeps for a version to one scheme, host and port, at least 1; 64 by default.
    pub kept_per_host: usize,
    /// Idle connections that are kept over all versions; 256 by default. Each is an open file.
    pub kept: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            between_bytes: Duration::from_secs(60),
            at_once: 32,
            head: 64 << 10,
            addresses: 4,
            keep_alive: Duration::from_secs(4),
            kept_per_host: 64,
            kept: 256,
        }
    }
}

/// The longest that a setting may have an idle connection kept.
const MOST_KEPT: Duration = Duration::from_secs(3600);

/// Addresses being looked up.
pub(super) type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
/// Looks up the addresses of a name.
pub(super) type Resolver = Box<dyn Fn(&str) -> Resolving + Send + Sync>;

/// What all outbound connections have in common.
pub(crate) struct Client {
    pub(super) settings: Settings,
    /// One for each idle connection that is kept.
    pub(super) places: Arc<Semaphore>,
    /// What headers may name.
    pub(super) secrets: Arc<dyn Secrets>,
    resolver: Resolver,
    lookups: Lookups,
    /// Built at the first use: reading the roots takes a millisecond.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// A connection, encrypted or not.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Why no connection came about.
pub(super) enum Unconnected {
    /// Every address of the name is one that the guest may not reach; what the first of them is.
    Prohibited(&'static str),
    /// Too many names are looked up; which bound that is.
    Busy(String),
    /// Another reason.
    Failed(Error),
}

impl From<Error> for Unconnected {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Client {
    /// A client that asks the system's resolver and trusts the public roots.
    pub(crate) fn new(settings: Settings) -> Self {
        Self::with(settings, Box::new(system), None)
    }

    /// One whose requests may name secrets.
    pub(crate) fn with_secrets(mut self, secrets: Arc<dyn Secrets>) -> Self {
        self.secrets = secrets;
        self
    }

    pub(super) fn with(mut settings: Settings, resolver: Resolver, tls: Option<Arc<ClientConfig>>) -> Self {
        settings.keep_alive = settings.keep_alive.min(MOST_KEPT);
        let places = Arc::new(Semaphore::new(settings.kept.min(Semaphore::MAX_PERMITS)));
        Self {
            settings,
            places,
            secrets: Arc::new(NoSecrets),
            resolver,
            lookups: Lookups::of_all(),
            tls: tls.map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    /// Connects to an address of `target` that `private` allows, for a version whose look-ups are `own`.
    pub(super) async fn connect(
        &self,
        (target, own): (&Target, &Lookups),
        private: bool,
        patience: Duration,
    ) -> Result<Box<dyn Connection>, Unconnected> {
        let addresses = tokio::time::timeout(patience, self.resolve(target, own))
            .await
            .map_err(|_| Error::DnsTimeout)??;
        let addresses = self.permitted(&addresses, private)?;
        let stream = tokio::time::timeout(patience, open(&addresses, target.port))
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        if !target.tls {
            return Ok(Box::new(stream));
        }
        let encrypted = tokio::time::timeout(patience, self.encrypt(stream, target)).await;
        Ok(Box::new(encrypted.map_err(|_| Error::ConnectionTimeout)??))
    }

    async fn resolve(&self, target: &Target, own: &Lookups) -> Result<Vec<IpAddr>, Unconnected> {
        if let Ok(address) = target.host.parse() {
            return Ok(vec![address]);
        }
        let own = own.enter().await.map_err(Unconnected::Busy)?;
        let of_all = self.lookups.enter().await.map_err(Unconnected::Busy)?;
        let resolving = (self.resolver)(&target.host);
        // It goes on, with its places, where nobody waits for it any longer: a look-up cannot be stopped.
        let resolved = tokio::spawn(async move {
            let _places = (own, of_all);
            resolving.await
        });
        let not_found = || Error::DnsError {
            rcode: Some("name not found".to_owned()),
            info_code: None,
        };
        let addresses = resolved.await.ok().and_then(Result::ok);
        Ok(addresses.ok_or_else(not_found)?)
    }

    /// The first few addresses that may be connected to.
    fn permitted(&self, addresses: &[IpAddr], private: bool) -> Result<Vec<IpAddr>, Unconnected> {
        let mut prohibited = None;
        let mut permitted = Vec::new();
        for address in addresses {
            match allowed(*address, private) {
                Ok(()) if permitted.len() < self.settings.addresses => permitted.push(*address),
                Ok(()) => {}
                Err(what) => prohibited = prohibited.or(Some(what)),
            }
        }
        match (permitted.is_empty(), prohibited) {
            (false, _) => Ok(permitted),
            (true, Some(what)) => Err(Unconnected::Prohibited(what)),
            (true, None) => Err(Error::DestinationNotFound.into()),
        }
    }

    async fn encrypt(&self, stream: TcpStream, target: &Target) -> Result<impl Connection + use<>, Error> {
        let name = ServerName::try_from(target.host.clone()).map_err(|_| Error::HttpRequestUriInvalid)?;
        let config = self.tls.get_or_init(|| Arc::new(public_roots()));
        TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await
            .map_err(|error| tls_error(&error))
    }
}

/// Asks the system. Its answer may hold addresses more than once.
fn system(host: &str) -> Resolving {
    let host = host.to_owned();
    Box::pin(async move {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

/// Connects to the first address that answers.
async fn open(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Error> {
    let mut failure = Error::DestinationNotFound;
    for address in addresses {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(stream) => {
                // A request goes out as soon as it is written; the connection works without, only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failure = connect_error(&error),
        }
    }
    Err(failure)
}

fn connect_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Error::DestinationIpUnroutable,
        _ => Error::DestinationUnavailable,
    }
}

fn tls_error(error: &io::Error) -> Error {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        Some(_) => Error::TlsProtocolError,
        None => Error::ConnectionTerminated,
    }
}

fn public_roots() -> ClientConfig {
    trusting(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    })
}

/// A configuration that trusts `roots`.
pub(super) fn trusting(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // Fails only for a provider without a cipher suite for the default versions, which this one has.
    let builder = builder.expect("ring supports the default protocol versions");
    builder.with_root_certificates(roots).with_no_client_auth()
}
