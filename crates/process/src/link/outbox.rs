//! What waits to be written to a socket.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};
use weft_isolation::protocol::Encoded;

/// Small frames are gathered into runs of up to so many bytes.
const RUN: usize = 64 << 10;

/// Frames in the order in which they are to leave: small ones gathered, large bodies from where they lie.
#[derive(Default)]
pub(super) struct Outbox {
    parts: VecDeque<Part>,
    /// A run that was written, for the next.
    spare: BytesMut,
}

enum Part {
    Run(BytesMut),
    Body(Bytes),
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes().len()).sum()
    }

    pub(super) fn push(&mut self, encoded: Encoded) {
        match self.parts.back_mut() {
            Some(Part::Run(run)) if run.len() + encoded.head.len() <= RUN => {
                run.extend_from_slice(&encoded.head);
            }
            _ => {
                let mut run = std::mem::take(&mut self.spare);
                run.extend_from_slice(&encoded.head);
                self.parts.push_back(Part::Run(run));
            }
        }
        if !encoded.body.is_empty() {
            self.parts.push_back(Part::Body(encoded.body));
        }
    }

    /// What is to leave first, as far as there is room.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(&self.parts);
        filled
            .map(|(slice, part)| *slice = IoSlice::new(part.bytes()))
            .count()
    }

    /// Lets go of what was written.
    pub(super) fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.parts.front_mut() {
            let length = first.bytes().len();
            if written < length {
                return first.advance(written);
            }
            written -= length;
            if let Some(Part::Run(mut run)) = self.parts.pop_front() {
                run.clear();
                self.spare = run;
            }
        }
    }

    /// Lets go of everything.
    pub(super) fn clear(&mut self) {
        self.parts.clear();
    }
}

impl Part {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Run(run) => run,
            Self::Body(body) => body,
        }
    }

    fn advance(&mut self, bytes: usize) {
        match self {
            Self::Run(run) => run.advance(bytes),
            Self::Body(body) => body.advance(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(head: &str, body: &str) -> Encoded {
        Encoded {
            head: head.into(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn slices(outbox: &Outbox, room: usize) -> Vec<String> {
        let mut slices = vec![IoSlice::new(&[]); room];
        let filled = outbox.slices(&mut slices);
        let text = |slice: &IoSlice<'_>| String::from_utf8(slice.to_vec()).expect("text");
        slices[..filled].iter().map(text).collect()
    }

    #[test]
    fn small_frames_leave_in_one_run_and_bodies_in_their_place() {
        let mut outbox = Outbox::default();
        for (head, body) in [("ab", ""), ("cd", ""), ("ef", "BODY"), ("gh", "")] {
            outbox.push(encoded(head, body));
        }
        assert_eq!(slices(&outbox, 8), ["abcdef", "BODY", "gh"]);
        assert_eq!(slices(&outbox, 2), ["abcdef", "BODY"]);
        assert_eq!(outbox.bytes(), 12);
        // However few are written at a time.
        let mut left = String::new();
        while !outbox.is_empty() {
            left.push_str(&slices(&outbox, 1)[0][..1]);
            outbox.advance(1);
        }
        assert_eq!(left, "abcdefBODYgh");
        outbox.push(encoded("ij", ""));
        assert_eq!(slices(&outbox, 8), ["ij"]);
    }

    #[test]
    fn what_was_written_over_several_parts_is_let_go_of() {
        let mut outbox = Outbox::default();
        outbox.push(encoded("ab", "BODY"));
        outbox.push(encoded("cd", ""));
        outbox.advance(7);
        assert_eq!(slices(&outbox, 8), ["d"]);
        outbox.advance(1);
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_comes_while_a_run_leaves_follows_it() {
        let mut outbox = Outbox::default();
        outbox.push(encoded("abcd", ""));
        outbox.advance(3);
        outbox.push(encoded("ef", "BODY"));
        assert_eq!(slices(&outbox, 8), ["def", "BODY"]);
    }

    #[test]
    fn a_run_ends() {
        let mut outbox = Outbox::default();
        (0..3).for_each(|_| outbox.push(encoded(&"x".repeat(RUN / 2), "")));
        let lengths: Vec<_> = slices(&outbox, 8).iter().map(String::len).collect();
        assert_eq!(lengths, [RUN, RUN / 2]);
    }
}
