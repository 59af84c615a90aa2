//! What guests ask of the world, answered on their behalf. A worker is not believed: what it asks for is judged here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use weft_function_engine::port::keyvalue::{MAX_KEY, MAX_VALUE};
use weft_function_engine::port::{
    CallContext, Failure, KeyValue, Outbound, OutboundBody, OutboundError, Patience, StorageError,
};
use weft_isolation::protocol::{
    Answer, CallId, HttpHead, MAX_HEAD, Patience as Asks, Refusal, Request, ToWorker,
};
use weft_types::ProjectName;
use weft_types::image::{Bounds, Image};

use super::connection::{Connection, OfCall};
use crate::streams::{self, Arriving};
use crate::{failure, head};

/// Most keys that are answered at once.
const MOST_KEYS: u32 = 1_000;
/// Most elements in the lists that a function passes to another.
const MAX_ELEMENTS: usize = 4_000_000;

/// A request, and what it takes to answer it.
pub(super) struct Asked {
    pub(super) connection: Arc<Connection>,
    pub(super) call: CallId,
    pub(super) number: u32,
    pub(super) context: CallContext,
    /// The body of an HTTP request.
    pub(super) arriving: Option<Arriving<OfCall>>,
    /// What sends those.
    pub(super) outbound: Option<Arc<dyn Outbound>>,
}

impl Asked {
    /// Answers the request.
    pub(super) async fn answer(mut self, request: Request, body: Bytes) {
        let (answer, body) = match request {
            Request::Call { interface, function } => self.call(&interface, &function, body).await,
            Request::Http {
                head,
                body: _,
                patience,
            } => match self.http(head, patience).await {
                Ok(response) => return self.respond(response),
                Err(OutboundError { code, detail }) => (Answer::HttpFailed { code, detail }, Bytes::new()),
            },
            request => match self.keyvalue(request, body).await {
                Ok(answered) => answered,
                Err(refusal) => (Answer::Refused(refusal), Bytes::new()),
            },
        };
        let message = ToWorker::Answer {
            request: self.number,
            answer,
        };
        self.connection.say(self.call, message, body);
    }

    async fn call(&self, interface: &str, function: &str, arguments: Bytes) -> (Answer, Bytes) {
        match self.callee(interface, function, arguments).await {
            Ok(Some(image)) => match too_long(image.as_bytes().len(), self.connection.plan.frame) {
                Some(failure) => (Answer::Failed(failure::told(failure)), Bytes::new()),
                None => (Answer::Returned { result: true }, image.as_bytes().clone()),
            },
            Ok(None) => (Answer::Returned { result: false }, Bytes::new()),
            Err(failure) => (Answer::Failed(failure::told(failure)), Bytes::new()),
        }
    }

    async fn callee(
        &self,
        interface: &str,
        function: &str,
        arguments: Bytes,
    ) -> Result<Option<Image>, Failure> {
        let plan = &self.connection.plan;
        let binding = plan
            .bindings
            .iter()
            .find(|binding| binding.interface == interface);
        let found = binding.and_then(|binding| {
            let function = binding.functions.iter().find(|known| known.name == function)?;
            Some((&binding.callee, function))
        });
        let unknown = || Failure::Unavailable(format!("`{interface}#{function}` was not granted"));
        let (callee, function) = found.ok_or_else(unknown)?;
        let bounds = Bounds {
            bytes: plan.frame,
            elements: MAX_ELEMENTS,
        };
        let arguments = Image::from_bytes(arguments, &function.signature.params, bounds)
            .map_err(|error| self.connection.lied(&error.to_string()))?;
        plan.host
            .call(
                &plan.record.project,
                callee,
                interface,
                function,
                arguments,
                &self.context,
            )
            .await
    }

    async fn http(
        &mut self,
        head: HttpHead,
        patience: Asks,
    ) -> Result<http::Response<OutboundBody>, OutboundError> {
        let body = match self.arriving.take() {
            Some(arriving) => arriving.map_err(broken_off).boxed_unsync(),
            None => Empty::new().map_err(|never| match never {}).boxed_unsync(),
        };
        let invalid = |_| error("HTTP-request-URI-invalid");
        let request = head::request(head, body).map_err(invalid)?;
        let span = |micros: Option<u64>| micros.map(Duration::from_micros);
        let patience = Patience {
            connect: span(patience.connect_us),
            first_byte: span(patience.first_byte_us),
            between_bytes: span(patience.between_bytes_us),
        };
        let outbound = self.outbound.take().ok_or_else(|| error("HTTP-request-denied"))?;
        outbound.send(request, patience).await
    }

    /// Answers by a response, and goes on to send its body.
    fn respond(self, response: http::Response<OutboundBody>) {
        let (parts, body) = response.into_parts();
        let (connection, call) = (&self.connection, self.call);
        let mut state = connection.state();
        let Some(open) = state.open.get_mut(&call) else {
            return;
        };
        let stream = (!http_body::Body::is_end_stream(&body)).then(|| open.stream());
        if let Some((stream, credit)) = &stream {
            let (stream, credit, voice) = (*stream, credit.clone(), connection.voice(call));
            let sending = async move {
                // Its receiver learns how it ended.
                let _ = streams::send(body, stream, credit, &*voice).await;
            };
            open.tasks
                .get_or_insert_default()
                .spawn_on(sending, &connection.home);
        }
        let message = ToWorker::Answer {
            request: self.number,
            answer: Answer::Http {
                status: parts.status.as_u16(),
                headers: head::headers(&parts.headers),
                body: stream.map(|(stream, _)| stream),
            },
        };
        connection.say_in(&mut state, call, message, Bytes::new());
    }

