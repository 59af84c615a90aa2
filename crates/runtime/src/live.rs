//! A store and the instance in it, from the first call to the last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use wasmtime::{Store, component};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi_http::Error as HttpError;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use weft_function_engine::port::{Body, CallContext, Failure};
use weft_types::Signature;
use weft_types::image::{Bounds, Image};

use crate::abi;
use crate::code::{Entry, Loaded};
use crate::epoch::{self, Meter};
use crate::failure;
use crate::host::HostState;
use crate::output::{Capture, Output};
use crate::restore::Place;
use crate::stop::Stop;
use crate::wasi::Pipes;

/// Most elements in the lists of a result.
const MAX_ELEMENTS: usize = 4_000_000;

/// The head of a response and the body that the guest goes on to write, or why it has none.
pub(crate) type Head = Result<http::Response<HyperOutgoingBody>, ErrorCode>;

/// A store and, once something executed, the instance in it.
pub(crate) struct Live {
    store: Store<HostState>,
    guest: Option<Guest>,
    after: After,
    /// Held by one that is to be put back.
    _place: Option<Place>,
}

/// What becomes of an instance after the call that it executes, if that goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It ends.
    Ends,
    /// It stays as the call left it.
    Stays,
    /// It is put back into the state in which it began.
    PutBack,
}

enum Guest {
    Exports(component::Instance),
    Http(component::Instance, Proxy),
    Command(Command),
}

impl Guest {
    /// Its instance, where it can serve more than one call.
    fn instance(&self) -> Option<&component::Instance> {
        match self {
            Self::Exports(instance) | Self::Http(instance, _) => Some(instance),
            Self::Command(_) => None,
        }
    }
}

impl Live {
    /// A store for calls of `code`, the first of them under `context`.
    pub(crate) fn new(code: &Loaded, context: CallContext, after: After) -> Self {
        let mut store = Store::new(&code.engine, HostState::new(code.version.clone(), context));
        store.limiter(|state| state);
        epoch::arm(&mut store);
        let place = (after == After::PutBack).then(Place::take).flatten();
        // Without a place it ends after its call.
        let after = match (after, &place) {
            (After::PutBack, None) => After::Ends,
            (after, _) => after,
        };
        Self {
            store,
            guest: None,
            after,
            _place: place,
        }
    }

    /// Begins another call.
    pub(crate) fn begin(&mut self, context: CallContext, after: After) {
        let state = self.store.data_mut();
        match self.after {
            After::PutBack => state.begin_anew(context),
            After::Stays | After::Ends => state.begin(context),
        }
        self.after = after;
        self.store.set_epoch_deadline(1);
    }

