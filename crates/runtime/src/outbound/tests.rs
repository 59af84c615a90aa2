use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::io::TokioIo;

use weft_function_engine::port::FanOut;

use super::connect::trusting;
use super::*;

mod kept;
mod lookups;

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl LogSink for Lines {
    fn line(&self, _: Uuid, _: Stream, line: &str) {
        self.0.lock().expect("lines").push(line.to_owned());
    }
}

/// A guest's view of the network: grants, a resolver that knows one address, and a log.
struct Guest {
    access: Access,
    exchanges: Exchanges,
    context: CallContext,
    lines: Arc<Lines>,
    resolved: Arc<AtomicUsize>,
}

impl Guest {
    fn new(hosts: &[&str], private_network: bool) -> Self {
        Self::with(hosts, private_network, "127.0.0.1", Settings::default(), None)
    }

    fn with(
        hosts: &[&str],
        private_network: bool,
        every_name: &str,
        settings: Settings,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Self {
        let resolved = Arc::new(AtomicUsize::new(0));
        let address: IpAddr = every_name.parse().expect("an address");
        let count = Arc::clone(&resolved);
        let resolver = move |_: &str| -> connect::Resolving {
            count.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { Ok(vec![address]) })
        };
        let client = Client::with(settings, Box::new(resolver), tls);
        Self {
            resolved,
            ..Self::of(hosts, private_network, Arc::new(client))
        }
    }

    /// One of those whose requests a client sends.
    fn of(hosts: &[&str], private_network: bool, client: Arc<Client>) -> Self {
        let http: BTreeSet<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let grants = Grants {
            http,
            private_network,
            ..Grants::default()
        };
        let lines = Arc::<Lines>::default();
        Self {
            access: Access::new(&shop(), &grants, client),
            exchanges: Exchanges::default(),
            context: context(Arc::clone(&lines)),
            lines,
            resolved: Arc::default(),
        }
    }

    async fn get(&mut self, uri: &str) -> Result<http::Response<WasiBody>, Error> {
        let request = Request::get(uri)
            .header("host", "x")
            .body(empty())
            .expect("a request");
        self.send(request, RequestOptions::default()).await
    }

    async fn send(
        &mut self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<http::Response<WasiBody>, Error> {
        let exchange = self
            .access
            .admit(&mut self.exchanges, &self.context, request, options)?;
        let (response, work) = exchange.run().await?;
        tokio::spawn(Box::into_pin(work));
        Ok(response)
    }

    fn logged(&self) -> String {
        self.lines.0.lock().expect("lines").join("\n")
    }
}

fn context(logs: Arc<Lines>) -> CallContext {
    CallContext {
        party: weft_function_engine::Party::OWN,
        invocation: Uuid::nil(),
        deadline: std::time::Instant::now() + Duration::from_secs(20),
        cpu_time: Duration::from_secs(1),
        memory: 1 << 20,
        output: 1 << 20,
        depth: 0,
        fan_out: FanOut::of(1),
        made: None,
        seed: [0; 32],
        time: jiff::Timestamp::UNIX_EPOCH,
        key: None,
        trace: TraceContext {
            trace_id: [0xab; 16],
            span_id: [0xcd; 8],
            sampled: true,
        },
        logs,
        host: None,
    }
}

fn shop() -> weft_types::ProjectName {
    "shop".parse().expect("a name")
}

fn empty() -> WasiBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

type Answer = Response<http_body_util::combinators::BoxBody<Bytes, hyper::Error>>;

/// What the server of these tests answers to each path.
async fn answer(request: Request<Incoming>) -> Result<Answer, Infallible> {
    let text = |text: String| {
        Full::new(Bytes::from(text))
            .map_err(|never| match never {})
            .boxed()
    };
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
            .unwrap_or_default()
    };
    Ok(match request.uri().path() {
        "/echo" => Response::new(request.into_body().boxed()),
        "/traceparent" => Response::new(text(header("traceparent"))),
        "/redirect" => Response::builder()
            .status(StatusCode::FOUND)
            .header("location", "http://169.254.169.254/latest/meta-data/")
            .body(text(String::new()))
            .expect("a response"),
        "/never" => std::future::pending().await,
        other => Response::new(text(format!("{other} for {}", header("host")))),
    })
}

