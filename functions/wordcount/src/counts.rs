//! The counts of a text that arrives in pieces.

use std::fmt;

/// What was counted so far.
#[derive(Default)]
pub struct Counts {
    lines: u64,
    words: u64,
    characters: u64,
    bytes: u64,
    in_word: bool,
}

impl Counts {
    /// Counts the next piece, which may begin and end anywhere.
    pub fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        for &byte in piece {
            self.lines += u64::from(byte == b'\n');
            // In UTF-8 every character has one byte that is not of the form 10xxxxxx.
            self.characters += u64::from(byte & 0xC0 != 0x80);
            let space = byte.is_ascii_whitespace();
            self.words += u64::from(!space && !self.in_word);
            self.in_word = !space;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lines,
            words,
            characters,
            bytes,
            ..
        } = self;
        write!(
            f,
            r#"{{"lines":{lines},"words":{words},"characters":{characters},"bytes":{bytes}}}"#
        )
    }
}
