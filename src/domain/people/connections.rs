//! Which connections a server keeps open: so many of one address and of all strangers together, apart from those that
//! carried a workstation's certificate.
//!
//! Whoever comes is let in and the longest open one of whoever holds the most goes, so that a crowd that keeps its
//! connections never keeps a workstation out: it only pushes out its own. Time is an argument, ms of a clock that does not go
//! back. Invariant: never more strangers than [`Bounds::strangers`], nor more of one address or certificate than its bound.
//! Deliberately absent: sockets, and how long one may stay silent (`server::http::gate`).

use super::token_bucket::{Allowance, Flood};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// How many connections may be open, and how fast one address may make new ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Of one address, without a certificate.
    pub per_address: usize,
    /// Of everybody without a certificate.
    pub strangers: usize,
    /// With one certificate.
    pub per_certificate: usize,
    /// New connections of one address.
    pub arrivals: Allowance,
}

/// An open connection: later ones have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// A connection that was let in, and the one that has to go for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    pub ticket: Ticket,
    pub ends: Option<Ticket>,
}

/// The address makes connections faster than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many new connections of one address")]
pub struct TooFast;

/// The open connections of a server, by address `A` until they carried a certificate `C`.
#[derive(Debug)]
pub struct Connections<A, C> {
    bounds: Bounds,
    next: u64,
    strangers: BTreeMap<Ticket, A>,
    known: BTreeMap<Ticket, C>,
    arrivals: Flood<A>,
}

impl<A: Copy + Eq + Hash, C: Copy + Eq> Connections<A, C> {
    /// None is open.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            next: 0,
            strangers: BTreeMap::new(),
            known: BTreeMap::new(),
            arrivals: Flood::new(bounds.arrivals),
        }
    }

    /// Lets a new connection in, without a certificate so far.
    ///
    /// # Errors
    /// [`TooFast`]: it is to be dropped before anything is read or written.
    pub fn arrive(&mut self, address: A, now_ms: i64) -> Result<Arrival, TooFast> {
        self.arrivals.take(address, now_ms).map_err(|_| TooFast)?;
        let own = self.strangers.values().filter(|of| **of == address).count();
        let ends = if own >= self.bounds.per_address {
            first_of(&self.strangers, &address)
        } else if self.strangers.len() >= self.bounds.strangers {
            self.fullest().and_then(|fullest| first_of(&self.strangers, &fullest))
        } else {
            None
        };
        if let Some(ended) = ends {
            self.leave(ended);
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.strangers.insert(ticket, address);
        Ok(Arrival { ticket, ends })
    }

    /// The connection carried a request with a certificate: it counts among the strangers no more. Gives the connection of
    /// the same certificate that has to go for it. One that is not open any more stays so.
    pub fn prove(&mut self, ticket: Ticket, certificate: C) -> Option<Ticket> {
        self.strangers.remove(&ticket)?;
        self.known.insert(ticket, certificate);
        let own = self.known.values().filter(|of| **of == certificate).count();
        if own <= self.bounds.per_certificate {
            return None;
        }
        // Not this one itself, however long it was open before it proved anything.
        let mut others = self
            .known
            .iter()
            .filter(|(other, of)| **other != ticket && **of == certificate);
        let ended = others.next().map(|(other, _)| *other)?;
        self.leave(ended);
        Some(ended)
    }

    /// The connection is closed.
    pub fn leave(&mut self, ticket: Ticket) {
        self.strangers.remove(&ticket);
        self.known.remove(&ticket);
    }

    /// The address with the most strangers' connections.
    fn fullest(&self) -> Option<A> {
        let mut counts: HashMap<A, usize> = HashMap::new();
        self.strangers
            .values()
            .for_each(|of| *counts.entry(*of).or_default() += 1);
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(of, _)| of)
    }
}

