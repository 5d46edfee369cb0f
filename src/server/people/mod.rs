//! People at the door: passwords, lock-out, second factor, sessions, accounts wanted elsewhere; and the accounts behind them.
//!
//! Deliberately absent: what a person may do (`domain::people`).

pub mod accounts;
pub mod authentication;
pub mod password;
pub mod sessions;
pub mod takeover;
mod wanted_accounts;
