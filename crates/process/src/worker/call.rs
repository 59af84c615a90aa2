//! A call that the worker has not ended.

use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use weft_isolation::protocol::{Answer, CallId, Frame, LogStream, Request, StreamEnd, StreamId, ToHost};

use super::{Answered, ToServer};
use crate::streams::{self, Arrivals, Arriving, Credit, Voice};

/// Bytes of lines that may wait for the socket: who prints more waits for it.
const BACKLOG: usize = 1 << 20;

/// A call.
pub(crate) struct OpenCall {
    id: CallId,
    link: Arc<ToServer>,
    cancelled: Notify,
    /// Lines that may still be said.
    lines: AtomicU32,
    /// Lines that were not.
    dropped: AtomicU32,
    state: Mutex<State>,
}

struct State {
    next_request: u32,
    /// Odd.
    next_stream: u32,
    requests: HashMap<u32, oneshot::Sender<Answered>>,
    incoming: HashMap<StreamId, Arrivals>,
    outgoing: HashMap<StreamId, Credit>,
}

impl OpenCall {
    pub(super) fn new(id: CallId, link: Arc<ToServer>) -> Self {
        Self {
            id,
            link,
            cancelled: Notify::new(),
            lines: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
            state: Mutex::new(State {
                next_request: 1,
                next_stream: 1,
                requests: HashMap::new(),
                incoming: HashMap::new(),
                outgoing: HashMap::new(),
            }),
        }
    }

    pub(super) fn cancel(&self) {
        self.cancelled.notify_one();
    }

    pub(super) async fn cancelled(&self) {
        self.cancelled.notified().await;
    }

    /// Says something. What cannot be said is too large for it, which the server must know of.
    pub(super) fn say(&self, message: ToHost, body: Bytes) {
        let frame = Frame {
            call: self.id,
            message,
            body,
        };
        if let Err(error) = self.link.send(&frame) {
            let failure = weft_isolation::protocol::Failure::Platform(error.to_string());
            // As short as it is it can be said.
            let _ = self.link.send(&Frame {
                call: self.id,
                message: ToHost::Failed(failure),
                body: Bytes::new(),
            });
        }
    }

    /// Has what was said leave now.
    pub(super) fn hurry(&self) {
        self.link.hurry();
    }

    /// Lets so many lines be said.
    pub(super) fn allow_lines(&self, lines: u32) {
        self.lines.store(lines, Relaxed);
    }

    /// Says a line, as long as the server keeps any more: the guest waits where the server does not keep up.
    pub(super) fn line(&self, stream: LogStream, line: &[u8]) {
        let less = |left: u32| left.checked_sub(1);
        if self.lines.fetch_update(Relaxed, Relaxed, less).is_err() {
            let more = |dropped: u32| Some(dropped.saturating_add(1));
            let _ = self.dropped.fetch_update(Relaxed, Relaxed, more);
            return;
        }
        self.say(ToHost::Log(stream), Bytes::copy_from_slice(line));
        while self.link.backlog() > BACKLOG {
            self.link.write_blocking();
        }
    }

    /// Tells how many lines were not said, if any.
    pub(super) fn tell_dropped(&self) {
        match self.dropped.swap(0, Relaxed) {
            0 => {}
            lines => self.say(ToHost::Dropped(lines), Bytes::new()),
        }
    }

    /// Asks for something; `body` belongs to the request.
    pub(super) async fn ask(&self, request: Request, body: Bytes) -> Option<Answered> {
        let answered = self.request(|_| request, body);
        answered.await.ok()
    }

    /// Asks for something that may open a stream.
    pub(super) fn request(
        &self,
        request: impl FnOnce(&mut dyn FnMut() -> (StreamId, Credit)) -> Request,
        body: Bytes,
    ) -> oneshot::Receiver<Answered> {
        let (sender, answered) = oneshot::channel();
        let mut state = self.state();
        let number = state.next_request;
        state.next_request += 1;
        state.requests.insert(number, sender);
        let request = request(&mut || state.stream());
        // Said before another can be numbered.
        self.say(ToHost::Request { number, request }, body);
        answered
    }

