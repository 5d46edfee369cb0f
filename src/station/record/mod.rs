//! The audit path of the workstation: events durable on its disk, then proven to be in the server's log.
//!
//! Deliberately absent: what an event means, and who may do what.

pub mod contact;
pub mod courier;
pub(in crate::station) mod event_body;
pub mod health;
pub mod outbox;
pub mod proof_files;
pub mod server_client;
pub mod trusted_checkpoints;
