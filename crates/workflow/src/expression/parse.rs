//! Reading a condition: operators by how tightly they bind.

use super::lex::{Token, TokenKind, tokens};
use super::syntax::{Arithmetic, Comparison, Function, Junction, Term, TermKind};
use super::{Reference, SyntaxError};
use crate::definition::Bounds;

/// The longest condition, in bytes: what a definition may hold.
pub(crate) const MAX_LENGTH: usize = Bounds::MAX_CONDITION;
/// Most parts of a condition. Bounds its cost, and every recursion over it.
pub(crate) const MAX_TERMS: usize = 300;

/// Reads a condition.
///
/// # Errors
/// Where the text is none, is longer than [`MAX_LENGTH`] or has more than [`MAX_TERMS`] parts.
pub(crate) fn condition(text: &str) -> Result<Term, SyntaxError> {
    if text.len() > MAX_LENGTH {
        let message = format!(
            "the condition has {} bytes, at most {MAX_LENGTH} are supported",
            text.len()
        );
        return Err(SyntaxError::new(0, message));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        terms: 0,
    };
    let term = parser.term(Binding::Choice)?;
    match parser.peek() {
        TokenKind::End => Ok(term),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// How tightly an operator binds, the loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Choice,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Prefix,
}

/// An operator between two terms.
enum Infix {
    Choose,
    Junction(Junction),
    Compare(Comparison),
    Arithmetic(Arithmetic),
    In,
}

struct Parser<'a> {
    /// The last one is the end, and is never taken.
    tokens: Vec<Token<'a>>,
    next: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    /// A term whose operators bind at least as tightly as `least`.
    fn term(&mut self, least: Binding) -> Result<Term, SyntaxError> {
        let mut left = self.prefix()?;
        while let Some((binding, infix)) = infix(self.peek()) {
            if binding < least {
                break;
            }
            let at = self.at();
            self.take();
            let kind = self.right_of(left, binding, infix)?;
            left = Term { kind, at };
        }
        Ok(left)
    }

    /// What stands right of an operator, joined to what stands left of it.
    fn right_of(&mut self, left: Term, binding: Binding, infix: Infix) -> Result<TermKind, SyntaxError> {
        self.count()?;
        if let Infix::Choose = infix {
            let yes = self.term(Binding::Or)?;
            self.sign(":", "`:` and what is taken where the condition is false")?;
            let no = self.term(Binding::Choice)?;
            return Ok(TermKind::Choose(Box::new([left, yes, no])));
        }
        let both = Box::new([left, self.term(tighter(binding))?]);
        Ok(match infix {
            Infix::Junction(junction) => TermKind::Junction(junction, both),
            Infix::Compare(comparison) => TermKind::Compare(comparison, both),
            Infix::Arithmetic(arithmetic) => TermKind::Arithmetic(arithmetic, both),
            Infix::In | Infix::Choose => TermKind::In(both),
        })
    }

    /// A term that no operator between two belongs to.
    fn prefix(&mut self) -> Result<Term, SyntaxError> {
        self.count()?;
        let at = self.at();
        let kind = match self.peek() {
            TokenKind::Sign("!") => {
                self.take();
                TermKind::Not(Box::new(self.term(Binding::Prefix)?))
            }
            TokenKind::Sign("-") => {
                self.take();
                TermKind::Negate(Box::new(self.term(Binding::Prefix)?))
            }
            _ => return self.methods(),
        };
        Ok(Term { kind, at })
    }

    /// A value and the functions that are called on it: `a.startsWith(b)`.
    fn methods(&mut self) -> Result<Term, SyntaxError> {
        let mut term = self.value()?;
        while self.found(".") {
            let at = self.at();
            let function = match self.peek() {
                TokenKind::Word(word) => method(word),
                _ => None,
            };
            let Some(function) = function else {
                return Err(self.unexpected("a function: `startsWith`, `endsWith`, `contains` or `size`"));
            };
            self.take();
            self.count()?;
            let arguments = self.arguments(vec![term])?;
            let kind = called(function, arguments, at)?;
            term = Term { kind, at };
        }
        Ok(term)
    }

    fn value(&mut self) -> Result<Term, SyntaxError> {
        let at = self.at();
        let kind = match self.peek().clone() {
            TokenKind::Whole(value) => TermKind::Whole(value),
            TokenKind::Real(value) => TermKind::Real(value),
            TokenKind::Text(text) => TermKind::Text(text),
            TokenKind::Reference(reference) => TermKind::Reference(reference),
            TokenKind::Word(word) => return self.word(word, at),
            TokenKind::Sign("(") => {
                self.take();
                let inner = self.term(Binding::Choice)?;
                self.sign(")", "an operator or `)`")?;
                return Ok(inner);
            }
            TokenKind::Sign("[") => {
                self.take();
                let kind = TermKind::List(self.terms("]")?);
                return Ok(Term { kind, at });
            }
            TokenKind::Sign(_) | TokenKind::End => {
                return Err(self.unexpected("a value, such as `$input.id`, `42` or `\"text\"`"));
            }
        };
        self.take();
        Ok(Term { kind, at })
    }

    /// What a bare word begins: a constant or a call.
    fn word(&mut self, word: &'a str, at: usize) -> Result<Term, SyntaxError> {
        let kind = match word {
            "true" | "false" => {
                self.take();
                TermKind::Bool(word == "true")
            }
            "has" => {
                self.take();
                TermKind::Has(self.only_reference()?)
            }
            _ => match Function::ALL.into_iter().find(|it| it.name() == word) {
                Some(function) if matches!(function, Function::Size | Function::Double) => {
                    self.take();
                    called(function, self.arguments(Vec::new())?, at)?
                }
                Some(function) => {
                    let message = format!("`{word}` is called as {}", function.form());
                    return Err(SyntaxError::new(at, message));
                }
                None => return Err(SyntaxError::new(at, stray(word))),
            },
        };
        Ok(Term { kind, at })
    }

    /// `($node.field)`
    fn only_reference(&mut self) -> Result<Reference, SyntaxError> {
        self.sign("(", "`(`")?;
        let TokenKind::Reference(reference) = self.peek().clone() else {
            return Err(self.unexpected("a reference, such as `$node` or `$input.note`"));
        };
        self.take();
        self.sign(")", "`)`: `has` looks at one reference")?;
        Ok(reference)
    }

    /// `(a, b)`, behind those in `before`.
    fn arguments(&mut self, mut before: Vec<Term>) -> Result<Vec<Term>, SyntaxError> {
        self.sign("(", "`(`")?;
        before.append(&mut self.terms(")")?);
        Ok(before)
    }

    /// Terms with commas between them, up to `end`, which is taken too.
    fn terms(&mut self, end: &'static str) -> Result<Vec<Term>, SyntaxError> {
        let mut terms = Vec::new();
        while !self.found(end) {
            if !terms.is_empty() {
                self.sign(",", "`,` or the end of the list")?;
            }
            terms.push(self.term(Binding::Choice)?);
        }
        Ok(terms)
    }

    fn peek(&self) -> &TokenKind<'a> {
        &self.tokens[self.next].kind
    }

    fn at(&self) -> usize {
        self.tokens[self.next].at
    }

    /// Steps behind the next token, though never behind the end.
    fn take(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    /// Steps behind `sign` if it comes next.
    fn found(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), TokenKind::Sign(it) if *it == sign);
        if found {
            self.take();
        }
        found
    }

    fn sign(&mut self, sign: &str, expected: &str) -> Result<(), SyntaxError> {
        match self.found(sign) {
            true => Ok(()),
            false => Err(self.unexpected(expected)),
        }
    }

    fn count(&mut self) -> Result<(), SyntaxError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("the condition has more than {MAX_TERMS} parts");
            return Err(SyntaxError::new(self.at(), message));
        }
        Ok(())
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.peek() {
            TokenKind::Sign(sign) => format!("`{sign}`"),
            TokenKind::Word(word) => format!("`{word}`"),
            TokenKind::Reference(reference) => format!("`{reference}`"),
            TokenKind::Whole(value) => format!("`{value}`"),
            TokenKind::Real(value) => format!("`{value}`"),
            TokenKind::Text(_) => "a text".to_owned(),
            TokenKind::End => "the end".to_owned(),
        };
        SyntaxError::new(self.at(), format!("found {found}, expected {expected}"))
    }
}

