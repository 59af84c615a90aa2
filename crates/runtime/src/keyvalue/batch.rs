//! `wasi:keyvalue/batch`. A batch is no transaction: where it fails, entries before the failing one stay done.

use wasmtime::component::Resource;

use super::bindings::wasi::keyvalue::batch::{Error, Host};
use super::{Answer, Bucket, KeyValue, MAX_BATCH_BYTES, Store, check_batch};

/// What `get-many` answers for each key.
type Entry = Option<(String, Vec<u8>)>;

impl Host for KeyValue<'_> {
    async fn get_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Answer<Vec<Entry>> {
        let store = self.store(&bucket)?;
        Ok(store.get_all(keys).await)
    }

    async fn set_many(&mut self, bucket: Resource<Bucket>, entries: Vec<(String, Vec<u8>)>) -> Answer<()> {
        let store = self.store(&bucket)?;
        if let Err(error) = check_batch(entries.len()) {
            return Ok(Err(error));
        }
        for (key, value) in entries {
            if let Err(error) = store.set(&key, value).await {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    async fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Answer<()> {
        let store = self.store(&bucket)?;
        if let Err(error) = check_batch(keys.len()) {
            return Ok(Err(error));
        }
        for key in keys {
            if let Err(error) = store.delete(&key).await {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}

impl Store<'_> {
    async fn get_all(&self, keys: Vec<String>) -> Result<Vec<Entry>, Error> {
        check_batch(keys.len())?;
        let mut entries = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        for key in keys {
            let value = self.get(&key).await?;
            bytes += value.as_ref().map_or(0, bytes::Bytes::len);
            if bytes > MAX_BATCH_BYTES {
                return Err(Error::Other(format!(
                    "the batch reads more than {MAX_BATCH_BYTES} bytes"
                )));
            }
            entries.push(value.map(|value| (key, value.into())));
        }
        Ok(entries)
    }
}
