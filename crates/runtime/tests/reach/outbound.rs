//! Outbound HTTP, by way of the example `fetch`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use weft_types::Grants;

use crate::platform::Platform;

fn reaching(hosts: &[&str], private_network: bool) -> Grants {
    let http: BTreeSet<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    Grants {
        http,
        private_network,
        ..Grants::default()
    }
}

/// A server that answers 204 to everything.
struct Peer {
    address: String,
    connections: Arc<AtomicUsize>,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let peer = Self {
            address: listener.local_addr().expect("an address").to_string(),
            connections: Arc::default(),
        };
        let connections = Arc::clone(&peer.connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream));
            }
        });
        peer
    }
}

async fn answer(mut stream: TcpStream) {
    let mut head = Vec::new();
    while stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            // A guest that was stopped does not read it.
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_fetches_from_where_it_was_granted_to() {
    let server = Peer::start().await.address;
    let platform = Platform::new();
    platform.load("fetch", reaching(&[&server], true));
    let url = format!("http://{server}/status");
    let answer = platform
        .call("fetch", "fetch", &format!(r#"[["{url}", "{url}"], 5000]"#))
        .await
        .expect("reports");
    assert_eq!(answer.matches(r#""outcome":{"ok":204}"#).count(), 2, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_is_told_why_it_may_not() {
    let server = Peer::start().await.address;
    let cases = [
        (reaching(&[], true), "is not granted"),
        (reaching(&["*"], false), "need `grants.private-network = true`"),
    ];
    for (grants, why) in cases {
        let platform = Platform::new();
        platform.load("fetch", grants);
        let answer = platform
            .call("fetch", "fetch", &format!(r#"[["http://{server}/"], 5000]"#))
            .await;
        let answer = answer.expect("reports");
        assert!(answer.contains(r#""outcome":{"err""#), "{answer}");
        let log = platform.take_log();
        assert!(log.contains(why), "expected `{why}` in: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn calls_of_fresh_instances_share_a_connection_but_versions_do_not() {
    let server = Peer::start().await;
    let url = format!("http://{}/", server.address);
    for _ in 0..2 {
        let before = server.connections.load(Ordering::Relaxed);
        let platform = Platform::new();
        platform.load("fetch", reaching(&["*"], true));
        for _ in 0..6 {
            let answer = platform
                .call("fetch", "fetch", &format!(r#"[["{url}"], 5000]"#))
                .await
                .expect("reports");
            assert!(answer.contains(r#""outcome":{"ok":204}"#), "{answer}");
        }
        let opened = server.connections.load(Ordering::Relaxed) - before;
        // On a busy machine calls move to the heavy threads, which have connections of their own.
        assert!((1..=2).contains(&opened), "{opened} connections");
    }
}
