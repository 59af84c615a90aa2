//! The rules of order: which message may stand where.
//!
//! Both sides keep a [`Conversation`] and show it every frame, sent or received, before they act on it. The two directions
//! cross on their way, so a server may speak of what the worker just ended: such frames are [late](Fate::Late), which is no
//! fault. The other way round it cannot happen, as a call is open until the worker has ended it, cancelled or not.

mod call;
mod flow;

use std::collections::BTreeMap;

use self::call::OpenCall;
use super::{Call, CallId, Frame, MAGIC, Message, ProtocolError, ToHost, ToWorker, VERSION};

/// What may be open at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Calls.
    pub calls: usize,
    /// Requests of one call.
    pub requests: usize,
    /// Streams of one call, either way.
    pub streams: usize,
    /// Bytes of a stream that may be sent before any credit is given, and the most that credit may add up to.
    pub window: u64,
}

/// What to do with a frame that breaks no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Act on it.
    Current,
    /// Pass over it: what it is about has just ended.
    Late,
}

/// Where a conversation stands.
#[derive(Debug)]
pub struct Conversation {
    terms: Terms,
    greeted_worker: bool,
    greeted_host: bool,
    code: CodeState,
    last_call: CallId,
    calls: BTreeMap<CallId, OpenCall>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeState {
    None,
    Asked,
    Loaded,
    Failed,
}

impl Terms {
    /// What a server and its workers agree on unless a profile says otherwise: 64 calls, 64 requests and 64 streams for
    /// each, 256 KiB in flight for a stream.
    pub const DEFAULT: Self = Self {
        calls: 64,
        requests: 64,
        streams: 64,
        window: 256 << 10,
    };
}

impl Conversation {
    /// One that has not begun.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            greeted_worker: false,
            greeted_host: false,
            code: CodeState::None,
            last_call: 0,
            calls: BTreeMap::new(),
        }
    }

    /// The calls that are open, in the order in which they were opened.
    pub fn open_calls(&self) -> impl Iterator<Item = CallId> {
        self.calls.keys().copied()
    }

    /// Notes a frame from the server to the worker.
    ///
    /// # Errors
    /// Where it breaks a rule. The conversation is over then.
    pub fn worker_hears(&mut self, frame: &Frame<ToWorker>) -> Result<Fate, ProtocolError> {
        let misplaced = self.misplaced(&frame.message);
        if let ToWorker::Hello { magic, version } = &frame.message {
            check_hello(*magic, *version)?;
            return first(&mut self.greeted_worker, misplaced);
        }
        if !self.greeted_worker {
            return Err(misplaced);
        }
        match &frame.message {
            ToWorker::Hello { .. } => Err(misplaced),
            ToWorker::Load(_) if self.code == CodeState::None => {
                self.code = CodeState::Asked;
                Ok(Fate::Current)
            }
            ToWorker::Load(_) => Err(misplaced),
            _ if self.code != CodeState::Loaded => Err(misplaced),
            ToWorker::Call(call) => self.open(frame, call),
            ToWorker::Cancel
            | ToWorker::Answer { .. }
            | ToWorker::Chunk(_)
            | ToWorker::End(..)
            | ToWorker::Credit(..) => self.of_call(frame),
        }
    }

    /// Notes a frame from the worker to the server.
    ///
    /// # Errors
    /// Where it breaks a rule. The conversation is over then, and so should the worker be.
    pub fn host_hears(&mut self, frame: &Frame<ToHost>) -> Result<Fate, ProtocolError> {
        let misplaced = self.misplaced(&frame.message);
        if let ToHost::Hello { magic, version, .. } = &frame.message {
            check_hello(*magic, *version)?;
            return first(&mut self.greeted_host, misplaced);
        }
        if !self.greeted_host {
            return Err(misplaced);
        }
        match &frame.message {
            ToHost::Hello { .. } => Err(misplaced),
            ToHost::Loaded if self.code == CodeState::Asked => {
                self.code = CodeState::Loaded;
                Ok(Fate::Current)
            }
            ToHost::LoadFailed(_) if self.code == CodeState::Asked => {
                self.code = CodeState::Failed;
                Ok(Fate::Current)
            }
            ToHost::Loaded | ToHost::LoadFailed(_) => Err(misplaced),
            _ if self.code != CodeState::Loaded => Err(misplaced),
            ToHost::Returned { .. } | ToHost::Failed(_) => match self.calls.remove(&frame.call) {
                Some(_) => Ok(Fate::Current),
                None => Err(no_call(frame)),
            },
            ToHost::Response { .. }
            | ToHost::Log(_)
            | ToHost::Dropped(_)
            | ToHost::Request { .. }
            | ToHost::Chunk(_)
            | ToHost::End(..)
            | ToHost::Credit(..) => {
                let call = self.calls.get_mut(&frame.call).ok_or_else(|| no_call(frame))?;
                call.host_hears(frame, self.terms)
            }
        }
    }

    fn open(&mut self, frame: &Frame<ToWorker>, call: &Call) -> Result<Fate, ProtocolError> {
        if frame.call <= self.last_call {
            return Err(ProtocolError::Taken {
                what: "call",
                number: frame.call,
            });
        }
        at_most(self.calls.len() + 1, self.terms.calls, "calls")?;
        let call = OpenCall::new(frame, call, self.terms)?;
        self.last_call = frame.call;
        self.calls.insert(frame.call, call);
        Ok(Fate::Current)
    }

    fn of_call(&mut self, frame: &Frame<ToWorker>) -> Result<Fate, ProtocolError> {
        match self.calls.get_mut(&frame.call) {
            Some(call) => call.worker_hears(frame, self.terms),
            None if (1..=self.last_call).contains(&frame.call) => Ok(Fate::Late),
            None => Err(no_call(frame)),
        }
    }

    fn misplaced<M: Message>(&self, message: &M) -> ProtocolError {
        let state = match self.code {
            _ if !self.greeted_worker || !self.greeted_host => "not both sides have said hello",
            CodeState::None => "no code was named",
            CodeState::Asked => "the code is being loaded",
            CodeState::Failed => "the code could not be loaded",
            CodeState::Loaded => "the worker serves",
        };
        ProtocolError::Order {
            message: message.name(),
            state,
        }
    }
}

fn check_hello(magic: [u8; 8], version: [u8; 4]) -> Result<(), ProtocolError> {
    if magic != MAGIC {
        return Err(ProtocolError::Magic(magic));
    }
    match u32::from_le_bytes(version) {
        VERSION => Ok(()),
        other => Err(ProtocolError::Version(other)),
    }
}

/// Sets what may be set once.
fn first(done: &mut bool, misplaced: ProtocolError) -> Result<Fate, ProtocolError> {
    match std::mem::replace(done, true) {
        false => Ok(Fate::Current),
        true => Err(misplaced),
    }
}

fn at_most(count: usize, limit: usize, what: &'static str) -> Result<(), ProtocolError> {
    match count <= limit {
        true => Ok(()),
        false => Err(ProtocolError::TooMany { what, limit }),
    }
}

fn no_call<M: Message>(frame: &Frame<M>) -> ProtocolError {
    ProtocolError::NoCall {
        message: frame.message.name(),
        call: frame.call,
    }
}
