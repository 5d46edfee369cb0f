//! The rooms under test, by path, so that fuzzing compiles nothing of the screen and the cameras.

#![allow(dead_code, reason = "each target uses its part")]

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
#[path = "../../src/station/record/outbox/record.rs"]
pub mod record;