    /// Says the head of a response; answers the stream for its body where it has one.
    pub(super) fn respond(
        &self,
        has_body: bool,
        head: impl FnOnce(Option<StreamId>) -> ToHost,
    ) -> Option<(StreamId, Credit)> {
        let mut state = self.state();
        let stream = has_body.then(|| state.stream());
        self.say(head(stream.as_ref().map(|(stream, _)| *stream)), Bytes::new());
        stream
    }

    /// A body that the server sends.
    pub(super) fn arriving(self: &Arc<Self>, stream: StreamId) -> Arriving<Self> {
        let (arrivals, arriving) = streams::arrive(stream, Arc::clone(self));
        self.state().incoming.insert(stream, arrivals);
        arriving
    }

    pub(super) fn answered(self: &Arc<Self>, request: u32, answer: Answer, body: Bytes) {
        let arriving = match &answer {
            Answer::Http {
                body: Some(stream), ..
            } => Some(self.arriving(*stream)),
            _ => None,
        };
        let waiting = self.state().requests.remove(&request);
        if let Some(waiting) = waiting {
            // Who asked may have gone.
            let _ = waiting.send(Answered {
                answer,
                body,
                arriving,
            });
        }
    }

    pub(super) fn chunk(&self, stream: StreamId, bytes: Bytes) {
        if let Some(arrivals) = self.state().incoming.get(&stream) {
            arrivals.chunk(bytes);
        }
    }

    pub(super) fn end_stream(&self, stream: StreamId, end: StreamEnd) {
        if let Some(arrivals) = self.state().incoming.remove(&stream) {
            arrivals.end(end);
        }
    }

    pub(super) fn credited(&self, stream: StreamId, bytes: u32) {
        if let Some(credit) = self.state().outgoing.get(&stream) {
            credit.add(bytes);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic half-way runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stream(&mut self) -> (StreamId, Credit) {
        let (stream, credit) = (StreamId(self.next_stream), Credit::new());
        self.next_stream += 2;
        self.outgoing.insert(stream, credit.clone());
        (stream, credit)
    }
}

impl Voice for OpenCall {
    fn chunk(&self, stream: StreamId, bytes: Bytes) {
        self.say(ToHost::Chunk(stream), bytes);
    }

    fn end(&self, stream: StreamId, end: StreamEnd) {
        self.say(ToHost::End(stream, end), Bytes::new());
    }

    fn credit(&self, stream: StreamId, bytes: u32) {
        self.say(ToHost::Credit(stream, bytes), Bytes::new());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use bytes::BytesMut;
    use weft_isolation::protocol::Decoder;

    use super::*;

    /// All that is said to a server until it goes.
    fn said(mut socket: UnixStream) -> Vec<ToHost> {
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).expect("an end");
        let mut decoder = Decoder::<ToHost>::new(1 << 16);
        let mut bytes = BytesMut::from(&bytes[..]);
        let next = || decoder.decode(&mut bytes).expect("a frame");
        std::iter::from_fn(next).map(|frame| frame.message).collect()
    }

    #[tokio::test]
    async fn no_more_lines_are_said_than_are_kept() {
        let (theirs, ours) = UnixStream::pair().expect("a socket");
        let link = Arc::new(ToServer::new(ours, 1 << 16).expect("a link"));
        let call = OpenCall::new(1, Arc::clone(&link));
        call.allow_lines(3);
        for _ in 0..10_000 {
            call.line(LogStream::Stdout, b"line");
        }
        call.tell_dropped();
        call.tell_dropped();
        while link.backlog() > 0 {
            link.write_blocking();
        }
        drop((call, link));
        let line = ToHost::Log(LogStream::Stdout);
        assert_eq!(
            said(theirs),
            [line.clone(), line.clone(), line, ToHost::Dropped(9_997)]
        );
    }
}
