//! The log: one sequencer that orders and writes, one signer that vouches and keeps the signed end once more, witnesses
//! elsewhere that saw it.
//!
//! Deliberately absent: HTTP; SQL.

pub mod cosigning;
pub mod put_back;
pub mod recorder;
pub mod sequencer;
pub mod signed_backup;
pub mod signed_state;
pub mod signer;
