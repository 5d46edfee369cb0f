//! C2SP tlog-cosignature: a witness says at what time it saw a checkpoint that continues all it saw before.
//!
//! Two kinds. Ed25519 (`cosignature/v1`, algorithm 0x04) signs `cosignature/v1`, `time <Unix seconds>`, then the text of the
//! checkpoint. ML-DSA-44 (FIPS 204, `subtree/v1`, algorithm 0x06) signs the names of witness and log, time, size and root, and
//! no other line of the checkpoint. A line on the note carries key hash ‖ time (8 bytes, big-endian) ‖ signature; keys as in
//! `vkey`.
//! Invariant: a witness's line of the right name and key hash that does not verify fails the whole note; a key of one kind is
//! not read as a key of another, nor as a log's. Deliberately absent: what a witness remembers (`server::witness`), and
//! cosignatures of a part of a tree.

use super::checkpoint::Checkpoint;
use super::note::{NoteError, signatures_of, verify_ed25519};
use super::vkey::{Vkey, check_name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek as ed25519;
use ml_dsa::{Keypair as _, MlDsa44, SignatureEncoding as _, Signer as _, Verifier as _};
use std::fmt;
use std::str::FromStr;

/// Algorithm byte of an Ed25519 cosignature key.
const ED25519: u8 = 4;
/// Algorithm byte of an ML-DSA-44 cosignature key.
const ML_DSA_44: u8 = 6;
/// Label of what ML-DSA-44 signs.
const SUBTREE: &[u8; 12] = b"subtree/v1\n\0";

/// The kind of a witness's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CosignatureKind {
    Ed25519,
    MlDsa44,
}

impl CosignatureKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::MlDsa44];

    /// The name that people write.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum PublicKey {
    Ed25519(ed25519::VerifyingKey),
    MlDsa44(Box<ml_dsa::VerifyingKey<MlDsa44>>),
}

/// A witness's public key and name.
#[derive(Debug, Clone, PartialEq)]
pub struct WitnessKey {
    name: String,
    key: PublicKey,
}

enum PrivateKey {
    Ed25519(ed25519::SigningKey),
    MlDsa44(Box<ml_dsa::SigningKey<MlDsa44>>),
}

/// A witness's private key and name. `Debug` shows the name only.
pub struct Cosigner {
    name: String,
    key: PrivateKey,
}

fn ed25519_statement(text: &str, time_s: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time_s}\n{text}").into_bytes()
}

/// The structure `cosigned_message` of the whole tree of a checkpoint.
fn ml_dsa_statement(witness: &str, text: &str, time_s: u64) -> Result<Vec<u8>, NoteError> {
    let checkpoint = Checkpoint::parse(text).map_err(|_| NoteError::Malformed)?;
    let mut bytes = SUBTREE.to_vec();
    let name = |bytes: &mut Vec<u8>, name: &str| -> Result<(), NoteError> {
        bytes.push(u8::try_from(name.len()).map_err(|_| NoteError::BadName)?);
        bytes.extend_from_slice(name.as_bytes());
        Ok(())
    };
    name(&mut bytes, witness)?;
    bytes.extend_from_slice(&time_s.to_be_bytes());
    name(&mut bytes, &checkpoint.origin)?;
    bytes.extend_from_slice(&0u64.to_be_bytes());
    bytes.extend_from_slice(&checkpoint.size.to_be_bytes());
    bytes.extend_from_slice(checkpoint.root.as_bytes());
    Ok(bytes)
}

