//! The server, as this worker talks to it: over standard input, and waiting wherever there is something to wait for.

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use weft_isolation::protocol::{CallId, Decoder, Frame, ToHost, ToWorker};

/// Larger than what any server says here.
const FRAME: usize = 64 << 20;

/// What was heard and not yet understood.
pub(crate) struct Server {
    bytes: BytesMut,
    decoder: Decoder<ToWorker>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bytes: BytesMut::new(),
            decoder: Decoder::new(FRAME),
        }
    }
}

impl Server {
    /// Says something that the protocol has words for.
    pub(crate) fn say(&self, call: CallId, message: ToHost, body: &[u8]) -> Result<()> {
        let frame = Frame {
            call,
            message,
            body: Bytes::copy_from_slice(body),
        };
        self.shout(&frame.encode(FRAME)?.to_vec())
    }

    /// Says whatever it is.
    pub(crate) fn shout(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let written = rustix::io::write(rustix::stdio::stdin(), bytes)?;
            bytes = &bytes[written..];
        }
        Ok(())
    }

    /// The next thing the server says; none where it has gone.
    pub(crate) fn hear(&mut self) -> Result<Option<Frame<ToWorker>>> {
        loop {
            if let Some(frame) = self.decoder.decode(&mut self.bytes)? {
                return Ok(Some(frame));
            }
            let mut part = [0; 4096];
            match rustix::io::read(rustix::stdio::stdin(), &mut part)? {
                0 => return Ok(None),
                read => self.bytes.extend_from_slice(&part[..read]),
            }
        }
    }

    /// Hears the next call, whatever it calls.
    pub(crate) fn call(&mut self) -> Result<Option<CallId>> {
        while let Some(frame) = self.hear()? {
            if let ToWorker::Call(_) = frame.message {
                return Ok(Some(frame.call));
            }
        }
        Ok(None)
    }

    /// Listens to nothing until the server has gone, or rather has ended this worker.
    pub(crate) fn ignore(&mut self) -> Result<()> {
        while self.hear()?.is_some() {}
        Ok(())
    }
}
