//! A condition's tokens.

use super::{Reference, SyntaxError};

/// A token and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// A sign of the language, as written.
    Sign(&'static str),
    /// A keyword or the name of a function.
    Word(&'a str),
    Reference(Reference),
    Whole(u64),
    Real(f64),
    Text(Box<str>),
    End,
}

/// The longer before those that they begin with.
const SIGNS: [&str; 22] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".",
    "?", ":",
];

/// Splits `text` into tokens, the last of which is [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = text.len() - text[at..].trim_start().len();
        let rest = &text[at..];
        if rest.is_empty() {
            let kind = TokenKind::End;
            tokens.push(Token { kind, at });
            return Ok(tokens);
        }
        let (kind, length) = token(rest).map_err(|error| SyntaxError {
            at: at + error.at,
            ..error
        })?;
        tokens.push(Token { kind, at });
        at += length;
    }
}

/// The token that `text` begins with and its length in bytes.
fn token(text: &str) -> Result<(TokenKind<'_>, usize), SyntaxError> {
    match text.as_bytes()[0] {
        b'$' => Reference::prefix(text).map(|(it, length)| (TokenKind::Reference(it), length)),
        b'0'..=b'9' => number(text),
        b'"' | b'\'' => quoted(text).map(|(it, length)| (TokenKind::Text(it), length)),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let word = name(text);
            Ok((TokenKind::Word(word), word.len()))
        }
        _ => sign(text),
    }
}

fn sign(text: &str) -> Result<(TokenKind<'_>, usize), SyntaxError> {
    match SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        Some(sign) => Ok((TokenKind::Sign(sign), sign.len())),
        None => Err(SyntaxError::new(0, unknown(text))),
    }
}

/// Names what does not belong, and what was likely meant.
fn unknown(text: &str) -> String {
    let meant = [("=", "=="), ("&", "&&"), ("|", "||")];
    match meant.iter().find(|(sign, _)| text.starts_with(sign)) {
        Some((found, meant)) => format!("`{found}` is not a sign of conditions, did you mean `{meant}`?"),
        None => {
            let found: String = text.chars().take(1).flat_map(char::escape_debug).collect();
            format!("`{found}` has no meaning in a condition")
        }
    }
}

fn number(text: &str) -> Result<(TokenKind<'_>, usize), SyntaxError> {
    let mut end = digits(text, 0);
    let whole = end;
    if text[end..].starts_with('.') && digits(text, end + 1) > end + 1 {
        end = digits(text, end + 1);
    }
    end = exponent(text, end);
    if name(&text[end..]).is_empty() {
        return read_number(&text[..end], whole == end).map(|it| (it, end));
    }
    let found = &text[..end + name(&text[end..]).len()];
    Err(SyntaxError::new(
        0,
        format!("`{found}` is not a number, expected digits such as `42`, `1.5` or `1e6`"),
    ))
}

/// Where the exponent ends that may stand at `at`.
fn exponent(text: &str, at: usize) -> usize {
    let Some(rest) = text[at..].strip_prefix(['e', 'E']) else {
        return at;
    };
    let sign = usize::from(rest.starts_with(['+', '-']));
    let start = at + 1 + sign;
    match digits(text, start) {
        end if end > start => end,
        _ => at,
    }
}

/// Where the digits end that stand at `at`.
fn digits(text: &str, at: usize) -> usize {
    let end = text[at..].find(|c: char| !c.is_ascii_digit());
    end.map_or(text.len(), |end| at + end)
}

fn read_number(digits: &str, whole: bool) -> Result<TokenKind<'static>, SyntaxError> {
    let kind = match whole {
        true => digits.parse().ok().map(TokenKind::Whole),
        false => {
            let value: Option<f64> = digits.parse().ok();
            value.filter(|value| value.is_finite()).map(TokenKind::Real)
        }
    };
    kind.ok_or_else(|| SyntaxError::new(0, format!("{digits} is larger than any number of its type")))
}

/// A text in quotes of either kind, and its length with them.
fn quoted(text: &str) -> Result<(Box<str>, usize), SyntaxError> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    // `token` saw the quote.
    let quote = chars.next().map_or('"', |(_, quote)| quote);
    while let Some((at, found)) = chars.next() {
        match found {
            _ if found == quote => return Ok((value.into(), at + 1)),
            '\\' => value.push(escaped(&mut chars).ok_or_else(|| {
                let message =
                    r#"unknown escape, expected one of `\n`, `\r`, `\t`, `\\`, `\"`, `\'`, `\u0041`"#;
                SyntaxError::new(at, message)
            })?),
            _ => value.push(found),
        }
    }
    Err(SyntaxError::new(0, "the text in quotes has no end"))
}

/// What the characters behind a backslash stand for.
fn escaped(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    match chars.next()?.1 {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        same @ ('\\' | '"' | '\'') => Some(same),
        'u' => {
            let code = chars.by_ref().take(4).try_fold(0, |code, (_, digit)| {
                let digit = digit.to_digit(16)?;
                Some(code << 4 | digit)
            })?;
            char::from_u32(code)
        }
        _ => None,
    }
}

/// The longest name that `text` begins with.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}