/// The longest open connection of somebody.
fn first_of<T: Eq>(open: &BTreeMap<Ticket, T>, somebody: &T) -> Option<Ticket> {
    open.iter().find(|(_, of)| *of == somebody).map(|(ticket, _)| *ticket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds {
        per_address: 4,
        strangers: 10,
        per_certificate: 3,
        arrivals: Allowance {
            burst: 1e9,
            per_second: 1.0,
        },
    };

    fn count<T: Eq>(open: &BTreeMap<Ticket, T>, of: &T) -> usize {
        open.values().filter(|one| *one == of).count()
    }

    #[test]
    fn a_crowd_pushes_out_its_own_and_a_newcomer_is_let_in() {
        let mut open: Connections<u8, u8> = Connections::new(BOUNDS);
        for address in 0..3 {
            (0..6).for_each(|_| assert!(open.arrive(address, 0).is_ok()));
        }
        assert_eq!(open.strangers.len(), 10);
        let newcomer = open.arrive(77, 0).unwrap();
        assert!(newcomer.ends.is_some(), "the strangers' places are all taken");
        assert_eq!(count(&open.strangers, &77), 1);
        for _ in 0..100 {
            open.arrive(0, 0).unwrap();
        }
        assert_eq!(count(&open.strangers, &77), 1, "the crowd does not push others out");
        assert_eq!(open.prove(newcomer.ticket, 7), None);
        assert_eq!(open.strangers.len(), 9, "its place among the strangers is free");
    }

    #[test]
    fn one_certificate_has_its_share_and_loses_the_oldest() {
        let mut open: Connections<u8, u8> = Connections::new(BOUNDS);
        let mut known = Vec::new();
        for n in 0..5 {
            let arrival = open.arrive(1, 0).unwrap();
            let ended = open.prove(arrival.ticket, 7);
            assert_eq!(ended, (n >= 3).then(|| known[n - 3]));
            known.push(arrival.ticket);
        }
        let gone = open.arrive(1, 0).unwrap().ticket;
        open.leave(gone);
        assert_eq!(open.prove(gone, 7), None, "what is closed stays closed");
        assert_eq!(count(&open.known, &7), 3);
    }

    #[test]
    fn one_that_proves_late_pushes_out_another_and_not_itself() {
        let mut open: Connections<u8, u8> = Connections::new(BOUNDS);
        let [late, first, second, third] = std::array::from_fn(|n| open.arrive(n as u8, 0).unwrap().ticket);
        for ticket in [first, second, third] {
            assert_eq!(open.prove(ticket, 7), None);
        }
        assert_eq!(open.prove(late, 7), Some(first));
    }

    #[test]
    fn an_address_that_comes_too_fast_is_dropped_and_comes_again_later() {
        let arrivals = Allowance {
            burst: 2.0,
            per_second: 1.0,
        };
        let mut open: Connections<u8, u8> = Connections::new(Bounds { arrivals, ..BOUNDS });
        assert!(open.arrive(1, 0).is_ok() && open.arrive(1, 0).is_ok());
        assert_eq!(open.arrive(1, 0), Err(TooFast));
        assert!(open.arrive(2, 0).is_ok());
        assert!(open.arrive(1, 1_000).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_comes_and_goes_the_bounds_hold(steps in proptest::collection::vec((0u8..4, 0u8..6, 0u64..80), 0..200)) {
            let mut open: Connections<u8, u8> = Connections::new(BOUNDS);
            for (kind, who, which) in steps {
                match kind {
                    0 | 1 => prop_assert!(open.arrive(who, 0).is_ok()),
                    2 => prop_assert_ne!(open.prove(Ticket(which), who), Some(Ticket(which))),
                    _ => open.leave(Ticket(which)),
                }
                prop_assert!(open.strangers.len() <= BOUNDS.strangers);
                for who in 0..6 {
                    prop_assert!(count(&open.strangers, &who) <= BOUNDS.per_address);
                    prop_assert!(count(&open.known, &who) <= BOUNDS.per_certificate);
                }
                prop_assert!(open.known.keys().all(|ticket| !open.strangers.contains_key(ticket)));
            }
        }
    }
}
