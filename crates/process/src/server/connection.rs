//! A conversation with a worker, from its readiness to its end.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::runtime::Handle;
use weft_function_engine::port::{Failure, InstanceUsage, Loss};
use weft_isolation::launch::{Meter, Worker as Process};
use weft_isolation::protocol::conversation::{Conversation, Fate};
use weft_isolation::protocol::{CallId, Frame, StreamEnd, StreamId, ToHost, ToWorker};
use weft_pool::budget::Share;

use super::budget::Taken;
use super::call::Open;
use super::outcome;
use super::pace::{Pace, Served};
use super::plan::{Alive, Plan};
use super::start::END;
use super::worker::Life;
use crate::link::{Ended, Link, Reader};
use crate::streams::Voice;

/// Frames that are heard in a row before others have a turn.
const TURN: u32 = 64;

/// A conversation with one worker.
pub(super) struct Connection {
    pub(super) plan: Arc<Plan>,
    /// Where it is had.
    pub(super) home: Handle,
    link: Link<ToWorker, ToHost>,
    state: Mutex<State>,
    /// Whether calls can be made: whether `state` says of nothing why it is to end. Looked at for every call.
    open: AtomicBool,
    served: AtomicBool,
    pace: Pace,
    meter: Meter,
    /// What it counts for among all workers.
    taken: Taken,
}

pub(super) struct State {
    conversation: Conversation,
    last: CallId,
    pub(super) open: HashMap<CallId, Open>,
    closing: Option<Closing>,
    lately: Served,
}

/// Why it is to end.
#[derive(Clone)]
enum Closing {
    /// Nobody wants the worker any longer.
    Dismissed,
    /// The worker is at fault.
    Fault(Loss),
    /// The socket was closed.
    Closed,
}

/// What there is when a worker has become ready.
pub(super) struct Begun {
    pub(super) conversation: Conversation,
    /// Heard and not yet understood.
    pub(super) bytes: BytesMut,
    pub(super) process: Process,
    pub(super) alive: Alive,
    pub(super) taken: Taken,
}

impl Connection {
    /// Goes on with a worker that has become ready, on the core whose turn it is.
    pub(super) fn begin(plan: &Arc<Plan>, life: &Arc<Life>, begun: Begun) -> io::Result<Arc<Self>> {
        let shared = &plan.shared;
        let home = shared.homes.next().unwrap_or_else(|| shared.background.clone());
        let linked = {
            let _context = home.enter();
            let socket = begun.process.socket.try_clone();
            socket.and_then(|socket| Link::new(socket, plan.frame))
        };
        let link = match linked {
            Ok(link) => link,
            Err(error) => {
                // Nobody has heard of it: that it does not end whole is for a sweep to mend.
                let _ = begun.process.end();
                return Err(error);
            }
        };
        let Begun {
            conversation,
            bytes,
            process,
            alive,
            taken,
        } = begun;
        let connection = Arc::new(Self {
            plan: Arc::clone(plan),
            home: home.clone(),
            link,
            state: Mutex::new(State {
                conversation,
                last: 0,
                open: HashMap::new(),
                closing: None,
                lately: Served::default(),
            }),
            open: AtomicBool::new(true),
            served: AtomicBool::new(false),
            pace: Pace::default(),
            meter: process.meter(),
            taken,
        });
        let leaving = Leaving {
            connection: Arc::clone(&connection),
            life: Arc::clone(life),
            process: Some((process, alive)),
        };
        let reader = Reader::new(plan.frame, bytes);
        home.spawn(leaving.stay(reader));
        Ok(connection)
    }