    /// What its instance has of memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.store.data().limiter.used()
    }

    /// What becomes of it after the call that it executes.
    pub(crate) fn after(&self) -> After {
        self.after
    }

    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.store.data().meter
    }

    /// Whether a memory of the instance has grown.
    pub(crate) fn grew(&self) -> bool {
        self.store.data().limiter.grew()
    }

    /// Ends a call: partial lines are emitted, and an error is told by its reason.
    pub(crate) fn end<T>(&self, result: wasmtime::Result<T>, timeout: Duration) -> Result<T, Failure> {
        let state = self.store.data();
        state.finish();
        result.map_err(|error| failure::of_error(&error, &state.caller.context, timeout))
    }

    /// Instantiates, unless that is done.
    pub(crate) async fn instantiate(&mut self, code: &Loaded) -> wasmtime::Result<()> {
        if self.guest.is_none() {
            let store = &mut self.store;
            let guest = match &code.entry {
                Entry::Exports { pre, .. } => Guest::Exports(pre.instantiate_async(store).await?),
                Entry::Http { pre, indices } => {
                    let instance = pre.instantiate_async(&mut *store).await?;
                    Guest::Http(instance, indices.load(store, &instance)?)
                }
                Entry::Command { pre, .. } => Guest::Command(pre.instantiate_async(store).await?),
            };
            let guest = self.guest.insert(guest);
            if let (After::PutBack, Some(restorer), Some(instance)) =
                (self.after, &code.restorer, guest.instance())
            {
                restorer.look_at(&mut self.store, instance).await?;
            }
        }
        Ok(())
    }

    /// Makes the instance ready for another call, after one that went well; false where it ends.
    pub(crate) async fn stays(&mut self, code: &Loaded) -> bool {
        let instance = self.guest.as_ref().and_then(Guest::instance);
        match (self.after, &code.restorer, instance) {
            (After::Ends, ..) => false,
            (After::Stays, ..) => true,
            (After::PutBack, Some(restorer), Some(instance)) => {
                restorer.put_back(&mut self.store, instance).await
            }
            (After::PutBack, ..) => false,
        }
    }

    /// Calls the export at `export` and answers its result and when it began.
    pub(crate) async fn call(
        &mut self,
        code: &Loaded,
        export: usize,
        arguments: abi::Arguments,
    ) -> wasmtime::Result<(Option<Image>, Instant)> {
        if let Entry::Command { signature, .. } = &code.entry {
            return self.run(code, signature, &arguments).await;
        }
        self.instantiate(code).await?;
        let (Some(Guest::Exports(instance)), Entry::Exports { callees, .. }) = (&self.guest, &code.entry)
        else {
            wasmtime::bail!("an HTTP function has no exports to call");
        };
        let Some(callee) = callees.get(export).cloned().flatten() else {
            wasmtime::bail!("export {export} cannot be called");
        };
        let bytes = usize::try_from(self.store.data().caller.context.output).unwrap_or(usize::MAX);
        let bounds = Bounds {
            bytes,
            elements: MAX_ELEMENTS,
        };
        let began = Instant::now();
        let result = abi::call(&mut self.store, instance, callee, arguments, bounds).await?;
        Ok((result, began))
    }

    /// Runs a command: its argument is the standard input, what it prints the result.
    async fn run(
        &mut self,
        code: &Loaded,
        signature: &Signature,
        arguments: &abi::Arguments,
    ) -> wasmtime::Result<(Option<Image>, Instant)> {
        let limit = self.store.data().caller.context.output;
        let capture = signature
            .result
            .as_ref()
            .and_then(|result| Capture::new(result, limit));
        let stdin = arguments.bytes(signature, 0).ok();
        let Some((capture, stdin)) = capture.zip(stdin) else {
            wasmtime::bail!("a command is from bytes to bytes");
        };
        let stdout = Output::new(capture);
        self.store.data_mut().set_pipes(Pipes {
            stdin,
            stdout: stdout.clone(),
        });
        self.instantiate(code).await?;
        let Some(Guest::Command(command)) = &self.guest else {
            wasmtime::bail!("not a command");
        };
        let began = Instant::now();
        match command.wasi_cli_run().call_run(&mut self.store).await {
            Ok(Ok(())) => {}
            Ok(Err(())) => return Err(wasmtime_wasi::I32Exit(1).into()),
            Err(error) if is_success(&error) => {}
            Err(error) => return Err(error),
        }
        let result = stdout.lock().finish();
        Ok((Some(result.ok_or(Stop::Output(limit))?), began))
    }

    /// Handles an HTTP request. The head is sent as soon as the guest has set it.
    pub(crate) async fn serve(
        &mut self,
        code: &Loaded,
        request: http::Request<Body>,
        head: oneshot::Sender<Head>,
    ) -> wasmtime::Result<()> {
        self.instantiate(code).await?;
        let Some(Guest::Http(_, proxy)) = &self.guest else {
            wasmtime::bail!("not an HTTP function");
        };
        let scheme = match request.uri().scheme_str() {
            Some("https") => Scheme::Https,
            _ => Scheme::Http,
        };
        let mut http = self.store.data_mut().http();
        let request = http.new_incoming_request(scheme, request.map(incoming))?;
        let head = http.new_response_outparam(head)?;
        proxy
            .wasi_http_incoming_handler()
            .call_handle(&mut self.store, request, head)
            .await
    }
}

fn incoming(body: Body) -> impl http_body::Body<Data = Bytes, Error = HttpError> + Send {
    body.map_err(|error| HttpError::InternalError(Some(error.to_string())))
}

/// Whether a command ended itself with code 0.
fn is_success(error: &wasmtime::Error) -> bool {
    error
        .downcast_ref::<wasmtime_wasi::I32Exit>()
        .is_some_and(|exit| exit.0 == 0)
}
