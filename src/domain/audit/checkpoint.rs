//! C2SP tlog-checkpoint: origin, size and root of a log as a signed note.
//!
//! Invariant: a checkpoint has one encoding; [`verify`] accepts only a note signed by the log's own key under its origin.
//! Deliberately absent: which checkpoint may follow which (signer and courier keep that).

use super::hash::Hash;
use super::note::{NoteError, SignerKey, VerifierKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Origin, size and root of a log at one moment (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// `vedetta/<istat code>/<controller slug>`.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    pub root: Hash,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("the note of the checkpoint")]
    Note(#[from] NoteError),
    #[error("not a checkpoint")]
    Malformed,
    #[error("the checkpoint is of another log")]
    OtherOrigin,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.0))
    }

    /// Reads the text of a note; extension lines are allowed and passed over.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] when origin, size or root is missing or not in its one spelling.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let bad = CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(bad)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(bad);
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(bad);
        }
        let number: u64 = size.parse().map_err(|_| bad)?;
        if number.to_string() != size {
            return Err(bad);
        }
        let raw = BASE64.decode(root).map_err(|_| bad)?;
        let root = Hash::try_from(raw.as_slice()).map_err(|_| bad)?;
        Ok(Self {
            origin: origin.to_owned(),
            size: number,
            root,
        })
    }
}

/// Signs a checkpoint with the log's key.
pub fn sign(checkpoint: &Checkpoint, key: &SignerKey) -> String {
    key.sign_note(&checkpoint.text())
}

/// Checks a signed checkpoint against the log's pinned key, whose name must be the origin.
///
/// # Errors
/// The signature does not verify, the text is malformed, or the origin is not the key's name.
pub fn verify(note: &str, key: &VerifierKey) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = Checkpoint::parse(key.open(note)?)?;
    if checkpoint.origin == key.name() {
        Ok(checkpoint)
    } else {
        Err(CheckpointError::OtherOrigin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Checkpoint, SignerKey) {
        let origin = "vedetta/020001/borgo-vedetta";
        let checkpoint = Checkpoint {
            origin: origin.into(),
            size: 42,
            root: Hash([5; 32]),
        };
        (checkpoint, SignerKey::new(origin, &[1; 32]).unwrap())
    }

    #[test]
    fn r_aud_2_a_checkpoint_reads_back_and_every_flipped_bit_is_refused() {
        let (checkpoint, signer) = sample();
        let key = signer.verifier();
        let note = sign(&checkpoint, &signer);
        assert_eq!(verify(&note, &key).unwrap(), checkpoint);
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(text) = String::from_utf8(bytes) {
                assert!(verify(&text, &key).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn the_text_agrees_with_the_oracle() {
        let (checkpoint, _) = sample();
        let oracle = tlog_tiles::Checkpoint::from_bytes(checkpoint.text().as_bytes()).unwrap();
        assert_eq!((oracle.origin(), oracle.size()), (checkpoint.origin.as_str(), 42));
        assert_eq!(oracle.hash().0, checkpoint.root.0);
        assert_eq!(oracle.to_bytes(), checkpoint.text().into_bytes());
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = sample().0.text();
        for bad in [
            text.replace("42", "042"),
            text.replace("42", "+42"),
            text.replace("42", "-1"),
            text.replace('\n', ""),
        ] {
            assert_eq!(Checkpoint::parse(&bad), Err(CheckpointError::Malformed), "{bad:?}");
        }
        assert!(Checkpoint::parse(&format!("{text}extension\n")).is_ok());
    }
}
