//! The text of a token: `weft_`, its id, `_`, and 256 bits that were drawn by lot.
//!
//! The id may be shown: lists and logs name tokens by it. The rest is known to nobody but its holder: what is kept is a hash, and as
//! nobody can guess 256 bits, a plain one will do.

use std::fmt;
use std::str::FromStr;

use blake3::Hash;

const PREFIX: &str = "weft_";
const ID: usize = 8;
const SECRET: usize = 32;

/// What a token is called: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId([u8; ID]);

/// A text that is no token's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no token's id, which has 16 hexadecimal digits")]
pub struct TokenIdError(String);

/// A token as its holder has it.
#[derive(Clone)]
pub struct Secret {
    id: TokenId,
    secret: [u8; SECRET],
}

impl Secret {
    /// Random bytes that a new one is made of.
    pub const BYTES: usize = ID + SECRET;
    /// Characters of its text.
    pub const LENGTH: usize = PREFIX.len() + 2 * ID + 1 + 2 * SECRET;

    /// A token made of random bytes.
    #[must_use]
    pub fn of(random: &[u8; Self::BYTES]) -> Self {
        let (mut id, mut secret) = ([0; ID], [0; SECRET]);
        id.copy_from_slice(&random[..ID]);
        secret.copy_from_slice(&random[ID..]);
        Self {
            id: TokenId(id),
            secret,
        }
    }

    /// Reads the text of a token; none where it is not the text of any.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX.as_bytes())?;
        let (id, rest) = rest.split_at_checked(2 * ID)?;
        let secret = rest.strip_prefix(b"_")?;
        Some(Self {
            id: TokenId(bytes(id)?),
            secret: bytes(secret)?,
        })
    }

    /// Whether a text looks as if it were meant as a token: it must not be passed on or written down.
    #[must_use]
    pub fn is_meant(text: &[u8]) -> bool {
        text.starts_with(PREFIX.as_bytes())
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// What is kept of it. Hashes of this kind are compared in constant time.
    #[must_use]
    pub fn hash(&self) -> Hash {
        blake3::hash(&self.secret)
    }

    /// The text that its holder keeps.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{PREFIX}{}_", self.id);
        text.reserve(2 * SECRET);
        for byte in self.secret {
            push(byte, &mut text);
        }
        text
    }
}

/// Without what must not be seen.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id)
    }
}

impl TokenId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; ID]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ID] {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(2 * ID);
        for byte in self.0 {
            push(byte, &mut text);
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TokenId {
    type Err = TokenIdError;

    fn from_str(text: &str) -> Result<Self, TokenIdError> {
        let shown = || text.chars().take(80).flat_map(char::escape_debug).collect();
        bytes(text.as_bytes())
            .map(Self)
            .ok_or_else(|| TokenIdError(shown()))
    }
}

fn push(byte: u8, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Reads lower-case hexadecimal digits: each token has one text only.
fn bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        let mut random = [0xa5; Secret::BYTES];
        random[0] = 1;
        Secret::of(&random)
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let text = secret().text();
        assert_eq!(text.len(), Secret::LENGTH);
        let read = Secret::read(text.as_bytes()).unwrap();
        assert_eq!((read.id(), read.hash()), (secret().id(), secret().hash()));
        assert_eq!(read.id().to_string().parse(), Ok(read.id()));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        let text = secret().text();
        let cases = [
            String::new(),
            "weft_".to_owned(),
            text[1..].to_owned(),
            text[..text.len() - 1].to_owned(),
            format!("{text}0"),
            text.to_uppercase(),
            text.replace("_a", "-a"),
            text.replace('5', "g"),
        ];
        for case in cases {
            assert!(Secret::read(case.as_bytes()).is_none(), "{case}");
        }
    }

    #[test]
    fn what_is_shown_while_searching_for_faults_is_no_secret() {
        let shown = format!("{:?}", secret());
        assert!(!shown.contains("a5a5a5a5a5a5a5a5a5a5"), "{shown}");
    }
}
