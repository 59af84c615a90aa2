//! Going through a text forwards, counting lines and characters.

use super::Start;
use crate::problem::Position;

/// A place in a text that only moves on.
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    /// Lines and characters up to byte `offset`, which is not before the last that was asked for.
    pub(super) fn at(&mut self, offset: usize) -> Start {
        let bytes = self.text.as_bytes();
        while self.offset < offset {
            let byte = bytes[self.offset];
            let ends_line = byte == b'\n' || (byte == b'\r' && bytes.get(self.offset + 1) != Some(&b'\n'));
            if ends_line {
                self.position.line += 1;
                self.position.column = 1;
            } else if !is_continuation(byte) {
                self.position.column += 1;
            }
            self.offset += 1;
        }
        Start {
            position: self.position,
            offset: offset as u32,
        }
    }
}

/// The byte at which a character begins that is counted from 0, for characters asked for mostly in ascending order.
pub(super) struct Characters<'a> {
    text: &'a str,
    ascii: bool,
    characters: usize,
    bytes: usize,
}

impl<'a> Characters<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            ascii: text.is_ascii(),
            characters: 0,
            bytes: 0,
        }
    }

    /// The byte of the character `index`; behind the text for one that is not there.
    pub(super) fn byte(&mut self, index: usize) -> usize {
        if self.ascii {
            return index.min(self.text.len());
        }
        let bytes = self.text.as_bytes();
        while self.characters > index {
            self.bytes -= 1;
            self.characters -= usize::from(!is_continuation(bytes[self.bytes]));
        }
        while self.characters < index && self.bytes < bytes.len() {
            self.bytes += 1;
            self.characters += usize::from(bytes.get(self.bytes).is_none_or(|byte| !is_continuation(*byte)));
        }
        self.bytes
    }
}

/// Whether a byte is within a character of UTF-8.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::{Characters, Cursor};

    #[test]
    fn lines_and_characters() {
        let text = "aß\r\nb\rc\nd";
        let mut cursor = Cursor::new(text);
        let mut check = |offset: usize, line: u32, column: u32| {
            let start = cursor.at(offset);
            assert_eq!(
                (start.position.line, start.position.column),
                (line, column),
                "{offset}"
            );
        };
        check(0, 1, 1);
        check(1, 1, 2);
        check(3, 1, 3);
        check(5, 2, 1);
        check(7, 3, 1);
        check(9, 4, 1);
        check(10, 4, 2);
    }

    #[test]
    fn bytes_of_characters() {
        for text in ["aßc€d", "plain"] {
            let mut characters = Characters::new(text);
            let expected: Vec<usize> = text
                .char_indices()
                .map(|(byte, _)| byte)
                .chain([text.len()])
                .collect();
            for index in [0, 3, 1, 5, 2, 4, 0] {
                assert_eq!(characters.byte(index), expected[index], "{text} {index}");
            }
            assert_eq!(characters.byte(99), text.len());
        }
    }
}
