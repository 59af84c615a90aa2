//! The keys that secrets are encrypted with, as their file has them.

use std::fmt;
use std::fmt::Write as _;

use ring::aead::{CHACHA20_POLY1305, LessSafeKey, UnboundKey};

use crate::KeyId;

/// Bytes of a key.
const KEY: usize = 32;
/// Most keys in a file.
const MAX_KEYS: usize = 16;

/// The key that encrypts, and those that may still be needed to decrypt.
pub struct Keys(Vec<Key>);

pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) aead: LessSafeKey,
}

/// A text that holds no keys. It does not say which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A line is none.
    #[error("line {0} is no key: 64 hexadecimal digits are, as `openssl rand -hex 32` prints them")]
    Line(usize),
    /// There is none, or there are too many.
    #[error("there are {0} keys, and 1 to {MAX_KEYS} are allowed, one a line")]
    Count(usize),
    /// The system has no random bytes.
    #[error("no random bytes are to be had: {0}")]
    Random(String),
}

impl Keys {
    /// Reads the text of a key file: a key a line, empty lines and those that begin with `#` apart. The first encrypts.
    ///
    /// # Errors
    /// Where a line is no key, or there is none, or there are more than 16.
    pub fn read(text: &str) -> Result<Self, KeysError> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|(at, line)| {
            let bytes = bytes(line).ok_or(KeysError::Line(at + 1))?;
            Key::of(&bytes).ok_or(KeysError::Line(at + 1))
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        match keys.len() {
            1..=MAX_KEYS => Ok(Self(keys)),
            count => Err(KeysError::Count(count)),
        }
    }

    /// The text of a key file with one key, which was drawn by lot.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub fn draw() -> Result<String, KeysError> {
        let mut key = [0; KEY];
        getrandom::fill(&mut key).map_err(|error| KeysError::Random(error.to_string()))?;
        let mut text = String::with_capacity(2 * KEY + 1);
        for byte in key {
            // A string takes whatever is written to it.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        Ok(text)
    }

    /// The one that encrypts.
    pub(crate) fn first(&self) -> &Key {
        // Reading made sure that there is one.
        &self.0[0]
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl Key {
    fn of(bytes: &[u8; KEY]) -> Option<Self> {
        // Fails for another length only.
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).ok()?;
        let derived = blake3::derive_key("weft 2026 the name of a key for secrets", bytes);
        let mut id = [0; KeyId::BYTES];
        id.copy_from_slice(&derived[..KeyId::BYTES]);
        Some(Self {
            id: KeyId(id),
            aead: LessSafeKey::new(key),
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| key.id)).finish()
    }
}

fn bytes(digits: &str) -> Option<[u8; KEY]> {
    if digits.len() != 2 * KEY || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; KEY];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_has_a_key_a_line() {
        let (one, two) = ("0a".repeat(32), "0B".repeat(32));
        for (text, expected) in [
            (one.clone(), Ok(1)),
            (format!("# the new one\n{two}\n\n  {one}\n"), Ok(2)),
            (String::new(), Err(KeysError::Count(0))),
            (one[1..].to_owned(), Err(KeysError::Line(1))),
            (format!("{one}\nx{}", &one[1..]), Err(KeysError::Line(2))),
            (format!("{one}\n").repeat(17), Err(KeysError::Count(17))),
        ] {
            let found = Keys::read(&text).map(|keys| keys.0.len());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_drawn_is_read_and_differs() {
        let (one, other) = (Keys::draw().unwrap(), Keys::draw().unwrap());
        let id = |text: &str| Keys::read(text).unwrap().first().id;
        assert_ne!(id(&one), id(&other));
        assert_eq!(id(&one), id(&one));
        assert!(!format!("{:?}", Keys::read(&one).unwrap()).contains(one.trim()));
    }
}
