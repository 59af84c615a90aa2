//! A secret as it is stored.

use std::fmt;

use jiff::Timestamp;
use ring::aead::{Aad, Nonce};
use weft_types::{ProjectName, SecretName, SecretText};

use crate::keys::{Key, Keys};

/// Bytes of a nonce. Drawn by lot they do not meet: a key encrypts a few thousand secrets, not 2^32.
pub const NONCE: usize = 12;

/// What a key is called: a part of a hash of it, which tells nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; Self::BYTES]);

/// A secret, encrypted with ChaCha20-Poly1305 (RFC 8439). Project and name are authenticated along, so that one cannot be passed
/// off as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The project that it belongs to.
    pub project: ProjectName,
    /// What it is called there.
    pub name: SecretName,
    /// The key that it is encrypted with.
    pub key: KeyId,
    /// What makes this encryption differ from others.
    pub nonce: [u8; NONCE],
    /// The text, encrypted, and its tag.
    pub sealed: Vec<u8>,
    /// When it was first set.
    pub created_at: Timestamp,
    /// When it was last set.
    pub updated_at: Timestamp,
}

impl KeyId {
    /// Bytes of an id.
    pub const BYTES: usize = 8;
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A secret before it is sealed.
pub(crate) struct Open<'a> {
    pub(crate) project: &'a ProjectName,
    pub(crate) name: &'a SecretName,
    pub(crate) text: &'a SecretText,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Open<'_> {
    /// Encrypts it; none where the cipher fails, which it does for texts of many gigabytes.
    pub(crate) fn seal(self, key: &Key, nonce: [u8; NONCE]) -> Option<Sealed> {
        let mut sealed = self.text.reveal().as_bytes().to_vec();
        let bound = Aad::from(bound_to(self.project, self.name));
        key.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .ok()?;
        Some(Sealed {
            project: self.project.clone(),
            name: self.name.clone(),
            key: key.id,
            nonce,
            sealed,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Sealed {
    /// Decrypts it; none without its key, or where it was changed.
    pub(crate) fn open(&self, keys: &Keys) -> Option<SecretText> {
        let key = keys.find(self.key)?;
        let mut opened = self.sealed.clone();
        let bound = Aad::from(bound_to(&self.project, &self.name));
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let text = key.aead.open_in_place(nonce, bound, &mut opened).ok()?;
        let text = String::from_utf8(text.to_vec()).ok()?;
        SecretText::new(text).ok()
    }
}

/// Neither kind of name has a slash, so that no two secrets are bound to the same.
fn bound_to(project: &ProjectName, name: &SecretName) -> String {
    format!("weft secret {project}/{name}")
}
