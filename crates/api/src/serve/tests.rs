use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::body::ResponseBody;
use crate::shutdown::{self, Shutdown};

/// Answers at once, except below `/wait`, where it waits to be released; below `/endless` without end.
#[derive(Clone)]
struct Echo(Arc<Shared>);

struct Shared {
    released: Notify,
    events: Mutex<mpsc::UnboundedSender<&'static str>>,
}

impl Shared {
    fn tell(&self, event: &'static str) {
        let _ = self.events.lock().unwrap().send(event);
    }
}

/// Tells when it is dropped before it was disarmed.
struct Cancelled<'a>(Option<&'a Shared>);

impl Drop for Cancelled<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.tell("cancelled");
        }
    }
}

/// A body without end, which tells when nobody wants it any longer.
struct Endless(Arc<Shared>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1 << 14])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.tell("given up");
    }
}

impl Service for Echo {
    type Body = ResponseBody;

    fn connected(&self) -> impl Send + 'static {}

    async fn answer(&self, request: Request<Inbound>, _: IpAddr) -> Response<ResponseBody> {
        let mut cancelled = Cancelled(Some(&self.0));
        if request.uri().path() == "/wait" {
            self.0.tell("waiting");
            self.0.released.notified().await;
        }
        cancelled.0 = None;
        self.0.tell("answered");
        if request.uri().path() == "/endless" {
            return Response::new(ResponseBody::stream(Endless(Arc::clone(&self.0))));
        }
        Response::new(ResponseBody::full("hello".into()))
    }
}

struct Server {
    cores: Cores,
    shutdown: Shutdown,
    shared: Arc<Shared>,
    events: mpsc::UnboundedReceiver<&'static str>,
    api: SocketAddr,
}

fn config() -> Config {
    Config {
        cores: 2,
        header_timeout: Duration::from_millis(300),
        patience: Duration::from_secs(10),
        ..Config::default()
    }
}

fn start(config: &Config) -> Server {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listeners = bind(config, any, any).unwrap();
    let api = listeners.api();
    let (sender, events) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        released: Notify::new(),
        events: Mutex::new(sender),
    });
    let (shutdown, draining) = shutdown::channel();
    let echo = Echo(Arc::clone(&shared));
    let services = move |_| CoreServices {
        api: echo.clone(),
        functions: echo.clone(),
    };
    let cores = spawn_cores(config, listeners, &draining, services).unwrap();
    Server {
        cores,
        shutdown,
        shared,
        events,
        api,
    }
}

impl Server {
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.api).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn stop(mut self) {
        self.shutdown.begin();
        self.cores.stopped().await;
        self.cores.join().unwrap();
    }
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
const WAIT: &str = "GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn requests_are_answered() {
    let server = start(&config());
    for _ in 0..8 {
        let answer = read_to_end(server.send(GET).await).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"),
            "{answer}"
        );
    }
    server.stop().await;
}

/// Whoever was not told yet that the end is near still gets its answers.
#[tokio::test]
async fn an_announced_end_refuses_nobody() {
    let server = start(&config());
    server.shutdown.announce();
    let answer = read_to_end(server.send(GET).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_request() {
    let mut server = start(&config());
    let stream = server.send(WAIT).await;
    assert_eq!(server.events.recv().await, Some("waiting"));
    drop(stream);
    assert_eq!(server.events.recv().await, Some("cancelled"));
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let server = start(&config());
    let began = Instant::now();
    let answer = read_to_end(server.send("GET / HTTP/1.1\r\nhost: local").await).await;
    assert!(
        began.elapsed() >= Duration::from_millis(300),
        "{:?}: {answer}",
        began.elapsed()
    );
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_the_client_does_not_take_is_given_up() {
    let mut server = start(&Config {
        stall_timeout: Duration::from_millis(300),
        ..config()
    });
    let mut client = server
        .send("GET /endless HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    assert_eq!(server.events.recv().await, Some("answered"));
    // For as long as it takes some it is answered.
    let (mut piece, began) = (vec![0; 1 << 20], Instant::now());
    while began.elapsed() < Duration::from_millis(600) {
        assert!(client.read(&mut piece).await.unwrap() > 0);
    }
    assert!(server.events.is_empty());
    assert_eq!(server.events.recv().await, Some("given up"));
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = start(&config());
    let answer = read_to_end(server.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await).await;
    assert!(answer.ends_with("hello"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let server = start(&config());
    let long = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
        "a".repeat(70 << 10)
    );
    let mut stream = TcpStream::connect(server.api).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(long.as_bytes()).await;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 431");
    server.stop().await;
}

#[tokio::test]
async fn an_answer_arrives_though_its_body_was_not_read() {
    let server = start(&config());
    let mut stream = TcpStream::connect(server.api).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 33554432\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // A client that reads only once it has sent everything.
    let piece = vec![0; 1 << 20];
    for _ in 0..32 {
        stream.write_all(&piece).await.unwrap();
    }
    let answer = read_to_end(stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_client_may_send_its_body_after_its_answer() {
    let server = start(&config());
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 33554432\r\n\r\n";
    let mut stream = server.send(head).await;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"hello"), "the answer and its end were sent");
    let piece = vec![0; 1 << 20];
    for _ in 0..32 {
        stream.write_all(&piece).await.unwrap();
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn what_is_under_way_is_finished_before_the_end() {
    let mut server = start(&config());
    let stream = server.send(WAIT).await;
    assert_eq!(server.events.recv().await, Some("waiting"));
    server.shutdown.begin();
    server.shared.released.notify_one();
    let answer = read_to_end(stream).await;
    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!(server.events.recv().await, Some("answered"));
    server.cores.stopped().await;
    assert!(
        TcpStream::connect(server.api).await.is_err(),
        "nobody listens any longer"
    );
}

#[tokio::test]
async fn patience_is_bounded() {
    let mut server = start(&Config {
        patience: Duration::from_millis(50),
        ..config()
    });
    let stream = server.send(WAIT).await;
    assert_eq!(server.events.recv().await, Some("waiting"));
    server.shutdown.begin();
    server.cores.stopped().await;
    assert_eq!(server.events.recv().await, Some("cancelled"));
    assert_eq!(read_to_end(stream).await, "");
}

#[test]
fn a_port_is_not_shared_with_another_server() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listeners = bind(&config(), any, any).unwrap();
    let error = bind(&config(), listeners.api(), any).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(
        error.to_string().contains(&listeners.api().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn connections_over_the_bound_wait() {
    let config = Config {
        cores: 1,
        connections: 1,
        ..config()
    };
    let mut server = start(&config);
    let first = server.send(WAIT).await;
    assert_eq!(server.events.recv().await, Some("waiting"));
    let second = server.send(GET).await;
    server.shared.released.notify_one();
    assert_eq!(server.events.recv().await, Some("answered"));
    drop(first);
    assert!(read_to_end(second).await.ends_with("hello"));
    server.stop().await;
}
