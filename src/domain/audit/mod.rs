//! The audit path: event vocabulary, leaf and commitment, station chain, Merkle tree, proofs, checkpoints.
//!
//! | file | what |
//! |---|---|
//! | [`operation`] | what can happen, and how it can come out |
//! | [`event`] | the body that says what happened |
//! | [`details`] | what an event says: each operation with its parameters as a type |
//! | [`leaf`] | leaf, salted commitment, leaf hash |
//! | [`chain`] | the chain of one station inside a log |
//! | [`tree`] | RFC 6962/9162 tree kept as hashes of complete subtrees |
//! | [`proof`] | inclusion and consistency: made and checked |
//! | [`note`] | C2SP signed note: keys, signatures, statements |
//! | `vkey` | C2SP verifier keys: a public key with the name it signs under |
//! | [`witness_policy`] | C2SP tlog-policy: which logs and how many witnesses are asked for |
//! | [`tlog_proof`] | C2SP tlog-proof: one event's place in the log, as a file |
//! | [`attribution`] | whether person, session and workstation of an event agree |
//! | [`checkpoint`] | C2SP tlog-checkpoint |
//! | [`cosignature`] | C2SP tlog-cosignature: what a witness adds |
//! | [`witness`] | C2SP tlog-witness: what a witness is asked and answers |
//! | [`new_beginning`] | a log that begins anew by the word of two supervisors, when what workstations saw is lost |
//! | [`put_back`] | whether a server forgot what it signed |
//! | [`signing_time`] | whether a checkpoint may be signed now |
//! | [`succession`] | a log that goes on under another name and key |
//! | [`tile`] | C2SP tlog-tiles: paths and contents |
//!
//! Formats are those of RFC 6962/9162 and C2SP (signed note, tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-policy, tlog-proof); `FORMAT.md`
//! beside this file specifies them for authors of verifiers, `docs/log.md` tells the life of an event.
//! Deliberately absent: storage, keys at rest, network.

pub mod attribution;
pub mod chain;
pub mod checkpoint;
pub mod cosignature;
pub mod details;
pub mod event;
#[cfg(test)]
pub(crate) mod event_fixture;
pub mod hash;
pub mod leaf;
pub mod new_beginning;
pub mod note;
mod note_error;
pub mod operation;
pub mod proof;
pub mod put_back;
pub mod signing_time;
pub mod succession;
pub mod tile;
pub mod tlog_proof;
pub mod tree;
mod vkey;
pub mod witness;
pub mod witness_policy;
