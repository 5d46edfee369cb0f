//! People at the door: passwords, lock-out, sessions.
//!
//! Deliberately absent: what a person may do (`domain::people`).

pub mod password;
pub mod sessions;
