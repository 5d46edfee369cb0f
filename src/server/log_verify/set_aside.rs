//! Bodies that do not read, or are kept aside: each must be named by the server's own record beside it.
//!
//! Invariant: what this lets pass is named by index, station and number in one record. Memory grows with what no record named yet.
//! Deliberately absent: whether the bytes are those that the leaf commits to (`walk`), bodies that are missing (`pruned`).

use crate::domain::audit::details::log::EventSetAside;
use crate::domain::audit::details::{Details, EventKind, Parameters};
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::audit::leaf::Leaf;
use crate::domain::camera::StationId;
use crate::server::log::sequencer::OWN_STATION;
use std::collections::BTreeMap;

/// The parts of a body that say what was set aside.
#[derive(serde::Deserialize)]
struct Record {
    operation: Operation,
    result: Outcome,
    parameters: Parameters,
}

/// What is aside and was not named yet, by index.
#[derive(Default)]
pub struct SetAside {
    unnamed: BTreeMap<u64, (StationId, u64)>,
}

impl SetAside {
    /// An entry's body is aside, or is no JSON object.
    pub fn aside(&mut self, index: u64, leaf: &Leaf) {
        self.unnamed.insert(index, (leaf.station.clone(), leaf.seq));
    }

    /// Looks whether a body is a record of one that is aside; it comes after it.
    pub fn look_at(&mut self, leaf: &Leaf, body: &str) {
        if leaf.station.as_str() != OWN_STATION || !body.contains("\"event_set_aside\"") {
            return;
        }
        if let Ok(record) = serde_json::from_str::<Record>(body)
            && record.result == Outcome::Done
            && let EventKind::EventSetAside(EventSetAside {
                index: Some(index),
                station: Some(station),
                seq: Some(seq),
                ..
            }) = Details::read(record.operation, &record.parameters).kind
            && self.unnamed.get(&index) == Some(&(station, seq))
        {
            self.unnamed.remove(&index);
        }
    }

    /// The first entry that no record names.
    pub fn unexplained(&self) -> Option<u64> {
        self.unnamed.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::event::RetentionClass;
    use crate::domain::audit::leaf::{VERSION, commitment};

    fn leaf(station: &str, seq: u64) -> Leaf {
        Leaf {
            v: VERSION,
            station: station.parse().unwrap(),
            boot: uuid::Uuid::nil(),
            seq,
            prev: None,
            time: jiff::Timestamp::UNIX_EPOCH,
            mono_ms: 0,
            class: RetentionClass::Police,
            commit: commitment(&[0; 32], b""),
        }
    }

    #[test]
    fn r_aud_2_a_body_that_is_aside_needs_the_servers_record_of_that_very_entry() {
        let good = r#"{"operation":"event_set_aside","result":"done","parameters":{"fault":"unreadable","index":3,"seq":7,"station":"sala"}}"#;
        let found = |by: &str, record: &str| {
            let mut aside = SetAside::default();
            aside.aside(3, &leaf("sala", 7));
            aside.look_at(&leaf(by, 0), record);
            aside.unexplained()
        };
        assert_eq!(found(OWN_STATION, good), None);
        assert_eq!(found("sala", good), Some(3), "only the server says it");
        for (part, other) in [
            ("\"index\":3", "\"index\":4"),
            ("\"seq\":7", "\"seq\":8"),
            ("\"sala\"", "\"altra\""),
            ("done", "refused"),
            ("event_set_aside", "station_refused"),
        ] {
            assert_eq!(found(OWN_STATION, &good.replace(part, other)), Some(3), "{other}");
        }
    }
}
