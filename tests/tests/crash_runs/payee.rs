//! Who is paid: a server that recognises a repetition by its key, and remembers through all crashes of others.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::facts::Facts;

/// The next receipt's number: no two charges have the same.
static RECEIPTS: AtomicU64 = AtomicU64::new(1);

/// A server on a free loopback port, gone when dropped.
pub(crate) struct Payee {
    port: u16,
    /// Where it writes down what it was paid.
    book: Arc<Mutex<Arc<Facts>>>,
    task: JoinHandle<()>,
}

impl Payee {
    pub(crate) async fn start(book: &Arc<Facts>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book = Arc::new(Mutex::new(Arc::clone(book)));
        let shared = Arc::clone(&book);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, book, task }
    }

    /// Such as `127.0.0.1:9000`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Goes on with another book.
    pub(crate) fn take(&self, book: &Arc<Facts>) {
        *self.book.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(book);
    }
}

impl Drop for Payee {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a job was charged for a step; nothing where that was not once.
pub(crate) fn receipt(facts: &Facts, job: &str, step: u32) -> Option<Value> {
    match facts.below(&format!("charge/{job}/{step}/")).as_slice() {
        [(_, charge)] => Some(charge["receipt"].clone()),
        _ => None,
    }
}

/// Notes every job that was charged twice for a step, and every key that came with two charges.
pub(crate) fn audit(facts: &Facts) {
    let (mut charges, mut keys) = (BTreeMap::new(), BTreeMap::new());
    for (subject, _) in facts.below("charge/") {
        let Some((charge, key)) = subject.rsplit_once('/') else {
            continue;
        };
        if let Some(other) = charges.insert(charge.to_owned(), key.to_owned()) {
            facts.wrong(format!("{charge} was charged twice: by {other} and {key}"));
        }
        if let Some(other) = keys.insert(key.to_owned(), charge.to_owned()) {
            facts.wrong(format!("{key} came with {other} and {charge}"));
        }
    }
}

/// Who was charged, and for which step: `job/1`, or `job~word/1` where a word was given.
fn charged(body: &str) -> Option<(&str, u32)> {
    let (job, step) = body.rsplit_once('/')?;
    let job = job.split_once('~').map_or(job, |(job, _)| job);
    Some((job, step.parse().ok()?))
}

async fn serve(mut stream: TcpStream, book: Arc<Mutex<Arc<Facts>>>) {
    let mut bytes = Vec::new();
    while let Some((key, body)) = request(&mut stream, &mut bytes).await {
        let receipt = {
            let book = book.lock().unwrap_or_else(PoisonError::into_inner);
            charge(&book, &key, &body).to_string()
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{receipt}",
            receipt.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The receipt: the one that was given before, where the key was.
fn charge(book: &Facts, key: &str, body: &str) -> u64 {
    let Some((job, step)) = charged(body) else {
        book.wrong(format!("somebody was charged `{body}`"));
        return 0;
    };
    let subject = format!("charge/{job}/{step}/{key}");
    let before = book.known(&subject).and_then(|charge| charge["receipt"].as_u64());
    let receipt = before.unwrap_or_else(|| RECEIPTS.fetch_add(1, Ordering::Relaxed));
    book.see(subject, json!({ "body": body, "receipt": receipt }));
    receipt
}

/// The next request's key and body; none once the connection has ended.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        read(stream, bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length: usize = header(&head, "content-length")?.parse().ok()?;
    while bytes.len() < end + length {
        read(stream, bytes).await?;
    }
    let rest = bytes.split_off(end + length);
    let body = String::from_utf8_lossy(&bytes[end..]).into_owned();
    *bytes = rest;
    Some((header(&head, "idempotency-key")?.to_owned(), body))
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}
