//! Reading JSON.
//!
//! Nearly every JSON text is YAML too, but not every one: halves of characters (`\ud83d\ude00`) and tabs behind a colon are
//! not. So a text that is JSON is read as such. What serde_json found to be JSON is gone through once more, token by token,
//! for the place of each.

use serde::de::IgnoredAny;

use super::build::{Builder, Collection, Stop};
use super::cursor::Cursor;
use super::{Data, Start, Style};

/// Reads `text` if it is JSON and an object; otherwise answers none and has read nothing.
pub(super) fn read(text: &str, builder: &mut Builder<'_>) -> Option<Result<(), Stop>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut tokens = Tokens {
        text,
        at: 0,
        cursor: Cursor::new(text),
        builder,
    };
    Some(tokens.all())
}

/// A text that is known to be JSON.
struct Tokens<'a, 'b, 'c> {
    text: &'a str,
    at: usize,
    cursor: Cursor<'a>,
    builder: &'c mut Builder<'b>,
}

impl<'a> Tokens<'a, '_, '_> {
    fn all(&mut self) -> Result<(), Stop> {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => self.at += 1,
                b'}' | b']' => {
                    self.builder.close();
                    self.at += 1;
                }
                b'{' => self.open(Collection::Map)?,
                b'[' => self.open(Collection::List)?,
                b'"' => self.string()?,
                _ => self.literal()?,
            }
        }
        Ok(())
    }

    fn open(&mut self, collection: Collection) -> Result<(), Stop> {
        let (start, _) = self.token(1);
        self.builder.open(start, collection)
    }

    /// A key or a value.
    fn string(&mut self) -> Result<(), Stop> {
        let (length, escaped) = string_length(&self.text.as_bytes()[self.at..]);
        let (start, token) = self.token(length);
        let string = match escaped {
            false => self.builder.keep(&token[1..length - 1]),
            true => match serde_json::from_str::<String>(token) {
                Ok(string) => self.builder.keep(&string),
                Err(_) => {
                    let message = "half a character: `\\ud800` to `\\udfff` stand in pairs";
                    self.builder.tell_at(start, "syntax", message.to_owned());
                    return self.builder.scalar(start, Data::Wrong);
                }
            },
        };
        self.builder.scalar(start, Data::String(string, Style::Double))
    }

    /// A number, `true`, `false` or `null`: all up to what ends it.
    fn literal(&mut self) -> Result<(), Stop> {
        let rest = &self.text[self.at..];
        let end = rest.find([',', '}', ']', ' ', '\t', '\n', '\r']);
        let (start, token) = self.token(end.unwrap_or(rest.len()));
        let data = match token {
            "null" => Data::Null,
            "true" => Data::Bool(true),
            "false" => Data::Bool(false),
            number => Data::Number(self.builder.keep(number)),
        };
        self.builder.scalar(start, data)
    }

    /// Steps behind a token of a known length.
    fn token(&mut self, length: usize) -> (Start, &'a str) {
        let start = self.cursor.at(self.at);
        let token = &self.text[self.at..self.at + length];
        self.at += length;
        (start, token)
    }
}

/// The length of the string that a text begins with, its quotes included, and whether anything in it is escaped.
fn string_length(text: &[u8]) -> (usize, bool) {
    let mut escaped = false;
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => break,
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    (at + 1, escaped)
}
