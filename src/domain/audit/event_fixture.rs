//! An event for unit tests: somebody is about to open a view at a workstation.
//!
//! Invariant: a test that needs an event changes the fields it is about, and no others. Deliberately absent: the suite's own
//! (`tests/suite/event_fixture.rs`), which sees the library from outside.

use super::details::live::ViewOpen;
use super::event::{Body, Outcome};

/// The body of the event; workstation «sala», no act of its own.
pub fn body() -> Body {
    let station = "sala".parse().unwrap();
    Body {
        person: "chiara.neri".into(),
        policy_version: 1,
        ..Body::new(station, uuid::Uuid::nil(), ViewOpen::default(), Outcome::Intent)
    }
}
