//! Secrets of projects: encrypted wherever they are kept, and decrypted at the moment when they are to be sent.
//!
//! - [`Keys`] are read from a file: the first encrypts, the others still decrypt what they once encrypted.
//! - A [`Sealed`] secret is what is stored: it names the key, and it opens only under its own name in its own project.
//! - [`Vault`] is what a server has: it sets and deletes secrets, lists their names, and finds a text for what sends it. There is
//!   no way to list texts.
#![forbid(unsafe_code)]

mod keys;
mod port;
mod sealed;
mod vault;

pub use keys::{Keys, KeysError};
pub use port::{Boxed, SecretStore, StoreError};
pub use sealed::{KeyId, NONCE, Sealed};
pub use vault::{Error, Secret, Vault};
