//! A key-value store that nothing is kept in.

use bytes::Bytes;
use weft_function_engine::port::{Boxed, KeyValue, StorageError};
use weft_types::ProjectName;

pub(crate) struct NoKeyValue;

type Result<T> = std::result::Result<T, StorageError>;

impl KeyValue for NoKeyValue {
    fn get<'a>(&'a self, _: &'a ProjectName, _: &'a str, _: &'a str) -> Boxed<'a, Result<Option<Bytes>>> {
        Box::pin(async { Ok(None) })
    }

    fn set<'a>(&'a self, _: &'a ProjectName, _: &'a str, _: &'a str, _: Bytes) -> Boxed<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, _: &'a ProjectName, _: &'a str, _: &'a str) -> Boxed<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn keys<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: Option<&'a str>,
        _: usize,
    ) -> Boxed<'a, Result<Vec<String>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn increment<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: &'a str,
        _: i64,
    ) -> Boxed<'a, Result<Option<i64>>> {
        Box::pin(async { Ok(None) })
    }
}
