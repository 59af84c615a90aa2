//! Connections are kept where that is safe, and nowhere else.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::super::kept::Route;
use super::*;

/// A server that answers what the path asks for, over one connection as long as the other side likes.
struct Peer {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    /// `/never` for a request that came, `closed` for a connection that the other side closed.
    events: mpsc::UnboundedReceiver<String>,
    /// Makes it close its connections.
    hang_up: Arc<Notify>,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, events) = mpsc::unbounded_channel();
        let peer = Self {
            address,
            accepted: Arc::default(),
            events,
            hang_up: Arc::default(),
        };
        let (accepted, hang_up) = (Arc::clone(&peer.accepted), Arc::clone(&peer.hang_up));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                let (sender, hang_up) = (sender.clone(), Arc::clone(&hang_up));
                tokio::spawn(async move {
                    tokio::select! {
                        () = converse(stream, &sender) => {}
                        () = hang_up.notified() => {}
                    }
                });
            }
        });
        peer
    }

    fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Waits until it has seen this.
    async fn sees(&mut self, expected: &str) {
        while self.events.recv().await.expect("an event") != expected {}
    }
}

async fn converse(mut stream: TcpStream, events: &mpsc::UnboundedSender<String>) {
    let mut read = Vec::new();
    loop {
        while !read.windows(4).any(|window| window == b"\r\n\r\n") {
            if !stream.read_buf(&mut read).await.is_ok_and(|n| n > 0) {
                // The test may be over.
                let _ = events.send("closed".to_owned());
                return;
            }
        }
        let head = String::from_utf8_lossy(&read).into_owned();
        read.clear();
        // The end of a body is none.
        let Some(path) = head.split(' ').nth(1) else {
            continue;
        };
        let _ = events.send(path.to_owned());
        let _ = stream.write_all(response(path).as_bytes()).await;
    }
}

fn response(path: &str) -> &'static str {
    match path {
        "/never" => "",
        "/empty" => "HTTP/1.1 204 No Content\r\n\r\n",
        "/chunked" => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "/promise" => "HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ncontent-length: 5\r\n\r\nhello",
        "/no-promise" => "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 5\r\n\r\nhello",
        "/close" => "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        "/old" => "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello",
        "/more" => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",
        "/half" => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        _ => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    }
}

fn guest() -> Guest {
    Guest::new(&["*"], true)
}

fn limited(settings: Settings) -> Guest {
    Guest::with(&["*"], true, "127.0.0.1", settings, None)
}

impl Guest {
    /// How many connections are kept.
    fn idle(&self) -> usize {
        let client = &self.access.kept.client;
        client.settings.kept - client.places.available_permits()
    }

    async fn read(&mut self, uri: &str) -> String {
        text(self.get(uri).await.expect("a response")).await
    }
}

#[tokio::test]
async fn requests_share_a_connection_however_their_responses_end() {
    let peer = Peer::start().await;
    let mut guest = guest();
    for path in ["/length", "/chunked", "/empty", "/promise", "/length"] {
        guest.read(&peer.uri(path)).await;
    }
    // One whose body came along with its head, and was not read.
    drop(guest.get(&peer.uri("/unread")).await.expect("a response"));
    assert_eq!(guest.read(&peer.uri("/length")).await, "hello");
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn connections_that_do_not_last_are_not_kept() {
    for path in ["/close", "/old", "/no-promise", "/more"] {
        let mut peer = Peer::start().await;
        let mut guest = guest();
        assert_eq!(guest.read(&peer.uri(path)).await, "hello", "{path}");
        peer.sees("closed").await;
        assert_eq!(guest.read(&peer.uri("/")).await, "hello", "after {path}");
        assert_eq!(peer.accepted(), 2, "{path}");
    }
}

#[tokio::test]
async fn versions_targets_and_runtimes_do_not_share() {
    let peer = Peer::start().await;
    let mut one = guest();
    one.read(&peer.uri("/")).await;
    let mut other = guest();
    let grants = Grants {
        http: BTreeSet::from(["*".to_owned()]),
        private_network: true,
        ..Grants::default()
    };
    other.access = Access::new(&shop(), &grants, Arc::clone(&one.access.kept.client));
    other.read(&peer.uri("/")).await;
    assert_eq!((peer.accepted(), one.idle()), (2, 2), "another version");

    let named = format!("http://localhost:{}/", peer.address.port());
    one.read(&named).await;
    assert_eq!((peer.accepted(), one.idle()), (3, 3), "another host");

    let uri = peer.uri("/");
    let elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(one.read(&uri))
    });
    let read = tokio::task::spawn_blocking(|| elsewhere.join().expect("a text"));
    assert_eq!(read.await.expect("a text"), "hello");
    assert_eq!(peer.accepted(), 4, "another runtime");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_unnoticed() {
    let peer = Peer::start().await;
    let mut guest = guest();
    guest.read(&peer.uri("/")).await;
    peer.hang_up.notify_waiters();
    while guest.idle() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(guest.read(&peer.uri("/")).await, "hello");
    assert_eq!(peer.accepted(), 2);
}

