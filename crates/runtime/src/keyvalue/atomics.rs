//! `wasi:keyvalue/atomics`.

use wasmtime::component::Resource;

use super::bindings::wasi::keyvalue::atomics::Host;
use super::{Answer, Bucket, KeyValue};

impl Host for KeyValue<'_> {
    async fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: i64) -> Answer<i64> {
        let store = self.store(&bucket)?;
        Ok(store.increment(&key, delta).await)
    }
}
