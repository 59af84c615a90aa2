//! Where the declarations of a text begin and end.

use std::ops::Range;

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    /// Its name.
    pub(super) name: Range<usize>,
    /// The text of its type, once [`blanked`](Split::text) names are gone from it.
    pub(super) body: Range<usize>,
    /// What must follow the type.
    pub(super) end: &'static str,
}

/// A text cut into declarations.
#[derive(Debug)]
pub(super) struct Split {
    /// The text, byte for byte, with spaces in place of comments and of the names that declarations give.
    pub(super) text: String,
    pub(super) declarations: Vec<Declaration>,
    /// What is no declaration: where, and what would be right.
    pub(super) wrong: Vec<(usize, &'static str)>,
}

/// Words that a declaration begins with.
const KEYWORDS: [&str; 5] = ["record", "variant", "enum", "flags", "type"];
const EXPECTED: &str = "a declaration: `record`, `variant`, `enum`, `flags` or `type`";

/// Cuts a text into declarations. Each error leaves out one of them.
pub(super) fn split(text: &str) -> Split {
    let bare = without_comments(text);
    let mut splitter = Splitter {
        text: &bare,
        lines: lines(&bare),
        at: 0,
        declarations: Vec::new(),
        wrong: Vec::new(),
    };
    splitter.all();
    let (declarations, wrong) = (splitter.declarations, splitter.wrong);
    let text = blank(
        bare.clone(),
        declarations.iter().map(|declaration| declaration.name.clone()),
    );
    Split {
        text,
        declarations,
        wrong,
    }
}

struct Splitter<'a> {
    text: &'a str,
    /// Where lines begin that look like declarations, ascending.
    lines: Vec<usize>,
    at: usize,
    declarations: Vec<Declaration>,
    wrong: Vec<(usize, &'static str)>,
}

impl<'a> Splitter<'a> {
    fn all(&mut self) {
        loop {
            self.skip_space();
            if self.at == self.text.len() {
                return;
            }
            if let Err((at, expected)) = self.declaration() {
                self.wrong.push((at, expected));
                self.at = self.next_line(self.at);
            }
        }
    }

    fn declaration(&mut self) -> Result<(), (usize, &'static str)> {
        let start = self.at;
        let keyword = self.word();
        if !KEYWORDS.contains(&keyword) {
            return Err((start, EXPECTED));
        }
        self.skip_space();
        let name_start = self.at;
        if self.text[self.at..].starts_with('%') {
            self.at += 1;
        }
        let given = self.word();
        let name = self.at - given.len()..self.at;
        if given.is_empty() {
            return Err((name_start, "a name"));
        }
        self.skip_space();
        let (sign, expected) = if keyword == "type" {
            ('=', "`=`")
        } else {
            ('{', "`{`")
        };
        if !self.text[self.at..].starts_with(sign) {
            return Err((self.at, expected));
        }
        let declaration = match keyword {
            "type" => self.alias(name),
            _ => self.braced(start, name),
        };
        self.declarations.push(declaration);
        Ok(())
    }

    /// `= …;`
    fn alias(&mut self, name: Range<usize>) -> Declaration {
        let start = self.at + 1;
        let limit = self.next_line(start);
        let end = self.text[start..limit].find(';').map(|length| start + length);
        let end = end.unwrap_or_else(|| {
            let end = start + self.text[start..limit].trim_ascii_end().len();
            self.wrong.push((end, "`;`"));
            end
        });
        self.at = limit.min(end + 1);
        Declaration {
            name,
            body: start..end,
            end: "`;`",
        }
    }

