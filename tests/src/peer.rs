//! A server that functions may reach, or may not: it answers every request the same and counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

/// A server on a free loopback port, gone when dropped.
pub struct Peer {
    /// Its port.
    pub port: u16,
    requests: Arc<AtomicUsize>,
    /// Closed where answers may leave.
    held: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Answers 200 and a word.
    pub async fn start() -> Self {
        let peer = Self::held().await;
        peer.release();
        peer
    }

    /// The same, but no answer leaves before [`Self::release`].
    pub async fn held() -> Self {
        Self::answering(HELLO.to_owned()).await
    }

    /// Answers with a redirect to this address.
    pub async fn redirecting(to: &str) -> Self {
        let peer = Self::answering(format!(
            "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await;
        peer.release();
        peer
    }

    /// Lets all answers leave.
    pub fn release(&self) {
        self.held.close();
    }

    /// Answers these bytes, once released.
    async fn answering(response: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let requests = Arc::new(AtomicUsize::new(0));
        let held = Arc::new(Semaphore::new(0));
        let (counter, gate) = (Arc::clone(&requests), Arc::clone(&held));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(respond(stream, response.clone(), Arc::clone(&gate)));
            }
        });
        Self {
            port,
            requests,
            held,
            task,
        }
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(mut stream: TcpStream, response: String, held: Arc<Semaphore>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
    }
    // It has no permits: this ends when it is closed.
    let _ = held.acquire().await;
    // A function that was stopped does not read it.
    let _ = stream.write_all(response.as_bytes()).await;
}
