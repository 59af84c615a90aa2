//! Asks a list of addresses for their status, all at once.
//!
//! It reaches only the hosts it was granted:
//! ```text
//! weft deploy target/functions/fetch.wasm --grant-http example.com
//! weft call fetch '{"urls": ["https://example.com/"]}'
//! ```
//! answers `[{"url":"https://example.com/","outcome":{"ok":200}}]`.

wit_bindgen::generate!({ path: "wit" });

mod failure;
mod request;

use request::Pending;

const MAX_URLS: usize = 64;
const DEFAULT_TIMEOUT_MS: u32 = 5_000;

struct Fetch;

impl Guest for Fetch {
    fn fetch(urls: Vec<String>, timeout_ms: Option<u32>) -> Result<Vec<Report>, String> {
        if urls.len() > MAX_URLS {
            return Err(format!(
                "{} addresses are more than the {MAX_URLS} allowed",
                urls.len()
            ));
        }
        let timeout = timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
        // Collected first, so that all are under way before any is waited for.
        let sent: Vec<_> = urls
            .into_iter()
            .map(|url| (Pending::send(&url, timeout), url))
            .collect();
        Ok(sent
            .into_iter()
            .map(|(pending, url)| Report {
                url,
                outcome: pending.and_then(Pending::status),
            })
            .collect())
    }
}

export!(Fetch);
