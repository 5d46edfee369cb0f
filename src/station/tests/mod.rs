//! The workstation against a log that lies, a disk that fails and a camera that must not be touched.
//!
//! Deliberately absent: the real server and the simulated town (see `tests/`).

mod courier;
mod endless_motion;
mod exported;
mod forged_log;
mod old_statuses;
mod picture_motion_feed;
mod plan;
mod proof_files;
mod return_home;
mod road;

use crate::domain::audit::details::live::ViewOpen;
use crate::domain::audit::event::{Event, Outcome, RetentionClass};
use crate::domain::camera::{ControllerId, StationId};
use crate::station::record::outbox::memory::Memory;
use crate::station::record::outbox::{Opening, Outbox, RecordKey};
use std::collections::BTreeMap;

fn station() -> StationId {
    "sala".parse().unwrap()
}

fn borgo() -> ControllerId {
    "borgo".parse().unwrap()
}

fn outbox(disk: &Memory, delivered: u64) -> Outbox {
    let opening = Opening {
        medium: Box::new(disk.clone()),
        key: RecordKey::from_bytes(&[3; 32]).unwrap(),
        station: station(),
        delivered: BTreeMap::from([(borgo(), delivered)]),
        clock: jiff::Timestamp::now,
    };
    Outbox::open(opening).unwrap().0
}

fn event() -> Event {
    let body =
        crate::station::record::event_body::body_without_person(&station(), ViewOpen::default(), Outcome::Intent);
    Event {
        log: borgo(),
        class: RetentionClass::Police,
        body,
    }
}