impl Cosigner {
    /// A key of a kind from its 32-byte seed (RFC 8032; FIPS 204 `ML-DSA.KeyGen_internal`).
    ///
    /// # Errors
    /// [`NoteError::BadName`] when the name is empty, longer than 255 bytes or has a space or a plus sign.
    pub fn new(name: &str, kind: CosignatureKind, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        if name.len() > usize::from(u8::MAX) {
            return Err(NoteError::BadName);
        }
        let key = match kind {
            CosignatureKind::Ed25519 => PrivateKey::Ed25519(ed25519::SigningKey::from_bytes(seed)),
            CosignatureKind::MlDsa44 => PrivateKey::MlDsa44(Box::new(ml_dsa::SigningKey::from_seed(&(*seed).into()))),
        };
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// The public half.
    pub fn verifier(&self) -> WitnessKey {
        let key = match &self.key {
            PrivateKey::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            PrivateKey::MlDsa44(key) => PublicKey::MlDsa44(Box::new(key.verifying_key())),
        };
        WitnessKey {
            name: self.name.clone(),
            key,
        }
    }

    /// The line to add to a note with the text of this checkpoint, newline included. `time_s` is Unix seconds. One checkpoint at one
    /// time has one line: no chance is in it.
    ///
    /// # Errors
    /// The text is no checkpoint, or its origin is longer than the kind of signature can name (255 bytes).
    pub fn cosign(&self, text: &str, time_s: u64) -> Result<String, NoteError> {
        let signature = match &self.key {
            PrivateKey::Ed25519(key) => key.sign(&ed25519_statement(text, time_s)).to_bytes().to_vec(),
            PrivateKey::MlDsa44(key) => key.sign(&ml_dsa_statement(&self.name, text, time_s)?).to_vec(),
        };
        let mut raw = self.verifier().vkey().hash().to_vec();
        raw.extend_from_slice(&time_s.to_be_bytes());
        raw.extend_from_slice(&signature);
        Ok(format!("— {} {}\n", self.name, BASE64.encode(raw)))
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
    /// The name the key signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn vkey(&self) -> Vkey {
        let (algorithm, key) = match &self.key {
            PublicKey::Ed25519(key) => (ED25519, key.as_bytes().to_vec()),
            PublicKey::MlDsa44(key) => (ML_DSA_44, key.encode().to_vec()),
        };
        Vkey {
            name: self.name.clone(),
            algorithm,
            key,
        }
    }

    /// Whether both are one public key, whatever names they have.
    pub(super) fn is_same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// When this witness saw the checkpoint of a note, Unix seconds.
    ///
    /// # Errors
    /// The note is malformed, has no line of this witness, or a wrong one.
    pub fn seen(&self, note: &str) -> Result<u64, NoteError> {
        let (text, lines) = signatures_of(note, &self.name, self.vkey().hash())?;
        let mut seen = 0;
        for line in lines {
            let (time, signature) = line.split_first_chunk::<8>().ok_or(NoteError::Malformed)?;
            seen = u64::from_be_bytes(*time);
            self.verify(text, seen, signature)?;
        }
        Ok(seen)
    }

    fn verify(&self, text: &str, time_s: u64, signature: &[u8]) -> Result<(), NoteError> {
        match &self.key {
            PublicKey::Ed25519(key) => verify_ed25519(key, &ed25519_statement(text, time_s), signature),
            PublicKey::MlDsa44(key) => {
                // Time 0 says that the tree was seen once, not that it was the largest: no witness's word.
                if time_s == 0 {
                    return Err(NoteError::WrongSignature);
                }
                let signature = ml_dsa::Signature::try_from(signature).map_err(|_| NoteError::WrongSignature)?;
                key.verify(&ml_dsa_statement(&self.name, text, time_s)?, &signature)
                    .map_err(|_| NoteError::WrongSignature)
            }
        }
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.vkey().fmt(f)
    }
}

impl FromStr for WitnessKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let vkey: Vkey = text.parse()?;
        let bad = NoteError::BadKey;
        let key = match vkey.algorithm {
            ED25519 => {
                let raw = vkey.key.as_slice().try_into().map_err(|_| bad)?;
                PublicKey::Ed25519(ed25519::VerifyingKey::from_bytes(raw).map_err(|_| bad)?)
            }
            ML_DSA_44 => {
                let raw = vkey.key.as_slice().try_into().map_err(|_| bad)?;
                PublicKey::MlDsa44(Box::new(ml_dsa::VerifyingKey::decode(raw)))
            }
            _ => return Err(bad),
        };
        Ok(Self { name: vkey.name, key })
    }
}

#[cfg(test)]
mod tests {
    use super::super::note::SignerKey;
    use super::*;
    use sha2::Digest as _;

    const TEXT: &str = "vedetta/020001/prova\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

    fn witness(kind: CosignatureKind) -> Cosigner {
        Cosigner::new("carabinieri.example/testimone", kind, &[2; 32]).unwrap()
    }

