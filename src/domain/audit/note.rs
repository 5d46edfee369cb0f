//! C2SP signed note with Ed25519: keys as text, signatures over a text, and short statements outside a note.
//!
//! Format: text of lines, an empty line, then lines `— <name> <base64(key hash ‖ signature)>`; keys as in `vkey`, with
//! algorithm 0x01.
//! Invariant: a signature line of the right name and key hash that does not verify fails the whole note; lines of other
//! keys are passed over.
//! Deliberately absent: keys at rest.

pub use super::note_error::NoteError;
use super::vkey::{Vkey, check_name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::fmt;
use std::str::FromStr;

/// Algorithm byte of Ed25519 in a key.
const ED25519: u8 = 1;
/// Longest note read, bytes.
pub const MAX_NOTE: usize = 64 * 1024;
/// Most signature lines read.
const MAX_SIGNATURES: usize = 16;

/// A public Ed25519 key with the name it signs under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

/// A private key with the name it signs under. `Debug` shows the name only.
#[derive(Clone)]
pub struct SignerKey {
    name: String,
    key: SigningKey,
}

/// The statements signed outside a note. The context of each is signed too, so that one never passes as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// A batch is durable: `protocol::BatchReceipt`.
    Durable,
    /// The site plan: `protocol::SignedPlan`.
    Plan,
    /// A log goes on under another name: `succession::Succession`.
    Succession,
}

impl Statement {
    fn context(self) -> &'static str {
        match self {
            Self::Durable => "vedetta/durable/v1\n",
            Self::Plan => "vedetta/plan/v1\n",
            Self::Succession => "vedetta/succession/v1\n",
        }
    }

    fn bytes(self, text: &str) -> Vec<u8> {
        [self.context(), text].concat().into_bytes()
    }
}

pub(super) fn verify_ed25519(key: &VerifyingKey, message: &[u8], raw: &[u8]) -> Result<(), NoteError> {
    let signature = Signature::from_slice(raw).map_err(|_| NoteError::WrongSignature)?;
    key.verify_strict(message, &signature)
        .map_err(|_| NoteError::WrongSignature)
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.vkey().fmt(f)
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let vkey: Vkey = text.parse()?;
        if vkey.algorithm != ED25519 {
            return Err(NoteError::BadKey);
        }
        let key = vkey.key.as_slice().try_into().map_err(|_| NoteError::BadKey)?;
        Ok(Self {
            key: VerifyingKey::from_bytes(key).map_err(|_| NoteError::BadKey)?,
            name: vkey.name,
        })
    }
}

impl VerifierKey {
    /// The name the key signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn vkey(&self) -> Vkey {
        Vkey {
            name: self.name.clone(),
            algorithm: ED25519,
            key: self.key.as_bytes().to_vec(),
        }
    }

    /// First four bytes of the SHA-256 of name and key.
    pub fn key_hash(&self) -> [u8; 4] {
        self.vkey().hash()
    }

    /// Whether both are one public key, whatever names they have.
    pub(super) fn is_same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Checks a signature over a statement's text, base64 as it travels.
    ///
    /// # Errors
    /// [`NoteError::WrongSignature`], also when it is not base64 of 64 bytes.
    pub fn verify_statement(&self, kind: Statement, text: &str, signature: &str) -> Result<(), NoteError> {
        let raw = BASE64.decode(signature).map_err(|_| NoteError::WrongSignature)?;
        verify_ed25519(&self.key, &kind.bytes(text), &raw)
    }

    /// Checks a signed note and returns its text, with the newline that ends it.
    ///
    /// # Errors
    /// The note is malformed, has no signature of this key, or a wrong one.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, signatures) = signatures_of(note, self.name(), self.key_hash())?;
        for signature in signatures {
            verify_ed25519(&self.key, text.as_bytes(), &signature)?;
        }
        Ok(text)
    }
}

