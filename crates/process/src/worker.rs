//! The worker's end: it executes what it is told to, in as many calls at once as it is told, and asks the server for all that
//! guests ask of the world.
//!
//! Everything happens on one thread. What the server says is believed; what goes wrong ends the worker, which tells the server.

mod call;
mod execute;
mod host;
mod idle;
mod logs;
mod outbound;

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::task::AbortHandle;
use weft_function_engine::port::{Code, Host, Instance, LoadError};
use weft_isolation::protocol::{
    Answer, CallId, Frame, Load, LoadFailure, MAGIC, ProtocolError, ToHost, ToWorker, VERSION,
};

use crate::Description;
use crate::link::{Ended, Link, Reader};

use call::OpenCall;
use idle::Idle;

/// Largest frame before the server has said how large they are, in bytes: what describes a version is the largest.
const BEFORE: usize = 64 << 20;

/// How long calls are executed as they are heard. What is heard after that has to wait for its turn like all that goes on: who cancels
/// a call, or answers it, is heard without delay.
const TURN: Duration = Duration::from_micros(200);

/// What a worker says and hears.
pub(crate) type ToServer = Link<ToHost, ToWorker>;

/// Makes the code ready that the worker mapped.
pub trait Loader {
    /// Makes it ready as the code of a version.
    ///
    /// # Errors
    /// Where it is not what `load` names, or cannot be that version's code.
    fn load(
        self,
        load: &Load,
        description: &Description,
        host: Arc<dyn Host>,
    ) -> Result<Arc<dyn Code>, LoadError>;
}

/// Why a worker ends before its server has gone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket cannot be used.
    #[error("the socket cannot be used: {0}")]
    Socket(#[from] io::Error),
    /// The server said what it may not.
    #[error("the server broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
}

/// Serves the server at the other end of `socket` until it goes. The worker entered `layers`, one bit each.
///
/// # Errors
/// As [`Error`] lists them.
pub async fn serve(socket: UnixStream, layers: u32, loader: impl Loader) -> Result<(), Error> {
    let link = Arc::new(ToServer::new(socket, BEFORE)?);
    let flushed = Arc::clone(&link);
    let serving = async move {
        let mut reader = Reader::new(BEFORE, BytesMut::new());
        link.send(&whole(ToHost::Hello {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
            layers,
        }))?;
        let Some(worker) = Worker::load(&link, &mut reader, loader).await? else {
            return Ok(());
        };
        worker.serve(&mut reader).await
    };
    tokio::select! {
        served = serving => served,
        // It moves what waits, and ends only where the socket does.
        () = flushed.flush() => Ok(()),
    }
}

/// A worker whose code is loaded.
struct Worker {
    link: Arc<ToServer>,
    shared: Arc<Shared>,
    open: HashMap<CallId, Open>,
}

/// What all calls have in common.
struct Shared {
    code: Arc<dyn Code>,
    description: Description,
    idle: Arc<Idle>,
    /// Calls that ended, to be forgotten.
    ended: Mutex<Vec<CallId>>,
}

struct Open {
    call: Arc<OpenCall>,
    task: AbortHandle,
}

impl Worker {
    /// Hears the server's hello, loads the code and tells how that went; none where it went badly, or the server is gone.
    async fn load(
        link: &Arc<ToServer>,
        reader: &mut Reader<ToWorker>,
        loader: impl Loader,
    ) -> Result<Option<Self>, Error> {
        loop {
            let Some(frame) = next(link, reader).await? else {
                return Ok(None);
            };
            let ToWorker::Load(load) = frame.message else {
                // The hello; the server minds the order.
                continue;
            };
            let limit = load.frame_bytes as usize;
            reader.set_limit(limit);
            return match Shared::load(&load, &frame.body, loader) {
                Ok(shared) => {
                    link.set_limit(limit);
                    link.send(&whole(ToHost::Loaded))?;
                    Ok(Some(Self {
                        link: Arc::clone(link),
                        shared: Arc::new(shared),
                        open: HashMap::new(),
                    }))
                }
                Err(failure) => {
                    link.send(&whole(ToHost::LoadFailed(failure)))?;
                    // The server ends it.
                    while next(link, reader).await?.is_some() {}
                    Ok(None)
                }
            };
        }
    }

