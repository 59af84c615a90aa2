//! Key-value stores in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;

use bytes::Bytes;
use weft_function_engine::port::{Boxed, KeyValue, StorageError};
use weft_types::ProjectName;

/// Entries by project, store and key.
#[derive(Default)]
pub(crate) struct Stores(Mutex<BTreeMap<(String, String, String), Bytes>>);

fn entry(project: &ProjectName, store: &str, key: &str) -> (String, String, String) {
    (project.to_string(), store.to_owned(), key.to_owned())
}

impl Stores {
    fn done<'a, T: Send + 'a>(value: T) -> Boxed<'a, Result<T, StorageError>> {
        Box::pin(std::future::ready(Ok(value)))
    }
}

impl KeyValue for Stores {
    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<Option<Bytes>, StorageError>> {
        Self::done(
            self.0
                .lock()
                .expect("stores")
                .get(&entry(project, store, key))
                .cloned(),
        )
    }

    fn set<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        value: Bytes,
    ) -> Boxed<'a, Result<(), StorageError>> {
        if key == "full" {
            return Box::pin(std::future::ready(Err(StorageError::Full)));
        }
        self.0
            .lock()
            .expect("stores")
            .insert(entry(project, store, key), value);
        Self::done(())
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<(), StorageError>> {
        self.0.lock().expect("stores").remove(&entry(project, store, key));
        Self::done(())
    }

    fn keys<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<String>, StorageError>> {
        let stores = self.0.lock().expect("stores");
        let begin = match after {
            Some(after) => Bound::Excluded(entry(project, store, after)),
            None => Bound::Included(entry(project, store, "")),
        };
        let within = |(p, s, _): &(String, String, String)| p == project.as_str() && s == store;
        let keys = stores
            .range((begin, Bound::Unbounded))
            .map(|(key, _)| key)
            .take_while(|key| within(key));
        Self::done(keys.map(|(_, _, key)| key.clone()).take(limit).collect())
    }

    fn increment<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        delta: i64,
    ) -> Boxed<'a, Result<Option<i64>, StorageError>> {
        let mut stores = self.0.lock().expect("stores");
        let value = stores
            .entry(entry(project, store, key))
            .or_insert_with(|| Bytes::from("0"));
        let number = std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        let sum = number.and_then(|number| number.checked_add(delta));
        if let Some(sum) = sum {
            *value = sum.to_string().into();
        }
        Self::done(sum)
    }
}
