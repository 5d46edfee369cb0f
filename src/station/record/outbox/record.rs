//! One record of the outbox on disk: length ‖ CRC-32C ‖ record ‖ MAC.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the record, little endian |
//! | 4 | CRC-32C of the record, little endian |
//! | n | record: magic `VdR1`, index (u64 little endian), nonce (24), ciphertext with tag (XChaCha20-Poly1305) |
//! | 32 | HMAC-SHA-256 under the key of this index over all of the above |
//!
//! The MAC key goes forward only: k(i+1) = SHA-256(label ‖ k(i)), and the old one is overwritten. Whoever takes the
//! workstation today cannot make a record of yesterday.
//!
//! Invariant: no input makes this panic or allocate more than [`MAX_RECORD`] bytes.
//! Deliberately absent: files, and what a record means.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Largest record, bytes, nonce and tag included.
pub const MAX_RECORD: usize = 128 * 1024;
const MAGIC: [u8; 4] = *b"VdR1";
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = 4 + 8 + NONCE;
const MAC: usize = 32;
const RATCHET_LABEL: &[u8] = b"vedetta/outbox/ratchet/v1";

/// The key that records are encrypted with at rest.
#[derive(Clone)]
pub struct RecordKey(Zeroizing<[u8; 32]>);

impl RecordKey {
    /// Takes 32 bytes; `None` for any other number.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Encrypts `plain`; `context` is bound to it and must be given again to open it.
    ///
    /// # Errors
    /// [`RecordFault::NoRandomness`]; [`RecordFault::Sealing`] when it is too long for the cipher.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, RecordFault> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| RecordFault::NoRandomness)?;
        let cipher = XChaCha20Poly1305::new_from_slice(&*self.0).map_err(|_| RecordFault::Sealing)?;
        let sealed = cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: context,
                },
            )
            .map_err(|_| RecordFault::Sealing)?;
        let mut out = Vec::with_capacity(NONCE + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Decrypts what [`RecordKey::seal`] made; `None` when a bit of it or of the context differs.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let nonce: [u8; NONCE] = sealed.get(..NONCE)?.try_into().ok()?;
        let cipher = XChaCha20Poly1305::new_from_slice(&*self.0).ok()?;
        let payload = Payload {
            msg: sealed.get(NONCE..)?,
            aad: context,
        };
        cipher.decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
    }
}

/// The MAC key of the next record.
#[derive(Clone)]
pub struct MacKey(Zeroizing<[u8; 32]>);

impl MacKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// [`RecordFault::NoRandomness`]: the system gives none.
    pub fn random() -> Result<Self, RecordFault> {
        let mut key = Zeroizing::new([0u8; 32]);
        getrandom::fill(&mut *key).map_err(|_| RecordFault::NoRandomness)?;
        Ok(Self(key))
    }

    /// Takes 32 bytes; `None` for any other number.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// The bytes, to be kept encrypted only.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    fn tag(&self, message: &[u8]) -> Option<[u8; MAC]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).ok()?;
        mac.update(message);
        mac.finalize().into_bytes().as_slice().try_into().ok()
    }

    fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        Hmac::<Sha256>::new_from_slice(&*self.0).is_ok_and(|mut mac| {
            mac.update(message);
            mac.verify_slice(tag).is_ok()
        })
    }

    /// Moves on to the key of the next record; the present one is overwritten.
    pub fn ratchet(&mut self) {
        let mut hash = Sha256::new();
        hash.update(RATCHET_LABEL);
        hash.update(*self.0);
        self.0.copy_from_slice(hash.finalize().as_slice());
    }
}

/// Why a record could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    #[error("the event is longer than {MAX_RECORD} bytes")]
    TooLong,
    #[error("the system gives no random numbers")]
    NoRandomness,
    #[error("the event could not be encrypted")]
    Sealing,
}

/// Encodes record number `index`, whole with length, checksum and MAC.
///
/// # Errors
/// [`RecordFault`]: no randomness, or what cannot be sealed.
pub fn encode(key: &RecordKey, mac: &MacKey, index: u64, plain: &[u8]) -> Result<Vec<u8>, RecordFault> {
    let mut record = Vec::with_capacity(HEAD + plain.len() + TAG);
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&index.to_le_bytes());
    let context = record.clone();
    record.extend_from_slice(&key.seal(&context, plain)?);
    let length = u32::try_from(record.len()).map_err(|_| RecordFault::TooLong)?;
    if record.len() > MAX_RECORD {
        return Err(RecordFault::TooLong);
    }
    let mut out = Vec::with_capacity(8 + record.len() + MAC);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32c::crc32c(&record).to_le_bytes());
    out.extend_from_slice(&record);
    let tag = mac.tag(&out).ok_or(RecordFault::Sealing)?;
    out.extend_from_slice(&tag);
    Ok(out)
}

