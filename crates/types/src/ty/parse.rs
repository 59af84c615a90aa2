//! Reading the text form of a type.

use std::str::FromStr;

use super::{Case, Cases, Either, Field, Payload, Shape, Slot, Type, TypeError};

/// Why a text is not a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not the text form.
    #[error("not a type: expected {expected} at byte {at}")]
    Syntax {
        /// What would be right.
        expected: &'static str,
        /// Where, in bytes.
        at: usize,
    },
    /// A type that cannot be.
    #[error(transparent)]
    Type(#[from] TypeError),
}

impl FromStr for Type {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (ty, end) = Self::parse_prefix(text, &mut |_, _| None)?;
        match end == text.len() {
            true => Ok(ty),
            false => Err(ParseError::Syntax {
                expected: "the end",
                at: end,
            }),
        }
    }
}

/// Finds a type by its name and the byte at which that stands.
type Names<'a> = dyn FnMut(&str, usize) -> Option<Type> + 'a;

impl Type {
    /// Reads the type that `text` begins with, and says at which byte the rest begins, white space skipped. A name that is
    /// no type of WIT is looked up in `names`, together with the byte at which it stands.
    ///
    /// # Errors
    /// As [`Type::from_str`], but for what follows the type.
    pub fn parse_prefix(text: &str, names: &mut Names<'_>) -> Result<(Self, usize), ParseError> {
        let mut parser = Parser { text, at: 0, names };
        let ty = parser.ty(0)?;
        parser.skip_space();
        Ok((ty, parser.at))
    }
}

struct Parser<'a, 'n> {
    text: &'a str,
    at: usize,
    names: &'n mut Names<'n>,
}

impl<'a> Parser<'a, '_> {
    fn ty(&mut self, depth: u32) -> Result<Type, ParseError> {
        if depth > Type::MAX_DEPTH {
            return Err(TypeError::TooDeep(depth).into());
        }
        let shape = match self.word() {
            "bool" => Shape::Bool,
            "s8" => Shape::S8,
            "u8" => Shape::U8,
            "s16" => Shape::S16,
            "u16" => Shape::U16,
            "s32" => Shape::S32,
            "u32" => Shape::U32,
            "s64" => Shape::S64,
            "u64" => Shape::U64,
            "f32" => Shape::F32,
            "f64" => Shape::F64,
            "char" => Shape::Char,
            "string" => Shape::String,
            "list" => Shape::List(Box::new(self.argument(depth)?)),
            "option" => Shape::Option(Payload {
                ty: Box::new(self.argument(depth)?),
                payload: 0,
            }),
            "result" => self.result(depth)?,
            "tuple" => self.tuple(depth)?,
            "record" => Shape::Record(self.members(|parser, name| parser.field(name, depth))?),
            "variant" => Shape::Variant(Cases {
                cases: self.members(|parser, name| parser.case(name, depth))?,
                payload: 0,
            }),
            "enum" => Shape::Enum(self.members(|_, name| Ok(name.into()))?),
            "flags" => Shape::Flags(self.members(|_, name| Ok(name.into()))?),
            name => return self.named(name),
        };
        Ok(Type::from_shape(shape)?)
    }

    /// A type that was given a name; the parser stands behind it.
    fn named(&mut self, name: &str) -> Result<Type, ParseError> {
        let start = self.at - name.len();
        let found = match name {
            "" => None,
            name => (self.names)(name, start),
        };
        found.ok_or(ParseError::Syntax {
            expected: "a type",
            at: start,
        })
    }

    /// `<T>`
    fn argument(&mut self, depth: u32) -> Result<Type, ParseError> {
        self.sign('<', "`<`")?;
        let ty = self.ty(depth + 1)?;
        self.sign('>', "`>`")?;
        Ok(ty)
    }

    /// Nothing, `<T>`, `<_, E>` or `<T, E>`
    fn result(&mut self, depth: u32) -> Result<Shape, ParseError> {
        let (mut ok, mut err) = (None, None);
        if self.found('<') {
            if !self.found('_') {
                ok = Some(Box::new(self.ty(depth + 1)?));
            }
            if self.found(',') {
                err = Some(Box::new(self.ty(depth + 1)?));
            }
            self.sign('>', "`,` or `>`")?;
        }
        Ok(Shape::Result(Either { ok, err, payload: 0 }))
    }

    /// `<T, …>`
    fn tuple(&mut self, depth: u32) -> Result<Shape, ParseError> {
        self.sign('<', "`<`")?;
        let mut slots = Vec::new();
        while !self.found('>') {
            if !slots.is_empty() {
                self.sign(',', "`,` or `>`")?;
            }
            let ty = self.ty(depth + 1)?;
            slots.push(Slot { ty, offset: 0 });
        }
        Ok(Shape::Tuple(slots.into()))
    }

    /// `{ name…, … }`, a comma at the end allowed
    fn members<T>(
        &mut self,
        member: impl Fn(&mut Self, &'a str) -> Result<T, ParseError>,
    ) -> Result<Box<[T]>, ParseError> {
        self.sign('{', "`{`")?;
        let mut members = Vec::new();
        while !self.found('}') {
            if !members.is_empty() {
                self.sign(',', "`,` or `}`")?;
                if self.found('}') {
                    break;
                }
            }
            // WIT marks a name that is also one of its words so.
            self.found('%');
            let name = self.word();
            if name.is_empty() {
                return Err(self.expected("a name"));
            }
            members.push(member(self, name)?);
        }
        Ok(members.into())
    }

    fn field(&mut self, name: &str, depth: u32) -> Result<Field, ParseError> {
        self.sign(':', "`:`")?;
        Ok(Field {
            name: name.into(),
            ty: self.ty(depth + 1)?,
            offset: 0,
        })
    }

    fn case(&mut self, name: &str, depth: u32) -> Result<Case, ParseError> {
        let mut ty = None;
        if self.found('(') {
            ty = Some(self.ty(depth + 1)?);
            self.sign(')', "`)`")?;
        }
        Ok(Case {
            name: name.into(),
            ty,
        })
    }

    /// Letters, digits and hyphens, as many as there are.
    fn word(&mut self) -> &'a str {
        self.skip_space();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn sign(&mut self, sign: char, expected: &'static str) -> Result<(), ParseError> {
        match self.found(sign) {
            true => Ok(()),
            false => Err(self.expected(expected)),
        }
    }

    /// Steps behind `sign` if it comes next.
    fn found(&mut self, sign: char) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        let at = self.at;
        ParseError::Syntax { expected, at }
    }
}
