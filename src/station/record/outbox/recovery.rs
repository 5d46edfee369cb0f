//! What is found on disk when the outbox is opened.
//!
//! Invariant: only records that were never acknowledged are cut, and only at the torn end. Everything else that is not
//! as it was written is reported as [`Damage`], its segment is not written again, and what can be read is kept.
//! Deliberately absent: writing; this only reads and decides.

use super::event::StoredEvent;
use super::record::{RecordKey, decode, find_next};
use super::segment::{Medium, Note, ROLL_AT, SegmentName};
use super::state::State;
use crate::domain::audit::chain::StationChain;
use crate::domain::audit::leaf::Leaf;
use crate::domain::camera::ControllerId;
use std::collections::BTreeMap;
use std::io;

/// Something on the disk is not as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment it was found in, when there is one.
    pub segment: Option<u64>,
    /// Records that are gone: first, and one past the last.
    pub lost: Option<(u64, u64)>,
    /// For the event and the log, in English.
    pub detail: String,
}

/// The outbox as it was found.
pub struct Recovered {
    pub state: State,
    /// Every event that can be read, in order.
    pub events: Vec<StoredEvent>,
    /// Per segment: the last `seq` of each log in it.
    pub contents: BTreeMap<SegmentName, BTreeMap<ControllerId, u64>>,
    pub damage: Vec<Damage>,
    /// Segment to go on with, and how many of its bytes stand; `None`: begin a new one.
    pub tail: Option<(u64, u64)>,
}

/// Why the outbox cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    #[error("the outbox cannot be read")]
    Read(#[source] io::Error),
    #[error("no fresh key could be made")]
    Key(#[from] super::record::RecordFault),
}

/// Reads everything.
///
/// # Errors
/// [`RecoveryError::Read`] when a segment or the state cannot be read, [`RecoveryError::Key`] when there is no randomness for a
/// fresh key; damage is no error, it is in what is recovered.
pub fn recover(medium: &dyn Medium, key: &RecordKey) -> Result<Recovered, RecoveryError> {
    let names = medium.segments().map_err(RecoveryError::Read)?;
    let note = medium.read_note(Note::State).map_err(RecoveryError::Read)?;
    let known = note.as_deref().and_then(|bytes| State::decode(key, bytes));
    let mut damage = Vec::new();
    if known.is_none() && (note.is_some() || !names.is_empty()) {
        damage.push(Damage {
            segment: None,
            lost: None,
            detail: "the state of the outbox is gone or unreadable".into(),
        });
    }
    let rebuild = known.is_none();
    let state = match known {
        Some(state) => state,
        None => State::empty()?,
    };
    let mut reader = Reader {
        key,
        expected: state.first,
        rebuild,
        state,
        events: Vec::new(),
        contents: BTreeMap::new(),
        damage,
        last: false,
        cut: None,
    };
    let mut last_length = 0;
    for name in &names {
        let bytes = medium.read(*name).map_err(RecoveryError::Read)?;
        last_length = bytes.len() as u64;
        reader.last = names.last() == Some(name);
        reader.segment(*name, &bytes);
    }
    Ok(reader.finish(&names, last_length))
}

struct Reader<'a> {
    key: &'a RecordKey,
    /// Index of the next record.
    expected: u64,
    /// The state is gone: take the chains from the records themselves.
    rebuild: bool,
    state: State,
    events: Vec<StoredEvent>,
    contents: BTreeMap<SegmentName, BTreeMap<ControllerId, u64>>,
    damage: Vec<Damage>,
    /// The segment being read is the newest.
    last: bool,
    /// Torn end: segment and bytes that stand.
    cut: Option<(u64, u64)>,
}

