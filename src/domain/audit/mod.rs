//! The audit path: event vocabulary, leaf and commitment, station chain, Merkle tree, proofs, checkpoints.
//!
//! Formats are those of RFC 6962/9162 and C2SP (signed note, tlog-checkpoint, tlog-tiles).
//! Deliberately absent: storage, keys at rest, network.

pub mod event;
