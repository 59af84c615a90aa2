//! What is open within one call.

use std::collections::BTreeSet;

use super::flow::Flow;
use super::{Fate, Terms, at_most};
use crate::protocol::{
    Answer, Call, Frame, Message, ProtocolError, Request, StreamId, Target, ToHost, ToWorker,
};

/// A call that the worker has not ended.
#[derive(Debug)]
pub(super) struct OpenCall {
    /// Whether a response may come: it is a call of the HTTP handler, and none came yet.
    awaits_response: bool,
    last_request: Option<u32>,
    requests: BTreeSet<u32>,
    to_worker: Flow,
    to_host: Flow,
}

impl OpenCall {
    pub(super) fn new(frame: &Frame<ToWorker>, said: &Call, terms: Terms) -> Result<Self, ProtocolError> {
        let mut call = Self {
            awaits_response: false,
            last_request: None,
            requests: BTreeSet::new(),
            to_worker: Flow::default(),
            to_host: Flow::default(),
        };
        for attached in &said.attached {
            call.open(attached.stream, true, frame, terms)?;
        }
        if let Target::Http { body, .. } = &said.target {
            call.awaits_response = true;
            body.map_or(Ok(()), |stream| call.open(stream, true, frame, terms))?;
        }
        Ok(call)
    }

    pub(super) fn worker_hears(
        &mut self,
        frame: &Frame<ToWorker>,
        terms: Terms,
    ) -> Result<Fate, ProtocolError> {
        match &frame.message {
            ToWorker::Answer { request, answer } => {
                if !self.requests.remove(request) {
                    return Err(ProtocolError::Order {
                        message: "answer",
                        state: "no such request waits for one",
                    });
                }
                if let Answer::Http {
                    body: Some(stream), ..
                } = answer
                {
                    self.open(*stream, true, frame, terms)?;
                }
                Ok(Fate::Current)
            }
            ToWorker::Chunk(stream) => self.to_worker.chunk(*stream, frame),
            ToWorker::End(stream, _) => self.to_worker.end(*stream, frame),
            ToWorker::Credit(stream, more) => self.to_host.credit(*stream, *more, frame, terms),
            ToWorker::Cancel => Ok(Fate::Current),
            ToWorker::Hello { .. } | ToWorker::Load(_) | ToWorker::Call(_) => {
                Err(within_call(&frame.message))
            }
        }
    }

    pub(super) fn host_hears(&mut self, frame: &Frame<ToHost>, terms: Terms) -> Result<Fate, ProtocolError> {
        match &frame.message {
            ToHost::Log(_) | ToHost::Dropped(_) => Ok(Fate::Current),
            ToHost::Response { body, .. } => {
                if !std::mem::replace(&mut self.awaits_response, false) {
                    return Err(ProtocolError::Order {
                        message: "response",
                        state: "the call awaits none",
                    });
                }
                body.map_or(Ok(()), |stream| self.open(stream, false, frame, terms))?;
                Ok(Fate::Current)
            }
            ToHost::Request { number, request } => {
                self.request(*number, terms)?;
                if let Request::Http {
                    body: Some(stream), ..
                } = request
                {
                    self.open(*stream, false, frame, terms)?;
                }
                Ok(Fate::Current)
            }
            ToHost::Chunk(stream) => self.to_host.chunk(*stream, frame),
            ToHost::End(stream, _) => self.to_host.end(*stream, frame),
            ToHost::Credit(stream, more) => self.to_worker.credit(*stream, *more, frame, terms),
            ToHost::Hello { .. }
            | ToHost::Loaded
            | ToHost::LoadFailed(_)
            | ToHost::Returned { .. }
            | ToHost::Failed(_) => Err(within_call(&frame.message)),
        }
    }

    fn request(&mut self, number: u32, terms: Terms) -> Result<(), ProtocolError> {
        if self.last_request.is_some_and(|last| number <= last) {
            return Err(ProtocolError::Taken {
                what: "request",
                number: number.into(),
            });
        }
        self.last_request = Some(number);
        self.requests.insert(number);
        at_most(self.requests.len(), terms.requests, "requests of a call")
    }

    fn open<M: Message>(
        &mut self,
        stream: StreamId,
        by_host: bool,
        frame: &Frame<M>,
        terms: Terms,
    ) -> Result<(), ProtocolError> {
        at_most(
            self.to_worker.open_streams() + self.to_host.open_streams() + 1,
            terms.streams,
            "streams of a call",
        )?;
        if stream.is_hosts() != by_host {
            return Err(ProtocolError::NoStream {
                message: frame.message.name(),
                call: frame.call,
                stream,
            });
        }
        let flow = match by_host {
            true => &mut self.to_worker,
            false => &mut self.to_host,
        };
        flow.open(stream, terms)
    }
}

fn within_call<M: Message>(message: &M) -> ProtocolError {
    ProtocolError::Order {
        message: message.name(),
        state: "a call is spoken of",
    }
}