    /// `{ … }`, braces within counted.
    fn braced(&mut self, start: usize, name: Range<usize>) -> Declaration {
        let mut depth = 0_usize;
        let closing = self.text[self.at..].bytes().position(|byte| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let end = match closing {
            Some(length) => self.at + length + 1,
            None => self.next_line(self.at),
        };
        self.at = end;
        Declaration {
            name,
            body: start..end,
            end: "the end of the declaration",
        }
    }

    /// The beginning of the next line, behind `from`, that looks like a declaration; the end where there is none.
    fn next_line(&self, from: usize) -> usize {
        let next = self.lines.partition_point(|&line| line <= from);
        self.lines.get(next).copied().unwrap_or(self.text.len())
    }

    /// Letters, digits and hyphens, as many as there are.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_ascii_start().len();
    }
}

/// Where lines begin that look like declarations; the first line is none.
fn lines(text: &str) -> Vec<usize> {
    let lines = text.match_indices('\n').map(|(at, _)| at + 1);
    let declares = |&line: &usize| {
        let line = text[line..].trim_start_matches([' ', '\t']);
        KEYWORDS.iter().any(|keyword| {
            let rest = line.strip_prefix(keyword);
            rest.is_some_and(|rest| rest.starts_with([' ', '\t']))
        })
    };
    lines.filter(declares).collect()
}

/// The text with spaces in place of comments: `// …` and `/* … */`, which nest.
fn without_comments(text: &str) -> String {
    let mut comments = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("/") {
        let start = at + found;
        let rest = &text[start..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block(rest)
        } else {
            at = start + 1;
            continue;
        };
        at = start + length;
        comments.push(start..at);
    }
    blank(text.to_owned(), comments)
}

/// The length of the comment that `text` begins with; to the end where it is not closed.
fn block(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(['/', '*']) {
        at += found;
        let rest = &text[at..];
        let opens = rest.starts_with("/*");
        let closes = rest.starts_with("*/");
        depth += i32::from(opens) - i32::from(closes);
        at += if opens || closes { 2 } else { 1 };
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The text with spaces in place of ascending ranges, byte for byte; ends of lines stay.
fn blank(text: String, ranges: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut blanked = String::with_capacity(text.len());
    for range in ranges {
        blanked.push_str(&text[blanked.len()..range.start]);
        let bytes = text[range].bytes();
        blanked.extend(bytes.map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    }
    blanked.push_str(&text[blanked.len()..]);
    blanked
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn declarations() {
        let check = |text: &str, expected: &[(&str, &str)], wrong: &[(usize, &str)]| {
            let split = split(text);
            let found: Vec<(&str, &str)> = split
                .declarations
                .iter()
                .map(|one| (&text[one.name.clone()], split.text[one.body.clone()].trim()))
                .collect();
            assert_eq!(
                (found.as_slice(), split.wrong.as_slice()),
                (expected, wrong),
                "{text}"
            );
            assert_eq!(split.text.len(), text.len());
        };
        check("", &[], &[]);
        check("// nothing ü\n/* at /* all */ */", &[], &[]);
        check("record a { b: u8 }", &[("a", "record   { b: u8 }")], &[]);
        check(
            "type a = u8; type %b=list<a>;",
            &[("a", "u8"), ("b", "list<a>")],
            &[],
        );
        check("enum a { b /* } */ }", &[("a", "enum   { b         }")], &[]);
        check(
            "record a { b: record { c: u8 } } flags d { e }",
            &[("a", "record   { b: record { c: u8 } }"), ("d", "flags   { e }")],
            &[],
        );
        check(
            "interface x {\n  record a { b: u8 }\n}",
            &[("a", "record   { b: u8 }")],
            &[(0, super::EXPECTED), (35, super::EXPECTED)],
        );
        check(
            "type a = u8\ntype b = u8;",
            &[("a", "u8"), ("b", "u8")],
            &[(11, "`;`")],
        );
        check("type a = u8", &[("a", "u8")], &[(11, "`;`")]);
        check(
            "record a { b: u8\nrecord c { d: u8 }",
            &[("a", "record   { b: u8"), ("c", "record   { d: u8 }")],
            &[],
        );
        check("type = u8;", &[], &[(5, "a name")]);
        check("type a u8;", &[], &[(7, "`=`")]);
        check("record a = u8;", &[], &[(9, "`{`")]);
    }
}
