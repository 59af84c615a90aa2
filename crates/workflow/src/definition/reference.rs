//! References: `$node.field[0].name`.

use super::bounds::Bounds;
use super::model::{Access, Root, Step};

/// Why a text is no reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The byte at which it goes wrong.
    pub(crate) at: usize,
    /// What would be right.
    pub(crate) message: String,
}

/// Reads the reference that `text` begins with: what it begins with itself, the steps, and the length in bytes.
pub(crate) fn prefix(text: &str) -> Result<(Root, Vec<Step>, usize), Wrong> {
    let mut parser = Parser { text, at: 0 };
    let root = parser.root()?;
    let mut steps = Vec::new();
    while let Some(step) = parser.step()? {
        if steps.len() == Bounds::MAX_STEPS {
            let message = format!("a reference has at most {} steps", Bounds::MAX_STEPS);
            return Err(wrong(step.offset as usize, message));
        }
        steps.push(step);
    }
    Ok((root, steps, parser.at))
}

/// Reads a text that is one reference.
pub(crate) fn whole(text: &str) -> Result<(Root, Vec<Step>), Wrong> {
    match prefix(text)? {
        (root, steps, end) if end == text.len() => Ok((root, steps)),
        (_, _, end) => {
            let message =
                "a reference goes on with `.field` or `[0]`; a text that begins with `$` begins with `$$`";
            Err(wrong(end, message))
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn root(&mut self) -> Result<Root, Wrong> {
        self.at = self.text.len().min(1);
        let start = self.at;
        let name = self.word();
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let message =
                "a name follows `$`, such as `$input`; a text that begins with `$` begins with `$$`";
            return Err(wrong(start, message));
        }
        Ok(match name {
            "input" => Root::Input,
            "item" => Root::Item,
            "index" => Root::Index,
            "global" => Root::Global,
            node => Root::Node(node.into()),
        })
    }

    fn step(&mut self) -> Result<Option<Step>, Wrong> {
        // Texts have far less than 4 GiB.
        let offset = self.at as u32;
        let access = match self.text.as_bytes().get(self.at) {
            Some(b'.') => self.field()?,
            Some(b'[') => self.index()?,
            _ => return Ok(None),
        };
        Ok(Some(Step { offset, access }))
    }

    fn field(&mut self) -> Result<Access, Wrong> {
        self.at += 1;
        match self.word() {
            "" => Err(wrong(self.at, "the name of a field follows `.`")),
            name => Ok(Access::Field(name.into())),
        }
    }

    fn index(&mut self) -> Result<Access, Wrong> {
        self.at += 1;
        let start = self.at;
        let rest = &self.text[start..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        if digits == 0 {
            return Err(wrong(self.at, "a whole number follows `[`, such as `[0]`"));
        }
        let Ok(index) = rest[..digits].parse() else {
            return Err(wrong(start, format!("an index is at most {}", u32::MAX)));
        };
        if !rest[digits..].starts_with(']') {
            return Err(wrong(self.at, "`]` follows the index"));
        }
        self.at += 1;
        Ok(Access::Index(index))
    }

    /// Letters, digits and hyphens, as many as there are.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }
}

fn wrong(at: usize, message: impl Into<String>) -> Wrong {
    let message = message.into();
    Wrong { at, message }
}

#[cfg(test)]
mod tests {
    use super::{prefix, whole};
    use crate::definition::model::{Access, Root};

    #[test]
    fn references() {
        let check = |text: &str, root: Root, steps: &[(u32, &str)]| {
            let (found, found_steps) = whole(text).unwrap();
            let shown: Vec<(u32, String)> = found_steps
                .iter()
                .map(|step| match &step.access {
                    Access::Field(name) => (step.offset, format!(".{name}")),
                    Access::Index(index) => (step.offset, format!("[{index}]")),
                })
                .collect();
            let expected: Vec<_> = steps.iter().map(|(at, step)| (*at, (*step).to_owned())).collect();
            assert_eq!((found, shown), (root, expected), "{text}");
        };
        check("$input", Root::Input, &[]);
        check(
            "$input.lines[0].sku",
            Root::Input,
            &[(6, ".lines"), (12, "[0]"), (15, ".sku")],
        );
        check("$item", Root::Item, &[]);
        check("$index", Root::Index, &[]);
        check("$global.rate", Root::Global, &[(7, ".rate")]);
        check("$make-label", Root::Node("make-label".into()), &[]);
        check(
            "$a[4294967295][1]",
            Root::Node("a".into()),
            &[(2, "[4294967295]"), (14, "[1]")],
        );
    }

    #[test]
    fn what_is_none() {
        let check =
            |text: &str, at: usize| assert_eq!(whole(text).map_err(|wrong| wrong.at), Err(at), "{text}");
        check("$", 1);
        check("$ a", 1);
        check("$.a", 1);
        check("$5", 1);
        check("$-a", 1);
        check("$a.", 3);
        check("$a..b", 3);
        check("$a[", 3);
        check("$a[x]", 3);
        check("$a[-1]", 3);
        check("$a[1", 4);
        check("$a[1x]", 4);
        check("$a[4294967296]", 3);
        check("$a + 1", 2);
        check("$a.b é", 4);
        check(&format!("$a{}", ".b".repeat(65)), 2 + 64 * 2);
    }

    #[test]
    fn what_follows_is_left() {
        assert_eq!(prefix("$a.b[0] > 1").map(|(_, _, end)| end), Ok(7));
    }
}
