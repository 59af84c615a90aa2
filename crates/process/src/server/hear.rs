//! What a worker says, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use weft_function_engine::port::Stream;
use weft_isolation::protocol::conversation::Fate;
use weft_isolation::protocol::{CallId, Frame, Header, LogStream, ProtocolError, Request, StreamId, ToHost};

use super::call::{Head, Outcome, Returned};
use super::connection::{Connection, OfCall};
use super::requests::Asked;
use crate::failure;
use crate::streams;

impl Connection {
    /// Acts on a frame.
    ///
    /// # Errors
    /// Where it breaks a rule.
    pub(super) fn hear(self: &Arc<Self>, frame: Frame<ToHost>) -> Result<(), ProtocolError> {
        if self.note(&mut self.state(), &frame)? == Fate::Late {
            return Ok(());
        }
        let Frame { call, message, body } = frame;
        match message {
            ToHost::Returned {
                result,
                cpu_us,
                start_us,
                reusable: _,
            } => {
                let returned = Returned {
                    result: result.then_some(body),
                    cpu_time: Duration::from_micros(cpu_us),
                    start_time: Duration::from_micros(start_us),
                };
                self.end(call, Ok(returned));
            }
            ToHost::Failed(failure) => self.end(call, Err(failure::heard(failure))),
            ToHost::Response {
                status,
                headers,
                body,
                length,
            } => self.respond(call, status, headers, body, length),
            ToHost::Log(stream) => self.log(call, stream, &body),
            ToHost::Dropped(lines) => {
                let logs = self.with_some(call, |open| Arc::clone(&open.context.logs));
                if let Some(logs) = logs {
                    logs.dropped(lines);
                }
            }
            ToHost::Request { number, request } => self.ask(call, number, request, body),
            ToHost::Chunk(stream) => self.with(call, |open| {
                if let Some(arrivals) = open.incoming.get(&stream) {
                    arrivals.chunk(body);
                }
            }),
            ToHost::End(stream, end) => self.with(call, |open| {
                if let Some(arrivals) = open.incoming.remove(&stream) {
                    arrivals.end(end);
                }
            }),
            ToHost::Credit(stream, bytes) => self.with(call, |open| {
                if let Some(credit) = open.outgoing.get(&stream) {
                    credit.add(bytes);
                }
            }),
            // Said while it got ready.
            ToHost::Hello { .. } | ToHost::Loaded | ToHost::LoadFailed(_) => {}
        }
        Ok(())
    }

    fn end(&self, call: CallId, outcome: Outcome) {
        let open = self.take(call, outcome.is_ok());
        self.settle();
        if let Some(open) = open {
            open.end(outcome);
        }
    }

    fn respond(
        self: &Arc<Self>,
        call: CallId,
        status: u16,
        headers: Vec<Header>,
        body: Option<StreamId>,
        length: Option<u64>,
    ) {
        self.with(call, |open| {
            let body = body.map(|stream| {
                let (arrivals, arriving) = streams::arrive(stream, self.voice(call));
                open.incoming.insert(stream, arrivals);
                arriving
            });
            open.respond(Head {
                status,
                headers,
                body,
                length,
            });
        });
    }

    fn log(&self, call: CallId, stream: LogStream, line: &[u8]) {
        let logs = self.with_some(call, |open| {
            (open.context.invocation, Arc::clone(&open.context.logs))
        });
        let Some((invocation, logs)) = logs else { return };
        let stream = match stream {
            LogStream::Stdout => Stream::Stdout,
            LogStream::Stderr => Stream::Stderr,
        };
        logs.line(invocation, stream, &String::from_utf8_lossy(line));
    }

    fn ask(self: &Arc<Self>, call: CallId, number: u32, request: Request, body: Bytes) {
        let connection = Arc::clone(self);
        self.with(call, |open| {
            let (arriving, outbound) = match &request {
                Request::Http { body, .. } => {
                    let arriving = body.map(|stream| {
                        let (arrivals, arriving) = streams::arrive(stream, connection.voice(call));
                        open.incoming.insert(stream, arrivals);
                        arriving
                    });
                    let reach = &connection.plan.reach;
                    let outbound = open.outbound.get_or_insert_with(|| reach.open(&open.context));
                    (arriving, Some(Arc::clone(outbound)))
                }
                _ => (None, None),
            };
            let home = connection.home.clone();
            let asked = Asked {
                connection,
                call,
                number,
                context: open.context.clone(),
                arriving,
                outbound,
            };
            // Those that ended are let go of.
            let tasks = open.tasks.get_or_insert_default();
            while tasks.try_join_next().is_some() {}
            tasks.spawn_on(asked.answer(request, body), &home);
        });
    }

    pub(super) fn voice(self: &Arc<Self>, call: CallId) -> Arc<OfCall> {
        Arc::new(OfCall {
            connection: Arc::clone(self),
            call,
        })
    }

    fn with(&self, call: CallId, act: impl FnOnce(&mut super::call::Open)) {
        if let Some(open) = self.state().open.get_mut(&call) {
            act(open);
        }
    }

    fn with_some<T>(&self, call: CallId, act: impl FnOnce(&super::call::Open) -> T) -> Option<T> {
        self.state().open.get(&call).map(act)
    }
}
