//! Bodies that are missing: each must be named by a record of pruning by two people, made after its floor.
//!
//! When a body was received is not in the tree, but it lies between the server's own events there, whose time is: a body
//! came in no earlier than the server's event before it. Invariant: what this lets pass was at least as old as the
//! shortest floor of its class at the moment of the record, by the clock of the server that made it.
//! Deliberately absent: floors that were raised later; holds (both are events an auditor reads).

use super::What;
use crate::domain::audit::details::{Details, EventKind, Parameters};
use crate::domain::audit::event::{Operation, Outcome, RetentionClass};
use crate::domain::audit::leaf::Leaf;
use crate::server::log::sequencer::OWN_STATION;
use crate::server::store::log_retention::{DAY_MS, FIRST_POLICE_DAYS, SHORTEST_DAYS, Span};

/// The parts of a body that say what was pruned, and by whom.
#[derive(serde::Deserialize)]
struct Record {
    operation: Operation,
    result: Outcome,
    #[serde(default)]
    person: String,
    parameters: Parameters,
}

/// Missing bodies that came in on one day, as far as the tree says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Missing {
    first: u64,
    end: u64,
    /// The first moment at which every one of them may be gone, Unix ms; rounded down to a day.
    due_ms: i64,
}

/// What is missing and what was pruned, from entry to entry.
#[derive(Default)]
pub struct Pruned {
    missing: Vec<Missing>,
    /// Spans, and when the record of them was made.
    records: Vec<(Span, i64)>,
    /// The time of the server's last own event, and how many pieces were missing then.
    own_ms: i64,
    pieces: usize,
}

impl Pruned {
    /// The server's own event at this place of the tree says what time it is.
    pub fn pass(&mut self, leaf: &Leaf) {
        if leaf.station.as_str() != OWN_STATION {
            return;
        }
        let now_ms = leaf.time.as_millisecond();
        let back_ms = self.own_ms.saturating_sub(now_ms);
        if back_ms > 0 {
            // The server's clock was put back: what came in meanwhile may be as much older.
            let since = self.pieces.saturating_sub(1);
            for piece in &mut self.missing[since..] {
                piece.due_ms = piece.due_ms.saturating_sub(back_ms.saturating_add(DAY_MS));
            }
        }
        (self.own_ms, self.pieces) = (now_ms, self.missing.len());
    }

