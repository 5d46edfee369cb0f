//! A public key with the name it signs under, as C2SP signed notes write it (`vkey`), whatever its kind.
//!
//! Format: `<name>+<key hash, 8 hex digits>+<base64(algorithm ‖ public key)>`, key hash the first four bytes of
//! `SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key)`.
//! Invariant: the hash that stands in the text is that of the key; a name has no space and no plus sign.
//! Deliberately absent: which algorithms there are (`note`, `cosignature`), private keys.

use super::note_error::NoteError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Name, kind and bytes of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vkey {
    pub(super) name: String,
    /// The byte that C2SP gives to the kind of signature it makes.
    pub(super) algorithm: u8,
    pub(super) key: Vec<u8>,
}

pub(super) fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = name.is_empty() || name.len() > 256 || name.chars().any(|c| c.is_whitespace() || c == '+');
    if bad { Err(NoteError::BadName) } else { Ok(()) }
}

impl Vkey {
    /// First four bytes of the SHA-256 of name and key.
    pub(super) fn hash(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', self.algorithm]);
        hasher.update(&self.key);
        let full: [u8; 32] = hasher.finalize().into();
        [full[0], full[1], full[2], full[3]]
    }
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = [&[self.algorithm], self.key.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.hash()), BASE64.encode(raw))
    }
}

impl FromStr for Vkey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(hash), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::BadKey);
        };
        check_name(name)?;
        let raw = BASE64.decode(encoded).map_err(|_| NoteError::BadKey)?;
        let (&algorithm, key) = raw.split_first().ok_or(NoteError::BadKey)?;
        let vkey = Self {
            name: name.to_owned(),
            algorithm,
            key: key.to_vec(),
        };
        if hex::encode(vkey.hash()) == hash {
            Ok(vkey)
        } else {
            Err(NoteError::BadKey)
        }
    }
}
