//! An event for tests: somebody is about to open a view at a workstation.
//!
//! Invariant: a test that needs an event changes the fields it is about, and no others. Deliberately absent: the events that
//! the programs write (`tests/golden`).

use crate::town_hall::borgo;
use vedetta::domain::audit::chain::{Moment, Sealed, StationChain};
use vedetta::domain::audit::details::live::ViewOpen;
use vedetta::domain::audit::event::{Body, Event, Outcome, RetentionClass};
use vedetta::domain::audit::leaf::{Leaf, commitment, leaf_hash};
use vedetta::domain::camera::StationId;

/// The body of the event, of an act of its own.
pub fn body(station: &StationId) -> Body {
    Body {
        person: "chiara.neri".into(),
        policy_version: 1,
        ..Body::new(
            station.clone(),
            uuid::Uuid::new_v4(),
            ViewOpen::default(),
            Outcome::Intent,
        )
    }
}

/// The event with this body, for the log of Borgo Vedetta.
pub fn event(body: Body) -> Event {
    Event {
        log: borgo(),
        class: RetentionClass::Police,
        body,
    }
}

/// The event with this body as the next one of a workstation's chain, which moves past it.
pub fn sealed(chain: &mut StationChain, boot: uuid::Uuid, time: jiff::Timestamp, body: &Body) -> Sealed {
    let at = Moment { boot, time, mono_ms: 1 };
    let salt = *uuid::Uuid::new_v4().as_bytes();
    let salt = [salt, salt].concat().try_into().unwrap();
    let sealed = chain.seal(RetentionClass::Police, at, salt, body).unwrap();
    chain.advance(sealed.leaf_hash);
    sealed
}

/// The event with this text for its body, which may say what this version does not know.
pub fn sealed_text(chain: &mut StationChain, known: &Body, text: String) -> Sealed {
    let place = sealed(&mut chain.clone(), uuid::Uuid::nil(), jiff::Timestamp::now(), known);
    let mut leaf = Leaf::parse(&place.leaf).unwrap();
    leaf.commit = commitment(&place.salt, text.as_bytes());
    let leaf = leaf.encode();
    let sealed = Sealed {
        leaf_hash: leaf_hash(leaf.as_bytes()),
        leaf,
        body: text,
        ..place
    };
    chain.advance(sealed.leaf_hash);
    sealed
}
