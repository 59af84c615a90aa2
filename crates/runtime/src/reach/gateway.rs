//! Requests of guests that execute in workers, judged and sent here.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::task::AbortHandle;
use wasmtime_wasi_http::{RequestOptions, WasiBody};
use weft_function_engine::port::{
    self, Boxed, CallContext, Outbound, OutboundBody, OutboundError, Patience, Reach,
};
use weft_types::{Grants, ProjectName};

use super::code;
use crate::outbound::{Access, Client, Exchanges};

/// Sends requests by the same client, and past the same gates, as those of guests in this process.
pub(crate) struct Gateway(pub(crate) Arc<Client>);

/// What the calls of one version may reach.
struct OfVersion(Arc<Access>);

/// The requests of one call.
struct OfCall {
    access: Arc<Access>,
    exchanges: Mutex<Exchanges>,
    context: CallContext,
}

impl port::Gateway for Gateway {
    fn reach(&self, project: &ProjectName, grants: &Grants) -> Arc<dyn Reach> {
        let access = Access::new(project, grants, Arc::clone(&self.0));
        Arc::new(OfVersion(Arc::new(access)))
    }
}

impl Reach for OfVersion {
    fn open(&self, context: &CallContext) -> Arc<dyn Outbound> {
        Arc::new(OfCall {
            access: Arc::clone(&self.0),
            exchanges: Mutex::default(),
            context: context.clone(),
        })
    }
}

impl Outbound for OfCall {
    fn send(
        &self,
        request: http::Request<OutboundBody>,
        patience: Patience,
    ) -> Boxed<'static, Result<http::Response<OutboundBody>, OutboundError>> {
        let request = request.map(|body| body.map_err(|error| code::heard(&error)).boxed_unsync());
        let options = RequestOptions {
            connect_timeout: patience.connect,
            first_byte_timeout: patience.first_byte,
            between_bytes_timeout: patience.between_bytes,
        };
        // Nothing that can panic half-way runs under the lock.
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let exchange = self.access.admit(&mut exchanges, &self.context, request, options);
        Box::pin(async move {
            let exchange = exchange.map_err(|error| code::told(&error))?;
            let (response, work) = exchange.run().await.map_err(|error| code::told(&error))?;
            let work = tokio::spawn(Box::into_pin(work)).abort_handle();
            Ok(response.map(|body| Worked { body, work }.boxed_unsync()))
        })
    }
}

/// A body and the work that brings it, which ends with it.
struct Worked {
    body: WasiBody,
    work: AbortHandle,
}

impl Body for Worked {
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(|error| code::told(&error))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Worked {
    fn drop(&mut self) {
        self.work.abort();
    }
}