    async fn serve(mut self, reader: &mut Reader<ToWorker>) -> Result<(), Error> {
        let mut turn = Duration::ZERO;
        loop {
            let frame = {
                let mut hearing = pin!(next(&self.link, reader));
                match poll_once(hearing.as_mut()).await {
                    Poll::Ready(heard) => heard,
                    // All that had come is heard.
                    Poll::Pending => {
                        turn = Duration::ZERO;
                        hearing.await
                    }
                }
            };
            let Some(Frame { call, message, body }) = frame? else {
                return Ok(());
            };
            self.forget();
            match message {
                ToWorker::Call(said) => {
                    let execute = |open, shared| execute::call(open, shared, *said, body);
                    turn += self.begin(call, execute, turn < TURN).await;
                }
                message => self.pass_on(call, message, body),
            }
        }
    }

    /// Begins a call, and answers how long it executed `at_once`, before the next frame is heard: most end then. Otherwise it
    /// goes on as a task.
    async fn begin<F>(
        &mut self,
        id: CallId,
        execute: impl FnOnce(Arc<OpenCall>, Arc<Shared>) -> F,
        at_once: bool,
    ) -> Duration
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let began = Instant::now();
        let call = Arc::new(OpenCall::new(id, Arc::clone(&self.link)));
        let mut executing = Box::pin(execute(Arc::clone(&call), Arc::clone(&self.shared)));
        if at_once && poll_once(executing.as_mut()).await.is_ready() {
            return began.elapsed();
        }
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move {
            executing.await;
            shared
                .ended
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(id);
        });
        let task = task.abort_handle();
        self.open.insert(id, Open { call, task });
        if at_once { began.elapsed() } else { Duration::ZERO }
    }

    /// What belongs to a call goes there. What comes too late for it is passed over.
    fn pass_on(&self, call: CallId, message: ToWorker, body: Bytes) {
        let Some(open) = self.open.get(&call) else { return };
        match message {
            ToWorker::Cancel => open.call.cancel(),
            ToWorker::Answer { request, answer } => open.call.answered(request, answer, body),
            ToWorker::Chunk(stream) => open.call.chunk(stream, body),
            ToWorker::End(stream, end) => open.call.end_stream(stream, end),
            ToWorker::Credit(stream, bytes) => open.call.credited(stream, bytes),
            ToWorker::Hello { .. } | ToWorker::Load(_) | ToWorker::Call(_) => {}
        }
    }

    fn forget(&mut self) {
        let mut ended = self.shared.ended.lock().unwrap_or_else(PoisonError::into_inner);
        for call in ended.drain(..) {
            self.open.remove(&call);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.open.values().for_each(|open| open.task.abort());
    }
}

impl Shared {
    fn load(load: &Load, description: &[u8], loader: impl Loader) -> Result<Self, LoadFailure> {
        let description = Description::from_bytes(description)
            .map_err(|error| LoadFailure::Unreadable(error.to_string()))?;
        let host: Arc<dyn Host> = Arc::new(host::Nowhere);
        let code = loader
            .load(load, &description, host)
            .map_err(|error| match error {
                LoadError::NotIntact(why) => LoadFailure::NotIntact(why),
                LoadError::Unsatisfied(why) => LoadFailure::Unsatisfied(why),
            })?;
        Ok(Self {
            code,
            description,
            idle: Arc::default(),
            ended: Mutex::default(),
        })
    }

    /// An instance that can serve a call.
    fn instance(&self) -> Box<dyn Instance> {
        self.idle.take().unwrap_or_else(|| self.code.instance())
    }
}

/// The next frame; none where the server is gone.
async fn next(link: &ToServer, reader: &mut Reader<ToWorker>) -> Result<Option<Frame<ToWorker>>, Error> {
    match link.next(reader).await {
        Ok(frame) => Ok(Some(frame)),
        Err(Ended::Closed) => Ok(None),
        Err(Ended::Protocol(error)) => Err(error.into()),
    }
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

fn whole(message: ToHost) -> Frame<ToHost> {
    Frame {
        call: 0,
        message,
        body: Bytes::new(),
    }
}

/// An answer to a request, with its body, and the response's where it has one.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) body: Bytes,
    pub(crate) arriving: Option<crate::streams::Arriving<OpenCall>>,
}