fn infix(token: &TokenKind<'_>) -> Option<(Binding, Infix)> {
    let sign = match token {
        TokenKind::Sign(sign) => *sign,
        TokenKind::Word("in") => return Some((Binding::Relation, Infix::In)),
        _ => return None,
    };
    Some(match sign {
        "?" => (Binding::Choice, Infix::Choose),
        "||" => (Binding::Or, Infix::Junction(Junction::Or)),
        "&&" => (Binding::And, Infix::Junction(Junction::And)),
        "==" => (Binding::Relation, Infix::Compare(Comparison::Equal)),
        "!=" => (Binding::Relation, Infix::Compare(Comparison::NotEqual)),
        "<" => (Binding::Relation, Infix::Compare(Comparison::Less)),
        "<=" => (Binding::Relation, Infix::Compare(Comparison::LessOrEqual)),
        ">" => (Binding::Relation, Infix::Compare(Comparison::Greater)),
        ">=" => (Binding::Relation, Infix::Compare(Comparison::GreaterOrEqual)),
        "+" => (Binding::Sum, Infix::Arithmetic(Arithmetic::Add)),
        "-" => (Binding::Sum, Infix::Arithmetic(Arithmetic::Subtract)),
        "*" => (Binding::Product, Infix::Arithmetic(Arithmetic::Multiply)),
        "/" => (Binding::Product, Infix::Arithmetic(Arithmetic::Divide)),
        "%" => (Binding::Product, Infix::Arithmetic(Arithmetic::Remainder)),
        _ => return None,
    })
}

/// What the right side of an operator must be made of: operators in a row are joined from the left.
fn tighter(binding: Binding) -> Binding {
    match binding {
        Binding::Choice => Binding::Or,
        Binding::Or => Binding::And,
        Binding::And => Binding::Relation,
        Binding::Relation => Binding::Sum,
        Binding::Sum => Binding::Product,
        Binding::Product | Binding::Prefix => Binding::Prefix,
    }
}

/// The function of that name that may stand behind a dot.
fn method(name: &str) -> Option<Function> {
    let function = Function::ALL.into_iter().find(|it| it.name() == name)?;
    (function != Function::Double).then_some(function)
}

fn called(function: Function, arguments: Vec<Term>, at: usize) -> Result<TermKind, SyntaxError> {
    if arguments.len() == function.arguments() {
        return Ok(TermKind::Call(function, arguments));
    }
    let message = format!("`{}` is called as {}", function.name(), function.form());
    Err(SyntaxError::new(at, message))
}

/// What to write in place of a word without meaning.
fn stray(word: &str) -> String {
    match word {
        "null" => "there is no `null`: whether there is a value tells `has($reference)`".to_owned(),
        "and" => "`and` is written `&&`".to_owned(),
        "or" => "`or` is written `||`".to_owned(),
        "not" => "`not` is written `!`".to_owned(),
        _ => format!(
            "`{word}` has no meaning here: references begin with `$`, texts stand in quotes, and the functions \
             are `has`, `size`, `double`, `startsWith`, `endsWith` and `contains`"
        ),
    }
}
