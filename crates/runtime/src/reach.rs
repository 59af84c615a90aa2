//! Where the requests of guests to other hosts go: out from here, or, where this is a worker, to its server.

use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};
use weft_function_engine::port::{Outbound, Patience};

use crate::host::{BODY_CHUNK, Caller};

pub(crate) mod code;
#[cfg(feature = "server")]
mod gateway;

#[cfg(feature = "server")]
pub(crate) use gateway::Gateway;

/// The response and the work that brings its body.
pub(crate) type Sent = (http::Response<WasiBody>, Work);
/// Moves bytes between a connection and its bodies.
pub(crate) type Work = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Caller {
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let options = options.unwrap_or_default();
        match self.host().outbound() {
            Some(outbound) => through(outbound, request, options),
            None => self.send_directly(request, options),
        }
    }
}

/// Has another send the request.
fn through(
    outbound: &dyn Outbound,
    request: http::Request<WasiBody>,
    options: RequestOptions,
) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
    let request = request.map(|body| body.map_err(|error| code::told(&error)).boxed_unsync());
    let patience = Patience {
        connect: options.connect_timeout,
        first_byte: options.first_byte_timeout,
        between_bytes: options.between_bytes_timeout,
    };
    let sending = outbound.send(request, patience);
    Box::new(async move {
        let response = sending.await.map_err(|error| code::heard(&error))?;
        let response = response.map(|body| body.map_err(|error| code::heard(&error)).boxed_unsync());
        // Whoever sends moves the bytes.
        let work: Work = Box::new(std::future::ready(Ok(())));
        Ok((response, work))
    })
}

#[cfg(not(feature = "server"))]
impl Caller {
    /// A worker reaches nobody.
    fn send_directly(
        &mut self,
        _: http::Request<WasiBody>,
        _: RequestOptions,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
    }
}
