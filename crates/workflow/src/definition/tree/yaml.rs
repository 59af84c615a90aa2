//! Reading YAML.

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::build::{Builder, Collection, Stop};
use super::cursor::Characters;
use super::metered::{Meter, Metered};
use super::plain::{Plain, resolve};
use super::{Data, Start, Style};
use crate::problem::Position;

/// Reads the one document of `text`.
pub(super) fn read(text: &str, builder: &mut Builder<'_>) -> Result<(), Stop> {
    let meter = Meter::new();
    let mut parser = Parser::new(Metered::new(text, &meter));
    let mut document = Document {
        characters: Characters::new(text),
        last: Start {
            position: Position { line: 1, column: 1 },
            offset: 0,
        },
        documents: 0,
        text,
        builder,
    };
    while let Some(event) = parser.next_event() {
        match event {
            _ if meter.is_used_up() => return document.too_far(),
            Ok((event, span)) => document.event(event, span.start)?,
            Err(error) => return document.wrong(&error),
        }
        meter.reset();
    }
    Ok(())
}

struct Document<'a, 'b> {
    text: &'a str,
    characters: Characters<'a>,
    /// Where the last event was.
    last: Start,
    documents: u32,
    builder: &'a mut Builder<'b>,
}

impl Document<'_, '_> {
    fn event(&mut self, event: Event<'_>, mark: Marker) -> Result<(), Stop> {
        let start = self.start(&mark);
        self.last = start;
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(start),
            Event::Alias(_) => self.alias(start),
            Event::Scalar(text, style, anchor, tag) => {
                let sound = self.is_plain(start, anchor, tag.as_deref());
                self.scalar(start, text, style, sound)
            }
            Event::SequenceStart(anchor, tag) => {
                self.is_plain(start, anchor, tag.as_deref());
                self.builder.open(start, Collection::List)
            }
            Event::MappingStart(anchor, tag) => {
                self.is_plain(start, anchor, tag.as_deref());
                self.builder.open(start, Collection::Map)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.builder.close();
                Ok(())
            }
        }
    }

    fn document(&mut self, start: Start) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let message =
            "a definition is one document, here begins a second one; remove the line `---`".to_owned();
        self.builder.tell_at(start, "several-documents", message);
        Err(Stop)
    }

    fn scalar(
        &mut self,
        start: Start,
        text: Cow<'_, str>,
        style: ScalarStyle,
        sound: bool,
    ) -> Result<(), Stop> {
        let kept = self.builder.keep(&text);
        let string = |style| Data::String(kept, style);
        let data = match style {
            _ if !sound => Data::Wrong,
            ScalarStyle::SingleQuoted => string(Style::Single),
            ScalarStyle::DoubleQuoted => string(Style::Double),
            ScalarStyle::Literal | ScalarStyle::Folded => string(Style::Bare),
            ScalarStyle::Plain if self.builder.at_key() => string(Style::Bare),
            ScalarStyle::Plain => match resolve(&text) {
                Plain::Null => Data::Null,
                Plain::Bool(value) => Data::Bool(value),
                Plain::Number => Data::Number(kept),
                Plain::String => string(Style::Bare),
            },
        };
        self.builder.scalar(start, data)
    }

    /// Tells anchors and tags.
    fn is_plain(&mut self, start: Start, anchor: usize, tag: Option<&Tag>) -> bool {
        if anchor != 0 {
            let message =
                "anchors (`&name`) and aliases (`*name`) are not read; write the value where it is needed";
            self.builder.tell_at(start, "alias", message.to_owned());
        }
        if tag.is_some() {
            let message = "tags (`!name`) are not read; the type of a value follows from where it goes";
            self.builder.tell_at(start, "tag", message.to_owned());
        }
        anchor == 0 && tag.is_none()
    }

    fn alias(&mut self, start: Start) -> Result<(), Stop> {
        let message = "anchors (`&name`) and aliases (`*name`) are not read; write the value here";
        self.builder.tell_at(start, "alias", message.to_owned());
        self.builder.scalar(start, Data::Wrong)
    }

    fn wrong(&mut self, error: &ScanError) -> Result<(), Stop> {
        let start = self.start(error.marker());
        // The scanner's own word for an alias without its anchor is that it is unknown.
        if self.text[start.offset as usize..].starts_with('*') {
            return self.alias(start).and(Err(Stop));
        }
        let hint = self.hint(start);
        self.builder
            .tell_at(start, "syntax", format!("not YAML: {}{hint}", error.info()));
        Err(Stop)
    }

    /// What people stumble over most.
    fn hint(&self, start: Start) -> &'static str {
        let (before, rest) = self.text.split_at(start.offset as usize);
        let word = before
            .rsplit([' ', ',', '{', '[', '\n'])
            .next()
            .unwrap_or_default();
        match rest.chars().next() {
            Some('[') if word.starts_with('$') => {
                "; within `{…}` or `[…]` a reference with an index stands in quotes: \"$node[0]\""
            }
            Some('\t') => "; indent with spaces",
            Some('@' | '`') => "; a text that begins so stands in quotes",
            Some(':') => "; a text that holds `: ` stands in quotes",
            _ => "",
        }
    }

    fn too_far(&mut self) -> Result<(), Stop> {
        let message = "what begins here is too long for YAML: write it as indented lines, write the whole definition as JSON, \
                       or keep a large value as a blob"
            .to_owned();
        self.builder.tell_at(self.last, "too-long", message);
        Err(Stop)
    }

    fn start(&mut self, mark: &Marker) -> Start {
        Start {
            position: Position {
                line: u32::try_from(mark.line()).unwrap_or(u32::MAX),
                column: u32::try_from(mark.col() + 1).unwrap_or(u32::MAX),
            },
            offset: self.characters.byte(mark.index()) as u32,
        }
    }
}
