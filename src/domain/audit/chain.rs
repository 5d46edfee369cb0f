//! The chain of one station inside one log: which `seq` comes next, and after which leaf.
//!
//! Invariant: a chain only goes forward by one sealed event at a time; sealing changes nothing until
//! [`StationChain::advance`], so the outbox advances only after the event is durable.
//! Deliberately absent: where the head is kept, randomness (the salt is an argument), clocks.

use super::event::{Body, RetentionClass};
use super::hash::Hash;
use super::leaf::{self, Leaf, Salt};
use crate::domain::camera::StationId;

/// Head of a station's chain in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationChain {
    pub station: StationId,
    /// `seq` of the next event.
    pub next_seq: u64,
    /// Leaf hash of the last event; `None` before the first.
    pub prev: Option<Hash>,
}

/// A sealed event, ready for outbox or log: each part in the bytes that stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub seq: u64,
    pub class: RetentionClass,
    pub leaf: String,
    pub leaf_hash: Hash,
    pub salt: Salt,
    pub body: String,
}

/// When the station says it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub boot: uuid::Uuid,
    /// Wall-clock time of the station.
    pub time: jiff::Timestamp,
    /// Milliseconds since the program started.
    pub mono_ms: u64,
}

/// Why a leaf does not continue a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("the leaf names another station")]
    OtherStation,
    #[error("seq {found} where {expected} is expected")]
    Gap { expected: u64, found: u64 },
    #[error("prev does not name the last event; seq {expected} is expected")]
    WrongPrev { expected: u64 },
}

impl StationChain {
    /// A chain without events.
    pub fn new(station: StationId) -> Self {
        Self {
            station,
            next_seq: 0,
            prev: None,
        }
    }

    /// Encodes a body and binds it to the next place in the chain. The chain itself does not move.
    ///
    /// # Errors
    /// The body cannot be encoded as JSON or is longer than [`leaf::MAX_BODY`].
    pub fn seal(&self, class: RetentionClass, at: Moment, salt: Salt, body: &Body) -> Result<Sealed, BodyError> {
        let body = serde_json::to_string(body).map_err(|error| BodyError::Encode(error.to_string()))?;
        if body.len() > leaf::MAX_BODY {
            return Err(BodyError::TooLong(body.len()));
        }
        let leaf = Leaf {
            v: leaf::VERSION,
            station: self.station.clone(),
            boot: at.boot,
            seq: self.next_seq,
            prev: self.prev,
            time: at.time,
            mono_ms: at.mono_ms,
            class,
            commit: leaf::commitment(&salt, body.as_bytes()),
        }
        .encode();
        let leaf_hash = leaf::leaf_hash(leaf.as_bytes());
        Ok(Sealed {
            seq: self.next_seq,
            class,
            leaf,
            leaf_hash,
            salt,
            body,
        })
    }

    /// Moves past an event that is now durable.
    pub fn advance(&mut self, leaf_hash: Hash) {
        self.next_seq += 1;
        self.prev = Some(leaf_hash);
    }

    /// Does this leaf come next?
    pub fn check(&self, leaf: &Leaf) -> Result<(), ChainError> {
        if leaf.station != self.station {
            return Err(ChainError::OtherStation);
        }
        if leaf.seq != self.next_seq {
            return Err(ChainError::Gap {
                expected: self.next_seq,
                found: leaf.seq,
            });
        }
        if leaf.prev != self.prev {
            return Err(ChainError::WrongPrev {
                expected: self.next_seq,
            });
        }
        Ok(())
    }
}

/// Why a body cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body cannot be encoded: {0}")]
    Encode(String),
    #[error("the body has {0} bytes, more than {max}", max = leaf::MAX_BODY)]
    TooLong(usize),
}

#[cfg(test)]
mod tests {
    use super::super::event_fixture;
    use super::*;

    fn body(station: &StationId) -> Body {
        Body {
            station: station.clone(),
            ..event_fixture::body()
        }
    }

    #[test]
    fn r_aud_2_sealed_events_link_and_others_are_refused() {
        let station: StationId = "sala".parse().unwrap();
        let at = Moment {
            boot: uuid::Uuid::nil(),
            time: jiff::Timestamp::UNIX_EPOCH,
            mono_ms: 0,
        };
        let mut here = StationChain::new(station.clone());
        let mut there = here.clone();
        for n in 0..3 {
            let sealed = here.seal(RetentionClass::Police, at, [n; 32], &body(&station)).unwrap();
            let leaf = Leaf::parse(&sealed.leaf).unwrap();
            assert_eq!(leaf.commit, leaf::commitment(&sealed.salt, sealed.body.as_bytes()));
            there.check(&leaf).unwrap();
            here.advance(sealed.leaf_hash);
            assert_eq!(
                here.check(&leaf),
                Err(ChainError::Gap {
                    expected: n as u64 + 1,
                    found: n as u64
                })
            );
            there.advance(sealed.leaf_hash);
        }
        let mut fork = here.clone();
        fork.prev = Some(Hash([3; 32]));
        let forked = fork.seal(RetentionClass::Police, at, [9; 32], &body(&station)).unwrap();
        assert_eq!(
            here.check(&Leaf::parse(&forked.leaf).unwrap()),
            Err(ChainError::WrongPrev { expected: 3 })
        );
        let other = StationChain::new("altra".parse().unwrap());
        assert_eq!(
            other.check(&Leaf::parse(&forked.leaf).unwrap()),
            Err(ChainError::OtherStation)
        );
    }
}
