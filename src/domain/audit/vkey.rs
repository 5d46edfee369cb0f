//! A public Ed25519 key with the name it signs under, as C2SP signed notes write it, for each kind of signature.
//!
//! Format: `<name>+<key hash, 8 hex digits>+<base64(algorithm ‖ public key)>`, key hash the first four bytes of
//! `SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key)`.
//! Invariant: a key of one kind is not read as a key of another; a name has no space and no plus sign.
//! Deliberately absent: what is signed (`note`, `cosignature`), private keys.

use super::note_error::NoteError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A public key and its name; `ALGORITHM` is the byte that C2SP gives to the kind of signature it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey<const ALGORITHM: u8> {
    name: String,
    key: VerifyingKey,
}

pub(super) fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = name.is_empty() || name.len() > 256 || name.chars().any(|c| c.is_whitespace() || c == '+');
    if bad { Err(NoteError::BadName) } else { Ok(()) }
}

impl<const ALGORITHM: u8> NamedKey<ALGORITHM> {
    /// A key under a name that was checked.
    pub(super) fn checked(name: String, key: VerifyingKey) -> Self {
        Self { name, key }
    }

    /// The name the key signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First four bytes of the SHA-256 of name and key.
    pub fn key_hash(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', ALGORITHM]);
        hasher.update(self.key.as_bytes());
        let full: [u8; 32] = hasher.finalize().into();
        [full[0], full[1], full[2], full[3]]
    }

    pub(super) fn verify_raw(&self, message: &[u8], raw: &[u8]) -> Result<(), NoteError> {
        let signature = Signature::from_slice(raw).map_err(|_| NoteError::WrongSignature)?;
        self.key
            .verify_strict(message, &signature)
            .map_err(|_| NoteError::WrongSignature)
    }
}

impl<const ALGORITHM: u8> fmt::Display for NamedKey<ALGORITHM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = [&[ALGORITHM], self.key.as_bytes().as_slice()].concat();
        let hash = hex::encode(self.key_hash());
        write!(f, "{}+{hash}+{}", self.name, BASE64.encode(raw))
    }
}

impl<const ALGORITHM: u8> FromStr for NamedKey<ALGORITHM> {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(hash), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::BadKey);
        };
        check_name(name)?;
        let raw = BASE64.decode(encoded).map_err(|_| NoteError::BadKey)?;
        let Some((&algorithm, key)) = raw.split_first() else {
            return Err(NoteError::BadKey);
        };
        let key: [u8; 32] = key.try_into().map_err(|_| NoteError::BadKey)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| NoteError::BadKey)?;
        let named = Self::checked(name.to_owned(), key);
        if algorithm == ALGORITHM && hex::encode(named.key_hash()) == hash {
            Ok(named)
        } else {
            Err(NoteError::BadKey)
        }
    }
}