    #[test]
    fn r_aud_2_a_cosigned_note_verifies_for_log_and_witness_and_no_flipped_byte_does() {
        let log = SignerKey::new("vedetta/020001/prova", &[1; 32]).unwrap();
        for kind in CosignatureKind::ALL {
            let witness = witness(kind);
            let key = witness.verifier();
            assert_eq!(key.to_string().parse::<WitnessKey>().unwrap(), key);
            assert!(
                log.verifier().to_string().parse::<WitnessKey>().is_err(),
                "a log's key is no witness's"
            );
            let mut note = log.sign_note(TEXT);
            assert_eq!(key.seen(&note), Err(NoteError::NotSigned));
            note.push_str(&witness.cosign(TEXT, 1_800_000_000).unwrap());
            assert_eq!(key.seen(&note), Ok(1_800_000_000));
            assert_eq!(
                log.verifier().open(&note).unwrap(),
                TEXT,
                "the log's signature still stands"
            );
            // Every byte of the short kind; of the long one, whose lines have 3,270, every seventh.
            for at in (0..note.len()).step_by(if kind == CosignatureKind::Ed25519 { 1 } else { 7 }) {
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

    #[test]
    fn r_aud_2_a_cosignature_holds_for_its_witness_log_size_root_and_time() {
        let signer = witness(CosignatureKind::MlDsa44);
        let key = signer.verifier();
        let line = signer.cosign(TEXT, 7).unwrap();
        let seen = |text: &str| key.seen(&format!("{text}\n{line}"));
        assert_eq!(seen(TEXT), Ok(7));
        for other in [
            TEXT.replace("prova", "prove"),
            TEXT.replace("\n3\n", "\n4\n"),
            TEXT.replace("\nAA", "\nBA"),
        ] {
            assert_eq!(seen(&other), Err(NoteError::WrongSignature), "{other}");
        }
        assert_eq!(seen("one line\n"), Err(NoteError::Malformed));
        // The same key under another name: the name is signed too.
        let vkey = Vkey {
            name: "altro".to_owned(),
            ..key.vkey()
        };
        let renamed: WitnessKey = vkey.to_string().parse().unwrap();
        let raw = BASE64.decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
        let stolen = BASE64.encode([&renamed.vkey().hash(), &raw[4..]].concat());
        let note = format!("{TEXT}\n— altro {stolen}\n");
        assert_eq!(renamed.seen(&note), Err(NoteError::WrongSignature));
        // No time: no word of a witness.
        let timeless = signer.cosign(TEXT, 0).unwrap();
        assert_eq!(key.seen(&format!("{TEXT}\n{timeless}")), Err(NoteError::WrongSignature));
    }

    #[test]
    fn r_aud_2_extension_lines_are_signed_by_one_kind_and_not_by_the_other() {
        let extended = format!("{TEXT}extension\n");
        for (kind, holds) in [(CosignatureKind::Ed25519, false), (CosignatureKind::MlDsa44, true)] {
            let signer = witness(kind);
            let line = signer.cosign(TEXT, 7).unwrap();
            let seen = signer.verifier().seen(&format!("{extended}\n{line}"));
            assert_eq!(seen.is_ok(), holds, "{kind:?}");
        }
    }

    #[test]
    fn r_aud_2_a_key_from_a_seed_is_the_one_another_implementation_makes() {
        // PyPI `cryptography` 50.0.2: MLDSA44PrivateKey.from_seed_bytes(bytes([2] * 32)).
        let key = sha2::Sha256::digest(witness(CosignatureKind::MlDsa44).verifier().vkey().key);
        assert_eq!(
            hex::encode(key),
            "6e66c2c3c57116351798517f8d7c8d86c6ab57e12236799f00b869ae043a2da3"
        );
    }

    #[test]
    fn keys_of_one_kind_are_no_keys_of_the_other() {
        let [short, long] = CosignatureKind::ALL.map(|kind| witness(kind).verifier());
        assert!(!short.is_same_key(&long));
        for (key, other) in [(&short, ML_DSA_44), (&long, ED25519)] {
            let vkey = Vkey {
                algorithm: other,
                ..key.vkey()
            };
            assert_eq!(vkey.to_string().parse::<WitnessKey>(), Err(NoteError::BadKey));
        }
        let long_name = "a".repeat(256);
        let refused = Cosigner::new(&long_name, CosignatureKind::MlDsa44, &[2; 32]);
        assert!(matches!(refused, Err(NoteError::BadName)));
    }
}