/// A record read back.
pub struct Decoded<'a> {
    /// Number of the record in the outbox, from 0, without gaps.
    pub index: u64,
    /// What was recorded.
    pub plain: Zeroizing<Vec<u8>>,
    /// Offset of the byte after it.
    pub end: usize,
    signed: &'a [u8],
    tag: &'a [u8],
}

impl Decoded<'_> {
    /// Whether the MAC is that of `key`.
    pub fn is_under(&self, key: &MacKey) -> bool {
        key.verify(self.signed, self.tag)
    }
}

/// Reads the record that begins at `at`; `None` when there is none that is whole and unchanged.
pub fn decode<'a>(key: &RecordKey, bytes: &'a [u8], at: usize) -> Option<Decoded<'a>> {
    let rest = bytes.get(at..)?;
    let length = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    let checksum = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?);
    if !(HEAD + TAG..=MAX_RECORD).contains(&length) {
        return None;
    }
    let record = rest.get(8..8 + length)?;
    let tag = rest.get(8 + length..8 + length + MAC)?;
    if record.get(..4)? != MAGIC || crc32c::crc32c(record) != checksum {
        return None;
    }
    let index = u64::from_le_bytes(record.get(4..12)?.try_into().ok()?);
    let plain = key.open(record.get(..12)?, record.get(12..)?)?;
    Some(Decoded {
        index,
        plain,
        end: at + 8 + length + MAC,
        signed: rest.get(..8 + length)?,
        tag,
    })
}

/// Where the next whole record begins, at or after `from`: finds what follows a damaged place.
pub fn find_next(key: &RecordKey, bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(offset) = bytes
        .get(at + 8..)?
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)
    {
        at += offset;
        if decode(key, bytes, at).is_some() {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RecordKey {
        RecordKey::from_bytes(&[7; 32]).unwrap()
    }

    #[test]
    fn what_was_recorded_is_read_back() {
        let mac = MacKey::from_bytes(&[1; 32]).unwrap();
        let bytes = encode(&key(), &mac, 5, b"event").unwrap();
        let decoded = decode(&key(), &bytes, 0).unwrap();
        assert_eq!(
            (decoded.index, decoded.plain.as_slice(), decoded.end),
            (5, &b"event"[..], bytes.len())
        );
        assert!(decoded.is_under(&mac));
    }

    #[test]
    fn r_aud_2_any_flipped_bit_of_a_record_is_seen() {
        let mac = MacKey::from_bytes(&[1; 32]).unwrap();
        let bytes = encode(&key(), &mac, 5, b"event").unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let seen = decode(&key(), &bad, 0).is_none_or(|decoded| !decoded.is_under(&mac));
            assert!(seen, "bit {bit}");
        }
    }

    #[test]
    fn the_record_at_rest_does_not_show_its_content() {
        let mac = MacKey::from_bytes(&[1; 32]).unwrap();
        let bytes = encode(&key(), &mac, 5, b"chiara.neri").unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"chiara.neri"));
    }

    #[test]
    fn an_older_key_is_not_the_key_of_a_newer_record() {
        let old = MacKey::from_bytes(&[1; 32]).unwrap();
        let mut new = old.clone();
        new.ratchet();
        let bytes = encode(&key(), &new, 6, b"event").unwrap();
        let decoded = decode(&key(), &bytes, 0).unwrap();
        assert!(decoded.is_under(&new));
        assert!(!decoded.is_under(&old));
    }

    #[test]
    fn what_follows_damage_is_found() {
        let mac = MacKey::from_bytes(&[1; 32]).unwrap();
        let mut bytes = encode(&key(), &mac, 0, b"first").unwrap();
        let second = bytes.len();
        bytes.extend(encode(&key(), &mac, 1, b"second").unwrap());
        bytes[20] ^= 0xff;
        assert!(decode(&key(), &bytes, 0).is_none());
        assert_eq!(find_next(&key(), &bytes, 0), Some(second));
        assert_eq!(find_next(&key(), &bytes, second + 1), None);
    }
}
