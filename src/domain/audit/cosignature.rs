//! C2SP tlog-cosignature (`cosignature/v1`, Ed25519): a witness says at what time it saw a checkpoint that continues all
//! it saw before.
//!
//! What is signed: `cosignature/v1`, `time <Unix seconds>`, then the text of the checkpoint. A line on the note carries
//! key hash ‖ time (8 bytes, big-endian) ‖ signature; keys as in `vkey`, with algorithm 0x04.
//! Invariant: a witness's line of the right name and key hash that does not verify fails the whole note.
//! Deliberately absent: what a witness remembers (`server::witness`).

use super::note::{NoteError, signature_line, split};
use super::vkey::{NamedKey, check_name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// Algorithm byte of a cosignature key.
const COSIGNATURE: u8 = 4;

/// A witness's public key and name.
pub type WitnessKey = NamedKey<COSIGNATURE>;

/// A witness's private key and name. `Debug` shows the name only.
pub struct Cosigner {
    name: String,
    key: SigningKey,
}

fn statement(text: &str, time_s: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time_s}\n{text}").into_bytes()
}

impl Cosigner {
    /// A key from its 32-byte seed (RFC 8032).
    ///
    /// # Errors
    /// [`NoteError::BadName`] when the name is empty or has a space or a plus sign.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// The public half.
    pub fn verifier(&self) -> WitnessKey {
        WitnessKey::checked(self.name.clone(), self.key.verifying_key())
    }

    /// The line to add to a note with this text, newline included. `time_s` is Unix seconds.
    pub fn cosign(&self, text: &str, time_s: u64) -> String {
        let mut raw = self.verifier().key_hash().to_vec();
        raw.extend_from_slice(&time_s.to_be_bytes());
        raw.extend_from_slice(&self.key.sign(&statement(text, time_s)).to_bytes());
        format!("— {} {}\n", self.name, BASE64.encode(raw))
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl WitnessKey {
    /// When this witness saw the checkpoint of a note, Unix seconds.
    ///
    /// # Errors
    /// The note is malformed, has no line of this witness, or a wrong one.
    pub fn seen(&self, note: &str) -> Result<u64, NoteError> {
        let (text, lines) = split(note)?;
        let mut seen = None;
        for line in lines {
            let (name, raw) = signature_line(line)?;
            if name != self.name() || raw[..4] != self.key_hash() {
                continue;
            }
            let (time, signature) = raw[4..].split_first_chunk::<8>().ok_or(NoteError::Malformed)?;
            let time = u64::from_be_bytes(*time);
            self.verify_raw(&statement(text, time), signature)?;
            seen = Some(time);
        }
        seen.ok_or(NoteError::NotSigned)
    }
}

#[cfg(test)]
mod tests {
    use super::super::note::SignerKey;
    use super::*;

    #[test]
    fn r_aud_2_a_cosigned_note_verifies_for_log_and_witness_and_no_flipped_byte_does() {
        let log = SignerKey::new("vedetta/020001/prova", &[1; 32]).unwrap();
        let witness = Cosigner::new("carabinieri.example/testimone", &[2; 32]).unwrap();
        let key = witness.verifier();
        assert_eq!(key.to_string().parse::<WitnessKey>().unwrap(), key);
        assert!(
            log.verifier().to_string().parse::<WitnessKey>().is_err(),
            "a log's key is no witness's"
        );
        let text = "vedetta/020001/prova\n0\nAAAA\n";
        let mut note = log.sign_note(text);
        assert_eq!(key.seen(&note), Err(NoteError::NotSigned));
        note.push_str(&witness.cosign(text, 1_800_000_000));
        assert_eq!(key.seen(&note), Ok(1_800_000_000));
        assert_eq!(
            log.verifier().open(&note).unwrap(),
            text,
            "the log's signature still stands"
        );
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let both = key.seen(&changed).is_ok() && log.verifier().open(&changed).is_ok();
            assert!(!both, "byte {at}");
        }
        assert!(!format!("{witness:?}").contains("[2"));
    }
}
