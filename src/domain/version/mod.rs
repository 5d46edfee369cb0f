//! Versions: what an older and a newer program can say to each other, and how kept data moves from one to the next.
//!
//! | part | rule |
//! |---|---|
//! | [`protocol`] | which version of the calls a workstation and a server speak, and when they cannot |
//! | [`critical`] | marks on what an older reader must not pass over |
//! | [`steps`] | the numbered steps of a database or a folder |
//!
//! Invariant: whoever reads something newer passes over what may be passed over, and never takes it for forged or broken.
//! The whole story is in `docs/architecture.md`, "Versions". Deliberately absent: files, databases, headers.

pub mod critical;
pub mod known_only;
pub mod protocol;
mod release;
pub mod steps;

pub use release::{NotARelease, Release};