async fn serve(tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                let server = hyper::server::conn::http1::Builder::new();
                let service = service_fn(answer);
                match tls {
                    None => server.serve_connection(TokioIo::new(stream), service).await.ok(),
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await.ok(),
                        Err(_) => None,
                    },
                }
            });
        }
    });
    address
}

async fn text(response: http::Response<WasiBody>) -> String {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn a_granted_host_answers() {
    let server = serve(None).await;
    let mut guest = Guest::new(&[&format!("api.example.com:{}", server.port())], true);
    let response = guest
        .get(&format!("http://api.example.com:{}/hi?x=1", server.port()))
        .await
        .expect("a response");
    assert_eq!(text(response).await, "/hi for x");
    assert_eq!(
        guest.resolved.load(Ordering::Relaxed),
        1,
        "the name is resolved once and the address used"
    );
}

#[tokio::test]
async fn an_ungranted_host_is_denied_and_the_log_says_how_to_grant_it() {
    for hosts in [
        &[][..],
        &["api.example.com"],
        &["*.example.org"],
        &["example.com:81"],
    ] {
        let mut guest = Guest::new(hosts, true);
        let error = guest.get("http://example.com:8080/").await.err();
        assert!(
            matches!(error, Some(Error::HttpRequestDenied)),
            "{hosts:?}: {error:?}"
        );
        assert!(
            guest
                .logged()
                .contains(r#"grant it with `grants.http = ["example.com:8080"]`"#),
            "{}",
            guest.logged()
        );
        assert_eq!(
            guest.resolved.load(Ordering::Relaxed),
            0,
            "not even its name is looked up"
        );
    }
}

#[tokio::test]
async fn private_addresses_are_prohibited_literally_and_by_name() {
    let server = serve(None).await;
    let literal = format!("http://{server}/");
    let by_name = format!("http://innocent.example.com:{}/", server.port());
    for uri in [
        &*literal,
        &by_name,
        "http://169.254.169.254/latest/",
        "http://[::1]:80/",
        "http://[::ffff:10.0.0.1]/",
    ] {
        let mut guest = Guest::new(&["*"], false);
        let error = guest.get(uri).await.err();
        assert!(
            matches!(error, Some(Error::DestinationIpProhibited)),
            "{uri}: {error:?}"
        );
        assert!(
            guest.logged().contains("private-network"),
            "{uri}: {}",
            guest.logged()
        );
    }
}

#[tokio::test]
async fn spellings_that_only_the_system_understands_are_checked_after_resolution() {
    let grants = Grants {
        http: BTreeSet::from(["*".to_owned()]),
        ..Grants::default()
    };
    for uri in [
        "http://127.1:9/",
        "http://2130706433:9/",
        "http://0x7f.0.0.1:9/",
        "http://localhost:9/",
    ] {
        let mut guest = Guest::new(&["*"], false);
        guest.access = Access::new(&shop(), &grants, Arc::new(Client::new(Settings::default())));
        let error = guest.get(uri).await.err();
        let refused = matches!(
            error,
            Some(Error::DestinationIpProhibited | Error::DnsError { .. })
        );
        assert!(refused, "{uri}: {error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_answered_to_the_guest_and_its_target_checked_anew() {
    let server = serve(None).await;
    let mut guest = Guest::new(&[&server.to_string()], true);
    let response = guest
        .get(&format!("http://{server}/redirect"))
        .await
        .expect("a response");
    assert_eq!(response.status(), StatusCode::FOUND);
    let location = response.headers()["location"].to_str().expect("text").to_owned();
    let error = guest.get(&location).await.err();
    assert!(matches!(error, Some(Error::HttpRequestDenied)), "{error:?}");
}

#[tokio::test]
async fn a_request_carries_the_trace_of_its_call() {
    let server = serve(None).await;
    let mut guest = Guest::new(&["*"], true);
    let uri = format!("http://{server}/traceparent");
    let response = guest.get(&uri).await.expect("a response");
    let expected = format!("00-{}-{}-01", "ab".repeat(16), "cd".repeat(8));
    assert_eq!(text(response).await, expected);

    let own = Request::get(&uri)
        .header("host", "x")
        .header("traceparent", "its-own")
        .body(empty())
        .expect("a request");
    let response = guest
        .send(own, RequestOptions::default())
        .await
        .expect("a response");
    assert_eq!(text(response).await, "its-own");
}

#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let server = serve(None).await;
    let mut guest = Guest::new(&["*"], true);
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, Error>>(1);
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let body = StreamBody::new(pieces).boxed_unsync();
    let request = Request::post(format!("http://{server}/echo"))
        .header("host", "x")
        .body(body)
        .expect("a request");
    let mut body = guest
        .send(request, RequestOptions::default())
        .await
        .expect("a response")
        .into_body();
    for piece in ["one", "two", "three"] {
        sender
            .send(Ok(Frame::data(Bytes::from(piece))))
            .await
            .expect("room");
        let frame = body.frame().await.expect("a frame").expect("data");
        assert_eq!(frame.into_data().expect("data"), piece);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let server = serve(None).await;
    let mut guest = Guest::new(&["*"], true);
    let uri = format!("http://{server}/never");
    let request = || {
        Request::get(&uri)
            .header("host", "x")
            .body(empty())
            .expect("a request")
    };
    let short = Some(Duration::from_millis(20));
    let options = RequestOptions {
        first_byte_timeout: short,
        ..RequestOptions::default()
    };
    let error = guest.send(request(), options).await.err();
    assert!(matches!(error, Some(Error::ConnectionReadTimeout)), "{error:?}");

    guest.context.deadline = std::time::Instant::now() + Duration::from_millis(20);
    let error = guest.send(request(), RequestOptions::default()).await.err();
    assert!(matches!(error, Some(Error::HttpResponseTimeout)), "{error:?}");
}

#[tokio::test]
async fn a_late_piece_of_a_body_times_out() {
    let server = serve(None).await;
    let mut guest = Guest::new(&["*"], true);
    let body = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Error>>()).boxed_unsync();
    let request = Request::post(format!("http://{server}/echo"))
        .header("host", "x")
        .body(body)
        .expect("a request");
    let short = Some(Duration::from_millis(20));
    let options = RequestOptions {
        between_bytes_timeout: short,
        ..RequestOptions::default()
    };
    let mut body = guest
        .send(request, options)
        .await
        .expect("a response")
        .into_body();
    let piece = body.frame().await.expect("an error");
    assert!(matches!(piece, Err(Error::ConnectionReadTimeout)), "{piece:?}");
}

#[tokio::test]
async fn the_exchanges_of_a_call_are_bounded_and_places_come_back() {
    let server = serve(None).await;
    let settings = Settings {
        at_once: 1,
        ..Settings::default()
    };
    let mut guest = Guest::with(&["*"], true, "127.0.0.1", settings, None);
    let uri = format!("http://{server}/x");
    let first = guest.get(&uri).await.expect("a response");
    let error = guest.get(&uri).await.err();
    assert!(matches!(error, Some(Error::ConnectionLimitReached)), "{error:?}");
    drop(first);
    assert!(guest.get(&uri).await.is_ok());
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = Guest::new(&["*"], true)
        .get(&format!("http://{address}/"))
        .await
        .err();
    assert!(matches!(error, Some(Error::ConnectionRefused)), "{error:?}");
}

/// A server's side that has the certificate of `api.example.com`, and a client's that trusts it.
fn certified() -> (TlsAcceptor, Arc<rustls::ClientConfig>) {
    // Made for these tests alone: signed by itself, valid for a century.
    let certificate = CertificateDer::from(include_bytes!("tests/certificate.der").as_slice());
    let key = PrivateKeyDer::try_from(include_bytes!("tests/key.der").as_slice()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    (TlsAcceptor::from(Arc::new(server)), Arc::new(trusting(roots)))
}

#[tokio::test]
async fn certificates_are_checked_against_the_name() {
    let (acceptor, roots) = certified();
    let port = serve(Some(acceptor)).await.port();
    let trusting = Some(roots);

    let guest = |tls| Guest::with(&["*"], true, "127.0.0.1", Settings::default(), tls);
    let response = guest(trusting.clone())
        .get(&format!("https://api.example.com:{port}/tls"))
        .await;
    assert_eq!(text(response.expect("a response")).await, "/tls for x");
    for (uri, tls) in [("wrong.example.com", trusting), ("api.example.com", None)] {
        let error = guest(tls).get(&format!("https://{uri}:{port}/")).await.err();
        assert!(
            matches!(error, Some(Error::TlsCertificateError)),
            "{uri}: {error:?}"
        );
    }
}