    /// Whether calls can be made.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Acquire)
    }

    /// How many calls the worker may be ahead of others for those who call on the thread of this conversation; none for others.
    pub(super) fn lead(&self) -> Option<u32> {
        let is_here = self.link.is_here();
        is_here.then(|| self.pace.lead(self.plan.origin.elapsed()))
    }

    /// What the worker uses, where that is known. Reads a few files.
    pub(super) fn usage(&self) -> Option<InstanceUsage> {
        let usage = self.meter.usage()?;
        Some(InstanceUsage {
            memory: usage.memory,
            peak_memory: Some(usage.peak).filter(|peak| *peak > 0),
            cpu_time: Duration::from_micros(usage.cpu_us),
        })
    }

    /// What the worker counts for among all.
    pub(super) fn share(&self) -> Share {
        self.taken.share()
    }

    /// Counts the memory that the worker uses. Reads a file.
    pub(super) fn recount(&self) {
        if let Some(memory) = self.meter.memory() {
            self.taken.recount(self.plan.need().memory, memory);
        }
    }

    /// Ends the worker, which is wanted no longer.
    pub(super) fn dismiss(&self) {
        self.close(Closing::Dismissed);
    }

    /// Ends the worker, which is at fault.
    pub(super) fn kill(&self, loss: Loss) {
        self.close(Closing::Fault(loss));
    }

    fn close(&self, closing: Closing) {
        self.state().closing.get_or_insert(closing);
        self.open.store(false, Release);
        self.taken.end();
        self.link.shut();
    }

    /// Opens a call, whose number `message` is told.
    ///
    /// # Errors
    /// Where the worker takes none, or the message cannot be sent.
    pub(super) fn open(&self, open: Open, message: ToWorker, body: Bytes) -> Result<CallId, Failure> {
        let mut state = self.state();
        if let Some(closing) = &state.closing {
            return Err(Failure::Unstarted(closing.loss()));
        }
        let frame = Frame {
            call: state.last + 1,
            message,
            body,
        };
        // Encoded first: what cannot be sent must not be noted.
        let encoded = self.link.encode(&frame);
        let noted = encoded.and_then(|encoded| state.conversation.worker_hears(&frame).map(|_| encoded));
        let unsaid = |error| Failure::Unavailable(format!("the call could not be passed on: {error}"));
        self.link.push(noted.map_err(unsaid)?);
        state.last += 1;
        state.open.insert(frame.call, open);
        Ok(frame.call)
    }

    /// Says something within a call, if it still goes on.
    pub(super) fn say(&self, call: CallId, message: ToWorker, body: Bytes) {
        let mut state = self.state();
        self.say_in(&mut state, call, message, body);
    }

    /// As [`Connection::say`], among other things that must happen at once.
    pub(super) fn say_in(&self, state: &mut State, call: CallId, message: ToWorker, body: Bytes) {
        let frame = Frame { call, message, body };
        let encoded = self.link.encode(&frame);
        let noted = encoded.and_then(|encoded| Ok((encoded, state.conversation.worker_hears(&frame)?)));
        match noted {
            Ok((encoded, Fate::Current)) => self.link.push(encoded),
            Ok((_, Fate::Late)) => {}
            Err(error) => tracing::debug!(%error, call, "a worker could not be told"),
        }
    }

    /// Notes something that was heard.
    pub(super) fn note(
        &self,
        state: &mut State,
        frame: &Frame<ToHost>,
    ) -> Result<Fate, weft_isolation::protocol::ProtocolError> {
        state.conversation.host_hears(frame)
    }

    /// Takes a call that the worker has ended, well or not.
    pub(super) fn take(&self, call: CallId, well: bool) -> Option<Open> {
        let mut state = self.state();
        let open = state.open.remove(&call)?;
        if well {
            let origin = self.plan.origin;
            let began = open.began.saturating_duration_since(origin);
            self.pace.note(&mut state.lately, began, origin.elapsed());
        }
        Some(open)
    }

    /// Notes that a call was served to its end.
    pub(super) fn settle(&self) {
        if !self.served.swap(true, Relaxed) {
            self.plan.settled();
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic half-way runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Closing {
    fn loss(&self) -> Loss {
        match self {
            Self::Fault(loss) => loss.clone(),
            Self::Dismissed => Loss::Crashed("it was no longer wanted".to_owned()),
            Self::Closed => Loss::Crashed("it closed its socket".to_owned()),
        }
    }
}

/// Sees a conversation to its end, and the worker.
struct Leaving {
    connection: Arc<Connection>,
    life: Arc<Life>,
    /// Taken when this is dropped.
    process: Option<(Process, Alive)>,
}

impl Leaving {
    async fn stay(self, mut reader: Reader<ToHost>) {
        let connection = &self.connection;
        let flush = async {
            connection.link.flush().await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = listen(connection, &mut reader) => {}
            () = flush => {}
        }
    }
}

async fn listen(connection: &Arc<Connection>, reader: &mut Reader<ToHost>) {
    let mut heard = 0_u32;
    loop {
        let error = match connection.link.next(reader).await {
            Ok(frame) => match connection.hear(frame) {
                Ok(()) => {
                    heard = heard.wrapping_add(1);
                    if heard.is_multiple_of(TURN) {
                        tokio::task::yield_now().await;
                    }
                    continue;
                }
                Err(error) => error,
            },
            Err(Ended::Closed) => return connection.close(Closing::Closed),
            Err(Ended::Protocol(error)) => error,
        };
        return connection.kill(Loss::Violated(error.to_string()));
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let Some((process, alive)) = self.process.take() else {
            return;
        };
        // Also where the core that had the conversation has ended.
        self.connection.close(Closing::Dismissed);
        let (connection, life) = (Arc::clone(&self.connection), Arc::clone(&self.life));
        let background = self.connection.plan.shared.background.clone();
        background.spawn_blocking(move || {
            let ended = process.end_within(END);
            let memory = connection.plan.allowance.memory;
            let loss = match ended {
                Ok(ending) => outcome::of_ending(&ending, memory),
                Err(error) => Loss::Crashed(error.to_string()),
            };
            connection.lost(&life, loss);
            drop(alive);
        });
    }
}

impl Connection {
    /// Tells everybody that the worker has ended, of `found` where nobody had ended it.
    fn lost(&self, life: &Life, found: Loss) {
        let (closing, open) = {
            let mut state = self.state();
            (state.closing.clone(), std::mem::take(&mut state.open))
        };
        let wanted = !matches!(closing, Some(Closing::Dismissed));
        let loss = match closing {
            Some(Closing::Fault(loss)) => loss,
            Some(Closing::Dismissed | Closing::Closed) | None => found,
        };
        if wanted {
            let served = self.served.load(Relaxed);
            self.plan.lost(&loss, (!served).then_some(life.began));
        }
        for (_, open) in open {
            open.end(Err(Failure::Lost(loss.clone())));
        }
        life.ended(loss);
    }
}

/// What is said of the streams of one call.
pub(super) struct OfCall {
    pub(super) connection: Arc<Connection>,
    pub(super) call: CallId,
}

impl Voice for OfCall {
    fn chunk(&self, stream: StreamId, bytes: Bytes) {
        self.connection.say(self.call, ToWorker::Chunk(stream), bytes);
    }

    fn end(&self, stream: StreamId, end: StreamEnd) {
        self.connection
            .say(self.call, ToWorker::End(stream, end), Bytes::new());
    }

    fn credit(&self, stream: StreamId, bytes: u32) {
        self.connection
            .say(self.call, ToWorker::Credit(stream, bytes), Bytes::new());
    }
}