    /// An entry has no body.
    pub fn without_body(&mut self, index: u64, leaf: &Leaf) {
        let days = match leaf.class {
            RetentionClass::Police => FIRST_POLICE_DAYS,
            RetentionClass::Standard => SHORTEST_DAYS,
        };
        let floor_ms = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY_MS);
        let due_ms = (self.own_ms.saturating_add(floor_ms)).div_euclid(DAY_MS) * DAY_MS;
        match self.missing.last_mut() {
            Some(last) if last.end == index && last.due_ms == due_ms => last.end += 1,
            _ => self.missing.push(Missing {
                first: index,
                end: index + 1,
                due_ms,
            }),
        }
    }

    /// Looks whether a body is a record of pruning.
    pub fn look_at(&mut self, leaf: &Leaf, body: &str) {
        if leaf.station.as_str() != OWN_STATION || !body.contains("\"log_pruned\"") {
            return;
        }
        if let Ok(record) = serde_json::from_str::<Record>(body)
            && record.result == Outcome::Done
            && let EventKind::LogPruned(pruned) = Details::read(record.operation, &record.parameters).kind
            && let (Some(spans), Some(asked_by)) = (pruned.spans, pruned.asked_by)
            && !record.person.is_empty()
            && !asked_by.is_empty()
            && record.person != asked_by
        {
            let time = leaf.time.as_millisecond();
            self.records.extend(spans.into_iter().map(|span| (span, time)));
        }
    }

    /// The first entry whose body is missing and should not be.
    pub fn unexplained(&mut self) -> Option<(u64, What)> {
        self.records.sort_unstable();
        let mut wrong = None;
        for missing in &self.missing {
            let mut at = missing.first;
            while at < missing.end {
                // Of the records that name it, the earliest: it was gone then.
                let naming = self
                    .records
                    .iter()
                    .filter(|((first, end), _)| *first <= at && at < *end);
                let Some(((_, end), made_ms)) = naming.min_by_key(|(_, made_ms)| *made_ms) else {
                    wrong = Some((at, What::Body));
                    break;
                };
                if *made_ms < missing.due_ms {
                    wrong = Some((at, What::PrunedEarly));
                    break;
                }
                at = *end;
            }
            if wrong.is_some() {
                break;
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::leaf::{VERSION, commitment};

    fn leaf(station: &str, class: RetentionClass, day: i64) -> Leaf {
        Leaf {
            v: VERSION,
            station: station.parse().unwrap(),
            boot: uuid::Uuid::nil(),
            seq: 0,
            prev: None,
            time: jiff::Timestamp::from_millisecond(day * DAY_MS).unwrap(),
            mono_ms: 0,
            class,
            commit: commitment(&[0; 32], b""),
        }
    }

    fn record(by: &str, asked_by: &str, spans: &str) -> String {
        format!(
            "{{\"operation\":\"log_pruned\",\"result\":\"done\",\"person\":\"{by}\",\
             \"parameters\":{{\"asked_by\":\"{asked_by}\",\"spans\":{spans}}}}}"
        )
    }

    /// Two entries of each class without body, received between the server's events of day 10 and day 12; pruned on `day`.
    fn pruned_on(day: i64, record: &str) -> Option<(u64, What)> {
        let mut pruned = Pruned::default();
        pruned.pass(&leaf(OWN_STATION, RetentionClass::Police, 10));
        for (index, class) in [(1, RetentionClass::Standard), (2, RetentionClass::Police)] {
            // What the station's clock says does not count.
            let leaf = leaf("sala", class, 9999);
            pruned.pass(&leaf);
            pruned.without_body(index, &leaf);
        }
        pruned.pass(&leaf(OWN_STATION, RetentionClass::Police, 12));
        pruned.look_at(&leaf(OWN_STATION, RetentionClass::Police, day), record);
        pruned.unexplained()
    }

    #[test]
    fn r_aud_2_a_missing_body_needs_a_record_of_two_people_made_after_its_floor() {
        let both = "[[1,3]]";
        let good = record("comandante", "amministratore", both);
        assert_eq!(pruned_on(10 + 1826, &good), None);
        assert_eq!(pruned_on(10 + 1825, &good), Some((2, What::PrunedEarly)));
        assert_eq!(pruned_on(10 + 179, &good), Some((1, What::PrunedEarly)));
        for bad in [
            record("amministratore", "amministratore", both),
            record("comandante", "", both),
            record("", "amministratore", both),
            good.replace("done", "refused"),
        ] {
            assert_eq!(pruned_on(10 + 1826, &bad), Some((1, What::Body)), "{bad}");
        }
        let mut pruned = Pruned::default();
        pruned.pass(&leaf(OWN_STATION, RetentionClass::Police, 400));
        pruned.without_body(1, &leaf("sala", RetentionClass::Standard, 0));
        pruned.pass(&leaf(OWN_STATION, RetentionClass::Police, 10));
        pruned.look_at(&leaf(OWN_STATION, RetentionClass::Police, 191), &good);
        assert_eq!(pruned.unexplained(), None, "the server's clock had been a year ahead");
        let half = record("comandante", "amministratore", "[[1,2]]");
        assert_eq!(pruned_on(10 + 1826, &half), Some((2, What::Body)));
        let pieces = record("comandante", "amministratore", "[[1,2],[2,3]]");
        assert_eq!(pruned_on(10 + 1826, &pieces), None);
        let mut pruned = Pruned::default();
        pruned.without_body(1, &leaf("sala", RetentionClass::Standard, 0));
        pruned.look_at(&leaf("sala", RetentionClass::Police, 5000), &good);
        assert_eq!(pruned.unexplained(), Some((1, What::Body)), "only the server prunes");
    }
}
