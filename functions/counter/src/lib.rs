//! Counts in the project's key-value store, safely from many instances at once.
//!
//! ```text
//! weft deploy target/functions/counter.wasm --grant-keyvalue default
//! weft call counter#add name=visits by=1
//! ```
//! answers `1`, then `2`, and so on.

wit_bindgen::generate!({ path: "wit", generate_all });

use exports::weft::counter::api::Guest;
use wasi::keyvalue::atomics;
use wasi::keyvalue::store::{self, Bucket, Error};

/// The store that every project has.
const STORE: &str = "default";

struct Counter;

impl Guest for Counter {
    fn add(name: String, by: i64) -> Result<i64, String> {
        atomics::increment(&bucket()?, &name, by).map_err(tell)
    }

    fn get(name: String) -> Result<Option<i64>, String> {
        let value = bucket()?.get(&name).map_err(tell)?;
        value.map(|bytes| number(&name, &bytes)).transpose()
    }

    fn forget(name: String) -> Result<(), String> {
        bucket()?.delete(&name).map_err(tell)
    }

    fn names() -> Result<Vec<String>, String> {
        let bucket = bucket()?;
        let mut names = Vec::new();
        let mut cursor = None;
        loop {
            let page = bucket.list_keys(cursor.as_deref()).map_err(tell)?;
            names.extend(page.keys);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(names);
            }
        }
    }
}

fn bucket() -> Result<Bucket, String> {
    store::open(STORE).map_err(tell)
}

/// Counters are kept as decimal text.
fn number(name: &str, bytes: &[u8]) -> Result<i64, String> {
    let text = std::str::from_utf8(bytes).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("the value of `{name}` is not a number"))
}

fn tell(error: Error) -> String {
    match error {
        Error::NoSuchStore => format!("there is no store `{STORE}`"),
        Error::AccessDenied => format!("the store `{STORE}` is not granted"),
        Error::Other(why) => why,
    }
}

export!(Counter);