/// The text of a note, with the newline that ends it, and what stands behind the key hash on each line of one key.
///
/// # Errors
/// [`NoteError::Malformed`] when the note or any of its lines is; [`NoteError::NotSigned`] when it has no line of this key.
pub(super) fn signatures_of<'a>(
    note: &'a str,
    name: &str,
    key_hash: [u8; 4],
) -> Result<(&'a str, Vec<Vec<u8>>), NoteError> {
    let (text, lines) = split(note)?;
    let mut signatures = Vec::new();
    for line in lines {
        let (of, raw) = signature_line(line)?;
        if let Some(signature) = raw.strip_prefix(&key_hash)
            && of == name
        {
            signatures.push(signature.to_vec());
        }
    }
    if signatures.is_empty() {
        Err(NoteError::NotSigned)
    } else {
        Ok((text, signatures))
    }
}

fn split(note: &str) -> Result<(&str, Vec<&str>), NoteError> {
    let control = |c: char| c < ' ' && c != '\n';
    if note.len() > MAX_NOTE || note.chars().any(control) {
        return Err(NoteError::Malformed);
    }
    let at = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, block) = (&note[..=at], &note[at + 2..]);
    let lines: Vec<&str> = block
        .strip_suffix('\n')
        .ok_or(NoteError::Malformed)?
        .split('\n')
        .collect();
    if lines.len() > MAX_SIGNATURES {
        Err(NoteError::Malformed)
    } else {
        Ok((text, lines))
    }
}

fn signature_line(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let rest = line.strip_prefix("— ").ok_or(NoteError::Malformed)?;
    let (name, encoded) = rest.split_once(' ').ok_or(NoteError::Malformed)?;
    check_name(name).map_err(|_| NoteError::Malformed)?;
    let raw = BASE64.decode(encoded).map_err(|_| NoteError::Malformed)?;
    if raw.len() < 5 {
        Err(NoteError::Malformed)
    } else {
        Ok((name, raw))
    }
}

impl SignerKey {
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
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// Signs a text that ends with a newline: the whole note.
    pub fn sign_note(&self, text: &str) -> String {
        let mut raw = self.verifier().key_hash().to_vec();
        raw.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n— {} {}\n", self.name, BASE64.encode(raw))
    }

    /// Signs a statement's text; the signature in base64.
    pub fn sign_statement(&self, kind: Statement, text: &str) -> String {
        BASE64.encode(self.key.sign(&kind.bytes(text)).to_bytes())
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the C2SP signed-note specification and of Go's `sumdb/note`.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const QUOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_published_note_opens_and_its_key_reads_back() {
        let key: VerifierKey = PETER.parse().unwrap();
        assert_eq!(key.to_string(), PETER);
        assert!(key.open(QUOTE).unwrap().ends_with("problem is.\n"));
        assert_eq!(
            key.open(&QUOTE.replace("answer", "Answer")),
            Err(NoteError::WrongSignature)
        );
        assert_eq!(key.open(&QUOTE.replace("PeterN", "AnnaN")), Err(NoteError::NotSigned));
        assert!(PETER.replace("c74f", "c74e").parse::<VerifierKey>().is_err());
    }

    #[test]
    fn statements_of_one_kind_do_not_pass_as_another() {
        let signer = SignerKey::new("vedetta/000000/prova", &[7; 32]).unwrap();
        let key = signer.verifier();
        let signature = signer.sign_statement(Statement::Durable, "text");
        key.verify_statement(Statement::Durable, "text", &signature).unwrap();
        assert!(key.verify_statement(Statement::Plan, "text", &signature).is_err());
        assert!(key.verify_statement(Statement::Durable, "texT", &signature).is_err());
        assert!(key.verify_statement(Statement::Durable, "text", "AAAA").is_err());
        assert!(!format!("{signer:?}").contains("[7"));
    }

    #[test]
    fn hostile_notes_are_refused_without_a_panic() {
        let key: VerifierKey = PETER.parse().unwrap();
        for note in [
            "",
            "\n",
            "\n\n",
            "a\n\n",
            "a\n\n— \n",
            "a\n\n— x AAAA\n",
            "a\n\n—x\n",
            "a\n\n— PeterNeumann x08go/Y=\n",
        ] {
            assert!(key.open(note).is_err(), "{note:?}");
        }
        assert!(key.open(&"a\n".repeat(MAX_NOTE)).is_err());
    }
}