    async fn keyvalue(&self, request: Request, value: Bytes) -> Result<(Answer, Bytes), Refusal> {
        let plan = &self.connection.plan;
        let (port, project): (&dyn KeyValue, &ProjectName) = (plan.host.keyvalue(), &plan.record.project);
        let none = Bytes::new();
        Ok(match request {
            Request::Get { store, key } => {
                self.check(&store, Some(&key))?;
                match port.get(project, &store, &key).await.map_err(refusal)? {
                    Some(value) => (Answer::Got, value),
                    None => (Answer::Absent, none),
                }
            }
            Request::Set { store, key } => {
                self.check(&store, Some(&key))?;
                if value.len() > MAX_VALUE {
                    return Err(Refusal::Invalid(format!("a value of {} bytes", value.len())));
                }
                port.set(project, &store, &key, value).await.map_err(refusal)?;
                (Answer::Done, none)
            }
            Request::Delete { store, key } => {
                self.check(&store, Some(&key))?;
                port.delete(project, &store, &key).await.map_err(refusal)?;
                (Answer::Done, none)
            }
            Request::Keys { store, after, limit } => {
                self.check(&store, None)?;
                let limit = limit.min(MOST_KEYS) as usize;
                let keys = port.keys(project, &store, after.as_deref(), limit).await;
                (Answer::Keys(fitting(keys.map_err(refusal)?)), none)
            }
            Request::Increment { store, key, delta } => {
                self.check(&store, Some(&key))?;
                let sum = port.increment(project, &store, &key, delta).await;
                (Answer::Sum(sum.map_err(refusal)?), none)
            }
            Request::Call { .. } | Request::Http { .. } => {
                return Err(Refusal::Invalid("no request to a store".to_owned()));
            }
        })
    }

    fn check(&self, store: &str, key: Option<&str>) -> Result<(), Refusal> {
        let grants = &self.connection.plan.record.settings.grants;
        if !grants.keyvalue.contains(store) {
            return Err(Refusal::NotGranted(store.to_owned()));
        }
        match key {
            Some(key) if key.is_empty() || key.len() > MAX_KEY => {
                Err(Refusal::Invalid(format!("a key of {} bytes", key.len())))
            }
            _ => Ok(()),
        }
    }
}

/// Why a result of so many bytes cannot be passed on in frames of so many.
fn too_long(length: usize, frame: usize) -> Option<Failure> {
    let most = frame - MAX_HEAD;
    (length > most).then(|| {
        Failure::CallLimit(format!(
            "a function it calls answered {length} bytes, and a function in a process takes at most {most} in one piece: raise its \
             own `input-bytes` or `output-bytes` to that, or have the other answer less at a time"
        ))
    })
}

/// As many keys as one message takes.
fn fitting(mut keys: Vec<String>) -> Vec<String> {
    let mut room = MAX_HEAD - 64;
    let fits = keys.iter().take_while(|key| {
        // A length takes at most three bytes.
        let left = room.checked_sub(key.len() + 3);
        room = left.unwrap_or(0);
        left.is_some()
    });
    let fits = fits.count();
    keys.truncate(fits);
    keys
}

fn refusal(error: StorageError) -> Refusal {
    match error {
        StorageError::Full => Refusal::Full,
        StorageError::Quota(exceeded) => Refusal::Quota(exceeded.to_string()),
        StorageError::QuotaTold(why) => Refusal::Quota(why),
        error @ (StorageError::TooLarge { .. } | StorageError::Io { .. }) => {
            tracing::error!(%error, "a key-value store failed");
            Refusal::Unavailable("the store failed".to_owned())
        }
    }
}

fn broken_off(_: String) -> OutboundError {
    error("connection-terminated")
}

fn error(code: &str) -> OutboundError {
    OutboundError {
        code: code.to_owned(),
        detail: None,
    }
}

#[cfg(test)]
mod tests {
    use weft_isolation::protocol::Frame;

    use super::*;

    #[test]
    fn a_result_that_fits_no_frame_is_refused() {
        for (length, frame, refused) in [
            (0, MAX_HEAD, false),
            (1, MAX_HEAD, true),
            (10, MAX_HEAD + 10, false),
            (11, MAX_HEAD + 10, true),
        ] {
            let failure = too_long(length, frame);
            assert_eq!(
                failure.is_some(),
                refused,
                "{length} bytes in {frame}: {failure:?}"
            );
        }
    }

    fn fits(keys: &[String]) -> bool {
        let frame = Frame {
            call: u64::MAX,
            message: ToWorker::Answer {
                request: u32::MAX,
                answer: Answer::Keys(keys.to_vec()),
            },
            body: Bytes::new(),
        };
        frame.encode(usize::MAX).is_ok()
    }

    #[test]
    fn as_many_keys_are_answered_as_a_message_takes() {
        for length in [1, 50, 127, 128, MAX_KEY] {
            let all = vec!["k".repeat(length); 200_000 / length];
            let some = fitting(all.clone());
            assert!(fits(&some), "{} keys of {length} bytes", some.len());
            // Three bytes are kept for each length, and a few for what is around them.
            let bytes = some.len() * (length + 3);
            assert!(
                bytes + 64 + length + 3 > weft_isolation::protocol::MAX_HEAD,
                "{bytes} of {length}"
            );
            assert!(!fits(&all));
        }
        assert_eq!(fitting(vec!["a".to_owned(), "b".to_owned()]), ["a", "b"]);
    }
}
