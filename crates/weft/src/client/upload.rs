//! Sending a file: code, with settings in front where there are any, or other bytes.

use std::path::Path;

use anyhow::Context;
use futures_util::stream::{self, Stream, StreamExt};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, RequestBuilder};
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

const CHUNK: usize = 64 << 10;
/// Random, so that neither settings nor code contain it by accident.
const BOUNDARY: &str = "weft-3f0c1d7e92ab4856b1e0c54d8f7a6629";

/// A file about to be sent.
pub(crate) struct Upload {
    file: File,
    size: u64,
    media: &'static str,
}

impl Upload {
    /// Opens the file.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let unreadable = || format!("{} cannot be read", path.display());
        let file = File::open(path).await.with_context(unreadable)?;
        let size = file.metadata().await.with_context(unreadable)?.len();
        let media = match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => "application/yaml",
            Some("json") => "application/json",
            _ => "application/wasm",
        };
        Ok(Self { file, size, media })
    }

    /// Its length in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Of whatever type the bytes are: they are not code.
    pub(crate) fn of_any_type(self) -> Self {
        Self {
            media: "application/octet-stream",
            ..self
        }
    }

    /// Makes it the body of a request. `count` is told of bytes as they go.
    pub(crate) fn send(
        self,
        request: RequestBuilder,
        settings: Option<&Value>,
        count: impl Fn(u64) + Send + Sync + 'static,
    ) -> RequestBuilder {
        let (size, media) = (self.size, self.media);
        let code = self.chunks(count);
        match settings {
            None => request
                .header(CONTENT_TYPE, media)
                .header(CONTENT_LENGTH, size)
                .body(Body::wrap_stream(code)),
            Some(settings) => {
                let (before, after) = frame(settings);
                let length = before.len() as u64 + size + after.len() as u64;
                let whole = stream::iter([Ok(before.into_bytes())])
                    .chain(code)
                    .chain(stream::iter([Ok(after.into_bytes())]));
                request
                    .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
                    .header(CONTENT_LENGTH, length)
                    .body(Body::wrap_stream(whole))
            }
        }
    }

    fn chunks(
        self,
        count: impl Fn(u64) + Send + Sync + 'static,
    ) -> impl Stream<Item = std::io::Result<Vec<u8>>> {
        stream::try_unfold((self.file, count), async |(mut file, count)| {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk).await?;
            if read == 0 {
                return Ok(None);
            }
            chunk.truncate(read);
            count(read as u64);
            Ok(Some((chunk, (file, count))))
        })
    }
}

/// What goes before and after the code in a body of two parts.
fn frame(settings: &Value) -> (String, String) {
    let before = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"settings\"\r\n\
         Content-Type: application/json\r\n\r\n{settings}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"code\"; filename=\"code.wasm\"\r\n\
         Content-Type: application/wasm\r\n\r\n"
    );
    (before, format!("\r\n--{BOUNDARY}--\r\n"))
}
