//! A server that takes traces by OTLP over HTTP and keeps what it was sent.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A collector on a free loopback port, gone when dropped.
pub struct Collector {
    port: u16,
    bodies: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Collector {
    /// Starts one.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let bodies = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&bodies);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { port, bodies, task }
    }

    /// What to send to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often these bytes are in what was sent so far: ids and names are in it as they are.
    #[must_use]
    pub fn count(&self, bytes: &[u8]) -> usize {
        let sent = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        sent.windows(bytes.len())
            .filter(|window| *window == bytes)
            .count()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes one request after another.
async fn serve(mut stream: TcpStream, bodies: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            match stream.read_buf(&mut bytes).await {
                Ok(read) if read > 0 => continue,
                _ => return,
            }
        };
        let length = length(&String::from_utf8_lossy(&bytes[..end]));
        let whole = end + 4 + length;
        while bytes.len() < whole {
            match stream.read_buf(&mut bytes).await {
                Ok(read) if read > 0 => {}
                _ => return,
            }
        }
        bodies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(bytes.drain(..whole).skip(end + 4));
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .is_err()
        {
            return;
        }
    }
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths
        .next()
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
