//! Where a byte of a string's value stands in the text.
//!
//! Quotes, escapes, folding and indentation change white space and its neighbours only, so that what is not white space
//! stands in the value in the order in which it stands in the text, one for one: the place of a byte is found by counting.

use crate::definition::place::Spot;
use crate::definition::tree::{Data, Style, Tree};
use crate::problem::Position;

/// The place of byte `offset` of the value at `spot`.
pub(super) fn find(tree: &Tree, spot: Spot, offset: usize) -> Position {
    let element = tree.element(spot);
    let Data::String(text, style) = element.data else {
        return element.start.position;
    };
    let value = tree.str(text);
    let before = &value[..value.floor_char_boundary(offset)];
    let solid = before.chars().filter(|char| !is_space(*char)).count();
    let trailing = before.chars().rev().take_while(|char| is_space(*char)).count();
    let on_space = value[before.len()..].chars().next().is_none_or(is_space);

    let mut characters = Characters::new(&tree.source, element.start.offset, element.start.position, style);
    for _ in 0..solid {
        characters.next_solid();
    }
    match on_space {
        true => characters.after(trailing),
        false => characters.skip_space(),
    }
}

/// White space that folding may add, change or remove.
fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r')
}

/// The characters of a string as they are written.
struct Characters<'a> {
    rest: &'a str,
    position: Position,
    style: Style,
}

impl<'a> Characters<'a> {
    fn new(source: &'a str, offset: u32, position: Position, style: Style) -> Self {
        let rest = source.get(offset as usize..).unwrap_or_default();
        let mut characters = Self {
            rest,
            position,
            style,
        };
        match style {
            Style::Bare => {}
            Style::Single | Style::Double => characters.step(1),
        }
        characters
    }

    /// Behind the next character that is not white space.
    fn next_solid(&mut self) {
        self.skip_space();
        let (written, _) = self.written();
        self.step(written);
    }

    /// Where the next character that is not white space begins.
    fn skip_space(&mut self) -> Position {
        loop {
            match self.written() {
                (0, _) | (_, false) => return self.position,
                (written, true) => self.step(written),
            }
        }
    }

    /// So many characters of white space further.
    fn after(&mut self, spaces: usize) -> Position {
        for _ in 0..spaces {
            match self.written() {
                (0, _) | (_, false) => break,
                (written, true) => self.step(written),
            }
        }
        self.position
    }

    /// How many characters the next one is written with, and whether it stands for white space or nothing.
    fn written(&self) -> (usize, bool) {
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else {
            return (0, false);
        };
        match (self.style, first) {
            (Style::Single, '\'') => (2, false),
            (Style::Double, '\\') => escape(chars.as_str()),
            (Style::Bare | Style::Single | Style::Double, char) => (1, is_space(char)),
        }
    }

    fn step(&mut self, characters: usize) {
        for char in self.rest.chars().take(characters) {
            let ends_line = char == '\n' || (char == '\r' && !self.rest.starts_with("\r\n"));
            match ends_line {
                true => {
                    self.position = Position {
                        line: self.position.line + 1,
                        column: 1,
                    }
                }
                false => self.position.column += 1,
            }
            self.rest = &self.rest[char.len_utf8()..];
        }
    }
}

/// What follows a backslash: the length of the whole escape, and whether it stands for white space or nothing.
fn escape(rest: &str) -> (usize, bool) {
    let Some(letter) = rest.chars().next() else {
        return (1, false);
    };
    let code = |digits: usize| {
        let hex = rest.get(1..1 + digits).unwrap_or_default();
        u32::from_str_radix(hex, 16).unwrap_or(0)
    };
    let space = |code: u32| char::from_u32(code).is_some_and(is_space);
    match letter {
        'x' => (4, space(code(2))),
        // Two halves of one character, as JSON has them.
        'u' if (0xd800..0xdc00).contains(&code(4)) => (12, false),
        'u' => (6, space(code(4))),
        'U' => (10, space(code(8))),
        'n' | 'r' | 't' | ' ' | '\t' => (2, true),
        // The end of a line that is to be none.
        '\n' | '\r' => (2, true),
        _ => (2, false),
    }
}