impl Reader<'_> {
    fn segment(&mut self, name: SegmentName, bytes: &[u8]) {
        self.contents.entry(name).or_default();
        let mut at = 0;
        while at < bytes.len() {
            let Some(decoded) = decode(self.key, bytes, at) else {
                match self.broken(name, bytes, at) {
                    Some(next) => at = next,
                    None => return,
                }
                continue;
            };
            let end = decoded.end;
            if self.rebuild && self.events.is_empty() {
                self.expected = decoded.index;
                self.state.first = decoded.index;
            }
            if decoded.index > self.expected && self.expected < self.state.acknowledged {
                self.report_lost(Some(name), decoded.index);
            }
            let event = StoredEvent::decode(&decoded.plain);
            let fresh = !self.rebuild && decoded.index >= self.state.acknowledged;
            let genuine = !fresh || decoded.is_under(&self.state.mac);
            match event {
                Some((event, leaf))
                    if genuine
                        && decoded.index >= self.expected
                        && (!fresh || self.take_unacknowledged(&event, &leaf, decoded.index)) =>
                {
                    self.keep(name, event, &leaf, decoded.index);
                }
                _ => self.report(name, format!("record {} at byte {at} is not genuine", decoded.index)),
            }
            at = end;
        }
    }

    /// A place where no whole record begins: the torn end (nothing follows), or damage (where to go on).
    fn broken(&mut self, name: SegmentName, bytes: &[u8], at: usize) -> Option<usize> {
        let next = find_next(self.key, bytes, at + 1);
        let next_is_acknowledged = next
            .and_then(|next| decode(self.key, bytes, next))
            .is_some_and(|decoded| self.rebuild || decoded.index < self.state.acknowledged);
        if self.expected >= self.state.acknowledged
            && !self.rebuild
            && !next_is_acknowledged
            && self.last
            && !name.frozen
        {
            self.cut = Some((name.number, at as u64));
            return None;
        }
        self.report(name, format!("unreadable from byte {at}"));
        next
    }

    /// A whole record beyond the acknowledged ones: written, but the crash came before the answer.
    fn take_unacknowledged(&mut self, event: &StoredEvent, leaf: &Leaf, index: u64) -> bool {
        let chain = self
            .state
            .chains
            .entry(event.log.clone())
            .or_insert_with(|| StationChain::new(leaf.station.clone()));
        if index != self.expected || chain.check(leaf).is_err() {
            return false;
        }
        chain.advance(event.leaf_hash);
        self.state.mac.ratchet();
        self.state.acknowledged = index + 1;
        true
    }

    fn keep(&mut self, name: SegmentName, event: StoredEvent, leaf: &Leaf, index: u64) {
        if self.rebuild {
            let chain = StationChain {
                station: leaf.station.clone(),
                next_seq: leaf.seq + 1,
                prev: Some(event.leaf_hash),
            };
            self.state.chains.insert(event.log.clone(), chain);
            self.state.acknowledged = index + 1;
        }
        self.contents
            .entry(name)
            .or_default()
            .insert(event.log.clone(), event.seq);
        self.events.push(event);
        self.expected = index + 1;
    }

    fn report(&mut self, name: SegmentName, detail: String) {
        if !name.frozen {
            self.damage.push(Damage {
                segment: Some(name.number),
                lost: None,
                detail,
            });
        }
    }

    fn report_lost(&mut self, name: Option<SegmentName>, until: u64) {
        let lost = (self.expected, until);
        if !self.state.lost.contains(&lost) {
            let segment = name.filter(|name| !name.frozen).map(|name| name.number);
            let detail = format!("records {} to {} are gone", lost.0, lost.1.saturating_sub(1));
            self.damage.push(Damage {
                segment,
                lost: Some(lost),
                detail,
            });
        }
    }

    fn finish(mut self, names: &[SegmentName], last_length: u64) -> Recovered {
        if self.expected < self.state.acknowledged {
            self.report_lost(None, self.state.acknowledged);
        }
        let last = names
            .last()
            .filter(|last| !last.frozen)
            .map(|last| (last.number, last_length));
        let damaged = |number: u64| self.damage.iter().any(|damage| damage.segment == Some(number));
        let tail = self
            .cut
            .or(last)
            .filter(|(number, length)| !damaged(*number) && *length < ROLL_AT && !self.rebuild);
        let highest = names.last().map_or(0, |name| name.number);
        self.state.segment = self.state.segment.max(highest);
        Recovered {
            state: self.state,
            events: self.events,
            contents: self.contents,
            damage: self.damage,
            tail,
        }
    }
}
