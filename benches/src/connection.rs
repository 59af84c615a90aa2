//! A client's connection, as thin as can be: one request at a time, answers with a length or in chunks.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::report::median;

/// The trace context that every measured request carries.
pub(crate) const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A kept connection to a server on this machine.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends a request without waiting for its answer.
    pub(crate) async fn begin(&mut self, request: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(request).await?)
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.begin(request).await?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).to_ascii_lowercase();
        let status = head
            .get(9..12)
            .and_then(|s| s.parse().ok())
            .with_context(|| format!("odd answer: {head}"))?;
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length:"))
            .and_then(|v| v.trim().parse().ok());
        match length {
            Some(length) => {
                let length: usize = length;
                self.buffer.reserve(length);
                while self.buffer.len() < head_end + length {
                    self.read_more().await?;
                }
            }
            None => {
                while !self.buffer.ends_with(b"\r\n0\r\n\r\n") && status != 204 {
                    self.read_more().await?;
                }
            }
        }
        Ok(Answer {
            status,
            head,
            body: self.buffer[head_end..].to_vec(),
        })
    }

    /// The median time to an answer of so many requests, one after another, in milliseconds.
    pub(crate) async fn latency(&mut self, request: &[u8], requests: usize) -> Result<f64> {
        let mut elapsed = Vec::with_capacity(requests);
        for _ in 0..requests {
            let started = Instant::now();
            self.send(request).await?.ok()?;
            elapsed.push(started.elapsed().as_secs_f64() * 1e3);
        }
        Ok(median(&elapsed))
    }

    async fn read_more(&mut self) -> Result<()> {
        self.buffer.reserve(8 << 10);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

impl Answer {
    /// The value of a header; its name is in lower case, and so is what is found.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// This answer, if it is a success.
    pub(crate) fn ok(self) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        bail!(
            "status {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
                .chars()
                .take(300)
                .collect::<String>()
        )
    }
}

/// The bytes of a GET.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ntraceparent: {TRACEPARENT}\r\n\r\n").into_bytes()
}

/// The bytes of a POST.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {content_type}\r\naccept: {content_type}\r\n\
         traceparent: {TRACEPARENT}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
