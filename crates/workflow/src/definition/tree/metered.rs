//! An input for the YAML scanner that ends early when the scanner looks too far ahead.
//!
//! A `[…]` or `{…}` may turn out to be a key, so the scanner holds all its tokens back until it has seen what follows the
//! end. Left alone it would hold 170 bytes for every byte of a hostile text.

use std::cell::Cell;

use saphyr_parser::input::SkipTabs;
use saphyr_parser::{Input, StrInput};

/// How many tokens, and lines of long scalars, the scanner may take before it hands out an event.
const AHEAD: u32 = 250_000;

/// What is left of [`AHEAD`].
pub(super) struct Meter(Cell<u32>);

/// A text, or the beginning of one.
pub(super) struct Metered<'a> {
    text: StrInput<'a>,
    meter: &'a Meter,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self(Cell::new(AHEAD))
    }

    /// The scanner handed out an event.
    pub(super) fn reset(&self) {
        self.0.set(AHEAD);
    }

    /// Whether the input ended early.
    pub(super) fn is_used_up(&self) -> bool {
        self.0.get() == 0
    }
}

impl<'a> Metered<'a> {
    pub(super) fn new(text: &'a str, meter: &'a Meter) -> Self {
        let text = StrInput::new(text);
        Self { text, meter }
    }

    fn count(&mut self) {
        match self.meter.0.get() {
            0 => self.text = StrInput::new(""),
            left => self.meter.0.set(left - 1),
        }
    }
}

/// Passes calls on to the text, which answers them faster than the provided methods do.
macro_rules! pass_on {
    ($($name:ident(&self $(, $argument:ident: $ty:ty)*) -> $result:ty;)*) => {
        $(#[inline]
        fn $name(&self $(, $argument: $ty)*) -> $result {
            self.text.$name($($argument),*)
        })*
    };
    ($($name:ident(&mut self $(, $argument:ident: $ty:ty)*) -> $result:ty;)*) => {
        $(#[inline]
        fn $name(&mut self $(, $argument: $ty)*) -> $result {
            self.text.$name($($argument),*)
        })*
    };
}

impl Input for Metered<'_> {
    #[inline]
    fn lookahead(&mut self, count: usize) {
        // What the scanner asks for at the beginning of every token, and seldom elsewhere.
        if count == 4 {
            self.count();
        }
        self.text.lookahead(count);
    }

    pass_on! {
        buflen(&self) -> usize;
        bufmaxlen(&self) -> usize;
        buf_is_empty(&self) -> bool;
        peek(&self) -> char;
        peek_nth(&self, n: usize) -> char;
        peek_opt(&self) -> Option<char>;
        next_char_is(&self, c: char) -> bool;
        nth_char_is(&self, n: usize, c: char) -> bool;
        next_2_are(&self, c1: char, c2: char) -> bool;
        next_3_are(&self, c1: char, c2: char, c3: char) -> bool;
        next_is_document_indicator(&self) -> bool;
        next_is_document_start(&self) -> bool;
        next_is_document_end(&self) -> bool;
        next_can_be_plain_scalar(&self, in_flow: bool) -> bool;
        next_is_blank_or_break(&self) -> bool;
        next_is_blank_or_breakz(&self) -> bool;
        next_is_blank(&self) -> bool;
        next_is_break(&self) -> bool;
        next_is_breakz(&self) -> bool;
        next_is_z(&self) -> bool;
        next_is_flow(&self) -> bool;
        next_is_digit(&self) -> bool;
        next_is_alpha(&self) -> bool;
    }

    pass_on! {
        raw_read_ch(&mut self) -> char;
        raw_read_non_breakz_ch(&mut self) -> Option<char>;
        skip(&mut self) -> ();
        skip_n(&mut self, count: usize) -> ();
        look_ch(&mut self) -> char;
        skip_ws_to_eol(&mut self, skip_tabs: SkipTabs) -> (usize, Result<SkipTabs, &'static str>);
        skip_while_non_breakz(&mut self) -> usize;
        skip_while_blank(&mut self) -> usize;
        fetch_while_is_alpha(&mut self, out: &mut String) -> usize;
        fetch_while_is_yaml_non_space(&mut self, out: &mut String) -> usize;
    }
}
