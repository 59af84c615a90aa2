//! What a guest reaches outside itself: the server, which does it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use weft_function_engine::port::{Boxed, CallContext, Failure, Host, KeyValue, Outbound, StorageError};
use weft_isolation::protocol::{Answer, Refusal, Request};
use weft_types::image::{Bounds, Image};
use weft_types::version::ImportedFunction;
use weft_types::{FunctionName, ProjectName};

use super::call::OpenCall;
use super::outbound::Through;
use super::{Answered, Shared};
use crate::failure;

/// What the server passes on was bounded there.
const UNBOUNDED: Bounds = Bounds {
    bytes: usize::MAX,
    elements: usize::MAX,
};

/// The host of one call.
pub(super) struct OfCall {
    stores: Stores,
    outbound: Through,
    _shared: Arc<Shared>,
}

/// The stores, as one call reaches them.
struct Stores(Arc<OpenCall>);

impl OfCall {
    pub(super) fn new(call: Arc<OpenCall>, shared: Arc<Shared>) -> Self {
        Self {
            stores: Stores(Arc::clone(&call)),
            outbound: Through(call),
            _shared: shared,
        }
    }
}

impl Host for OfCall {
    fn call<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a FunctionName,
        interface: &'a str,
        function: &'a ImportedFunction,
        arguments: Image,
        _: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>> {
        let request = Request::Call {
            interface: interface.to_owned(),
            function: function.name.clone(),
        };
        Box::pin(async move {
            let asked = self.stores.0.ask(request, arguments.as_bytes().clone()).await;
            let Some(Answered { answer, body, .. }) = asked else {
                return Err(Failure::Cancelled);
            };
            match (answer, &function.signature.result) {
                (Answer::Returned { result: true }, Some(ty)) => {
                    let image = Image::from_bytes(body, ty, UNBOUNDED);
                    image
                        .map(Some)
                        .map_err(|error| Failure::Platform(error.to_string()))
                }
                (Answer::Returned { .. }, _) => Ok(None),
                (Answer::Failed(failure), _) => Err(failure::heard(failure)),
                (other, _) => Err(Failure::Platform(format!("a call was answered by {other:?}"))),
            }
        })
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        &self.stores
    }

    fn outbound(&self) -> Option<&dyn Outbound> {
        Some(&self.outbound)
    }
}

impl Stores {
    async fn ask(&self, request: Request, body: Bytes) -> Result<Answered, StorageError> {
        let asked = self.0.ask(request, body).await;
        let answered = asked.ok_or_else(|| failed("the call has ended".to_owned()))?;
        match answered.answer {
            Answer::Refused(refusal) => Err(refused(refusal)),
            _ => Ok(answered),
        }
    }
}

impl KeyValue for Stores {
    fn get<'a>(
        &'a self,
        _: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<Option<Bytes>, StorageError>> {
        let (store, key) = (store.to_owned(), key.to_owned());
        Box::pin(async move {
            let answered = self.ask(Request::Get { store, key }, Bytes::new()).await?;
            match answered.answer {
                Answer::Got => Ok(Some(answered.body)),
                Answer::Absent => Ok(None),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn set<'a>(
        &'a self,
        _: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        value: Bytes,
    ) -> Boxed<'a, Result<(), StorageError>> {
        let (store, key) = (store.to_owned(), key.to_owned());
        Box::pin(async move {
            let answered = self.ask(Request::Set { store, key }, value).await?;
            done(&answered.answer)
        })
    }

    fn delete<'a>(
        &'a self,
        _: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<(), StorageError>> {
        let (store, key) = (store.to_owned(), key.to_owned());
        Box::pin(async move {
            let answered = self.ask(Request::Delete { store, key }, Bytes::new()).await?;
            done(&answered.answer)
        })
    }

    fn keys<'a>(
        &'a self,
        _: &'a ProjectName,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<String>, StorageError>> {
        let (store, mut after) = (store.to_owned(), after.map(str::to_owned));
        Box::pin(async move {
            let mut keys = Vec::new();
            // One message takes only so many.
            while keys.len() < limit {
                let request = Request::Keys {
                    store: store.clone(),
                    after: after.take(),
                    limit: u32::try_from(limit - keys.len()).unwrap_or(u32::MAX),
                };
                match self.ask(request, Bytes::new()).await?.answer {
                    Answer::Keys(more) if more.is_empty() => break,
                    Answer::Keys(more) => keys.extend(more),
                    other => return Err(unexpected(&other)),
                }
                after = keys.last().cloned();
            }
            Ok(keys)
        })
    }

    fn increment<'a>(
        &'a self,
        _: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        delta: i64,
    ) -> Boxed<'a, Result<Option<i64>, StorageError>> {
        let (store, key) = (store.to_owned(), key.to_owned());
        Box::pin(async move {
            let request = Request::Increment { store, key, delta };
            match self.ask(request, Bytes::new()).await?.answer {
                Answer::Sum(sum) => Ok(sum),
                other => Err(unexpected(&other)),
            }
        })
    }
}

fn done(answer: &Answer) -> Result<(), StorageError> {
    match answer {
        Answer::Done => Ok(()),
        other => Err(unexpected(other)),
    }
}

fn refused(refusal: Refusal) -> StorageError {
    match refusal {
        Refusal::Full => StorageError::Full,
        Refusal::Quota(why) => StorageError::QuotaTold(why),
        Refusal::NotGranted(why) | Refusal::Invalid(why) | Refusal::Unavailable(why) => failed(why),
    }
}

fn unexpected(answer: &Answer) -> StorageError {
    failed(format!("a store answered {answer:?}"))
}

fn failed(why: String) -> StorageError {
    StorageError::Io {
        doing: "asking the server",
        source: io::Error::other(why),
    }
}

/// What is reached outside of any call: nothing.
pub(super) struct Nowhere;

impl Host for Nowhere {
    fn call<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a FunctionName,
        _: &'a str,
        _: &'a ImportedFunction,
        _: Image,
        _: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>> {
        Box::pin(std::future::ready(Err(Failure::Platform(
            "no call is under way".to_owned(),
        ))))
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        self
    }
}

impl KeyValue for Nowhere {
    fn get<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: &'a str,
    ) -> Boxed<'a, Result<Option<Bytes>, StorageError>> {
        nothing()
    }

    fn set<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: &'a str,
        _: Bytes,
    ) -> Boxed<'a, Result<(), StorageError>> {
        nothing()
    }

    fn delete<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: &'a str,
    ) -> Boxed<'a, Result<(), StorageError>> {
        nothing()
    }

    fn keys<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: Option<&'a str>,
        _: usize,
    ) -> Boxed<'a, Result<Vec<String>, StorageError>> {
        nothing()
    }

    fn increment<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: &'a str,
        _: i64,
    ) -> Boxed<'a, Result<Option<i64>, StorageError>> {
        nothing()
    }
}

fn nothing<'a, T: Send + 'a>() -> Boxed<'a, Result<T, StorageError>> {
    Box::pin(std::future::ready(Err(failed("no call is under way".to_owned()))))
}
