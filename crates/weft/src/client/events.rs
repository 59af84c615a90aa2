//! Server-sent events, read as they come.

use anyhow::Context;
use reqwest::Response;

/// The longest event read; a longer one is a fault of the server.
const MAX_EVENT: usize = 1 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its kind; empty where none was said.
    pub(crate) name: String,
    /// Its data, lines joined by newlines.
    pub(crate) data: String,
    /// What a reader that comes again goes on behind; empty where none was said.
    pub(crate) id: String,
}

/// The events of an answer.
pub(crate) struct Events {
    response: Response,
    buffer: Vec<u8>,
}

impl Events {
    /// Reads the body of this answer.
    pub(crate) fn new(response: Response) -> Self {
        Self {
            response,
            buffer: Vec::new(),
        }
    }

    /// The next event, or none once the server has ended the stream.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            while let Some(block) = take_block(&mut self.buffer) {
                if let Some(event) = parse(&block) {
                    return Ok(Some(event));
                }
            }
            match self.response.chunk().await.context("the stream broke off")? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => return Ok(None),
            }
            anyhow::ensure!(
                self.buffer.len() <= MAX_EVENT,
                "the server sent an event that never ends"
            );
        }
    }
}

/// Removes the text up to the next empty line.
fn take_block(buffer: &mut Vec<u8>) -> Option<String> {
    let end = buffer.windows(2).position(|pair| pair == b"\n\n")?;
    let block = buffer.drain(..end + 2).collect::<Vec<_>>();
    Some(String::from_utf8_lossy(&block).into_owned())
}

/// An event, or none where the block is only a comment.
fn parse(block: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data = Vec::new();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event.name = value.to_owned(),
            "data" => data.push(value),
            "id" => event.id = value.to_owned(),
            // Comments keep the connection alive; retry times are for browsers.
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!data.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_cut_at_empty_lines() {
        let mut buffer =
            b"event: line\nid: 7\ndata: {\"a\":1}\n\n: ping\n\ndata: x\ndata: y\n\ndata: rest".to_vec();
        let blocks: Vec<_> = std::iter::from_fn(|| take_block(&mut buffer)).collect();
        let events: Vec<_> = blocks.iter().filter_map(|block| parse(block)).collect();
        let event = |name: &str, data: &str, id: &str| Event {
            name: name.into(),
            data: data.into(),
            id: id.into(),
        };
        assert_eq!(events, [event("line", "{\"a\":1}", "7"), event("", "x\ny", "")]);
        assert_eq!(buffer, b"data: rest");
    }
}
