//! An event for unit tests: somebody is about to open a view at a workstation.
//!
//! Invariant: a test that needs an event changes the fields it is about, and no others. Deliberately absent: the suite's own
//! (`tests/suite/event_fixture.rs`), which sees the library from outside.

use super::event::{Body, Operation, Outcome};

/// The body of the event; workstation «sala», no act of its own.
pub fn body() -> Body {
    Body {
        person: "chiara.neri".into(),
        level: None,
        agency: String::new(),
        session: String::new(),
        station: "sala".parse().unwrap(),
        act: uuid::Uuid::nil(),
        operation: Operation::ViewOpen,
        result: Outcome::Intent,
        camera: None,
        stream: None,
        purpose: None,
        protocol_no: String::new(),
        parameters: Default::default(),
        policy_version: 1,
        media_from: None,
        media_to: None,
    }
}
