//! `wasi:keyvalue`: the key-value stores of a project, as far as a version was granted them.
//!
//! A store that was not granted cannot be opened; whoever holds a bucket was. Keys, values and batches are bounded here,
//! before they reach the port.

use bytes::Bytes;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use weft_function_engine::port::keyvalue::{MAX_KEY, MAX_VALUE};
use weft_function_engine::port::{self, StorageError, Stream};
use weft_types::ProjectName;

use crate::host::{Caller, HostState};

mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "weft:host/provided",
        imports: { default: async | trappable },
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
    });
}
mod atomics;
mod batch;
mod store;

use bindings::wasi::keyvalue::store::Error;

/// Keys answered at once by `list-keys`; the rest by its cursor.
const PAGE: usize = 1_000;
/// Entries of one batch.
const MAX_BATCH: usize = 1_000;
/// Bytes of the values that one batch reads.
const MAX_BATCH_BYTES: usize = 16 << 20;

/// An opened store.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Bucket {
    name: String,
}

/// The host's side of the interfaces for one call.
struct KeyValue<'a> {
    caller: &'a Caller,
    table: &'a mut ResourceTable,
}

struct Provided;

impl HasData for Provided {
    type Data<'a> = KeyValue<'a>;
}

/// What the interfaces answer: the outer error traps, the inner is the guest's to handle.
type Answer<T> = wasmtime::Result<Result<T, Error>>;

/// Adds the interfaces to what guests can import.
pub(crate) fn add_to_linker(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    bindings::Provided::add_to_linker::<HostState, Provided>(linker, |state| {
        state.note_asked();
        KeyValue {
            caller: &state.caller,
            table: &mut state.table,
        }
    })
}

impl<'a> KeyValue<'a> {
    /// The store behind a handle.
    fn store(&self, bucket: &Resource<Bucket>) -> wasmtime::Result<Store<'a>> {
        Ok(Store {
            caller: self.caller,
            name: self.table.get(bucket)?.name.clone(),
        })
    }

    /// Tells the function's owner how to grant a store that it was refused.
    fn log_denied(&self, store: &str) {
        let context = &self.caller.context;
        let line = format!(
            "key-value store `{store}` was refused: grant it with `grants.keyvalue = [\"{store}\"]`, or `weft deploy --grant-keyvalue {store}`"
        );
        context.logs.line(context.invocation, Stream::Stderr, &line);
    }
}

/// A store that was granted, with the bounds on what goes into it.
struct Store<'a> {
    caller: &'a Caller,
    name: String,
}

impl Store<'_> {
    fn port(&self) -> (&dyn port::KeyValue, &ProjectName) {
        (self.caller.host().keyvalue(), &self.caller.version.project)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        check_key(key)?;
        let (port, project) = self.port();
        port.get(project, &self.name, key)
            .await
            .map_err(|error| failed(&error))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), Error> {
        check_key(key)?;
        check_value(&value)?;
        let (port, project) = self.port();
        port.set(project, &self.name, key, value.into())
            .await
            .map_err(|error| failed(&error))
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        check_key(key)?;
        let (port, project) = self.port();
        port.delete(project, &self.name, key)
            .await
            .map_err(|error| failed(&error))
    }

    async fn keys(&self, after: Option<&str>) -> Result<Vec<String>, Error> {
        let (port, project) = self.port();
        port.keys(project, &self.name, after, PAGE)
            .await
            .map_err(|error| failed(&error))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        check_key(key)?;
        let (port, project) = self.port();
        let sum = port
            .increment(project, &self.name, key, delta)
            .await
            .map_err(|error| failed(&error))?;
        sum.ok_or_else(|| {
            Error::Other("the value is no number of 64 bits in decimal digits, or would not fit".to_owned())
        })
    }
}

fn check_key(key: &str) -> Result<(), Error> {
    match key.len() {
        0 => Err(Error::Other("a key may not be empty".to_owned())),
        len if len > MAX_KEY => Err(Error::Other(format!(
            "the key has {len} bytes, at most {MAX_KEY} are supported"
        ))),
        _ => Ok(()),
    }
}

fn check_value(value: &[u8]) -> Result<(), Error> {
    match value.len() {
        len if len > MAX_VALUE => Err(Error::Other(format!(
            "the value has {len} bytes, at most {MAX_VALUE} are supported"
        ))),
        _ => Ok(()),
    }
}

fn check_batch(entries: usize) -> Result<(), Error> {
    match entries > MAX_BATCH {
        true => Err(Error::Other(format!(
            "the batch has {entries} entries, at most {MAX_BATCH} are supported"
        ))),
        false => Ok(()),
    }
}

/// What the guest is told; the cause is for whoever runs the server.
fn failed(error: &StorageError) -> Error {
    let told = match error {
        StorageError::Quota(_) | StorageError::QuotaTold(_) => return Error::Other(error.to_string()),
        StorageError::Full => "the disk is full",
        StorageError::TooLarge { .. } | StorageError::Io { .. } => "the store failed",
    };
    tracing::error!(%error, "a key-value store failed");
    Error::Other(told.to_owned())
}
