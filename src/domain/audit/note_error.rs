//! Why a key, a signed note or a statement is refused.
//!
//! Invariant: no error carries a key. Deliberately absent: reading keys (`vkey`) and notes (`note`).

/// Why a key, a note or a statement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("not a key name: no spaces, no plus sign, not empty")]
    BadName,
    #[error("not a verifier key")]
    BadKey,
    #[error("not a signed note")]
    Malformed,
    #[error("no signature by this key")]
    NotSigned,
    #[error("the signature is wrong")]
    WrongSignature,
}