#[tokio::test]
async fn a_request_that_was_not_written_goes_over_a_fresh_connection() {
    let server = serve(None).await;
    let mut guest = guest();
    let uri = format!("http://{server}/echo");
    let response = guest.get(&uri).await.expect("a response");
    let target = Target::of(&Request::get(&uri).body(()).expect("a request")).expect("a target");
    let (head, body) = response.into_parts();
    drop(body);
    let route = Route::here(target);
    // Its driver will be gone when it is to write.
    let channel = guest.access.kept.take(&route).expect("a connection");
    channel.hold().0.abort();
    let head = Response::from_parts(head, ());
    guest.access.kept.lend(route, channel, &head, true).give_back();
    assert_eq!(guest.idle(), 1);

    let body = Full::new(Bytes::from("once")).map_err(|never| match never {});
    let request = Request::post(&uri).header("host", "x").body(body.boxed_unsync());
    let response = guest
        .send(request.expect("a request"), RequestOptions::default())
        .await;
    assert_eq!(text(response.expect("a response")).await, "once");
}

#[tokio::test]
async fn what_breaks_off_closes_its_connection() {
    let mut peer = Peer::start().await;
    let mut guest = guest();
    // Kept once, so that this holds for used connections as well.
    guest.read(&peer.uri("/")).await;
    let response = guest.get(&peer.uri("/half")).await.expect("a response");
    drop(response);
    peer.sees("closed").await;

    let uri = peer.uri("/never");
    tokio::select! {
        _ = guest.get(&uri) => panic!("an answer to {uri}"),
        () = peer.sees("/never") => {}
    }
    peer.sees("closed").await;
    assert_eq!(guest.idle(), 0);
}

#[tokio::test]
async fn a_response_that_comes_before_the_end_of_its_request_is_whole_and_the_last() {
    let mut peer = Peer::start().await;
    let mut guest = guest();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, Error>>(1);
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let request = Request::post(peer.uri("/early"))
        .header("host", "x")
        .body(StreamBody::new(pieces).boxed_unsync());
    let response = guest
        .send(request.expect("a request"), RequestOptions::default())
        .await;
    assert_eq!(text(response.expect("a response")).await, "hello");
    // The guest may still write, and the connection holds.
    let piece = Frame::data(Bytes::from("x"));
    assert!(sender.send(Ok(piece)).await.is_ok());
    sender.reserve().await.expect("the piece was taken");
    drop(sender);
    peer.sees("closed").await;
    assert_eq!(guest.idle(), 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_time() {
    for (path, seconds) in [("/", 4), ("/promise", 2)] {
        let mut peer = Peer::start().await;
        let mut guest = guest();
        guest.read(&peer.uri(path)).await;
        assert_eq!(guest.idle(), 1);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        guest.read(&peer.uri("/")).await;
        assert_eq!(peer.accepted(), 2, "{path} is not used even if it is still open");
        peer.sees("closed").await;

        tokio::time::pause();
        let kept = Instant::now();
        peer.sees("closed").await;
        let idle = kept.elapsed().as_millis();
        tokio::time::resume();
        assert!((3900..=4100).contains(&idle), "closed after {idle} ms");
        assert_eq!(guest.idle(), 0);
    }
}

#[tokio::test]
async fn no_more_connections_are_kept_than_may_be() {
    let defaults = Settings::default;
    let cases = [
        (
            Settings {
                kept: 1,
                ..defaults()
            },
            1,
        ),
        (
            Settings {
                kept_per_host: 1,
                ..defaults()
            },
            1,
        ),
        (
            Settings {
                kept: 0,
                ..defaults()
            },
            0,
        ),
        (
            Settings {
                keep_alive: Duration::ZERO,
                ..defaults()
            },
            0,
        ),
    ];
    for (settings, expected) in cases {
        let mut peer = Peer::start().await;
        let mut guest = limited(settings);
        let one = guest.get(&peer.uri("/")).await.expect("a response");
        let two = guest.get(&peer.uri("/")).await.expect("a response");
        assert_eq!(
            (text(one).await, text(two).await),
            ("hello".into(), "hello".into())
        );
        assert_eq!(guest.idle(), expected);
        peer.sees("closed").await;
    }
}

#[tokio::test]
async fn kept_connections_end_with_their_version() {
    let mut peer = Peer::start().await;
    let mut guest = guest();
    guest.read(&peer.uri("/")).await;
    drop(guest);
    peer.sees("closed").await;
}

#[tokio::test]
async fn encrypted_connections_are_kept_too() {
    let (acceptor, roots) = certified();
    let port = serve(Some(acceptor)).await.port();
    let mut guest = Guest::with(&["*"], true, "127.0.0.1", Settings::default(), Some(roots));
    for _ in 0..3 {
        guest.read(&format!("https://api.example.com:{port}/tls")).await;
    }
    assert_eq!(guest.resolved.load(Ordering::Relaxed), 1);
    assert_eq!(guest.idle(), 1);
}
