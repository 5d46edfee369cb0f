//! The log: one sequencer that orders and writes, one signer that vouches.
//!
//! Deliberately absent: HTTP; SQL.

pub mod recorder;
pub mod sequencer;
pub mod signer;
