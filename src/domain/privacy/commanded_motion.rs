//! How fast a dome may move that obeys: the orders it may still be following at a moment.
//!
//! Each order takes effect within one delay of being sent, possibly after one that was sent up to `apart_s` later. So at moment
//! `t` a dome follows none of the orders sent more than `apart_s` before the newest one that has certainly arrived (sent
//! one delay before `t`, or earlier).
//!
//! Invariant: narrower than the tracker's own envelope, never than what an obedient dome does. For the gate, which may count on
//! obedience, and for a cover by [habits](super::pose_tracker::PoseTracker::by_habits): then the delay is the measured one with
//! the ramp after it, and a Stop is an order to stand.
//! Deliberately absent: timeouts. An order that should be over is taken to last until a later one is obeyed.

use super::axes::axes_of;
use super::speed_envelope::{Axes3, Envelope, Part, Speeds};
use crate::domain::ptz::Order;
use std::collections::VecDeque;

/// Number of orders remembered: more than the seconds of evidence at the rate keys repeat.
const MOST_ORDERS: usize = 64;

/// One order.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// Seconds.
    at: f64,
    /// The motion the dome may be in from here on.
    may: Envelope,
    /// Where it leads, when it ends somewhere.
    target: Option<Axes3>,
}

/// The orders since a dome was last known to stand.
#[derive(Debug, Clone)]
pub struct Orders {
    /// How it may creep without any.
    base: Envelope,
    /// In the order in which they were sent.
    sent: VecDeque<Sent>,
    /// Older ones are no longer there.
    forgotten: bool,
    /// An order may be obeyed after one that was sent up to so many seconds later.
    apart_s: f64,
}

impl Orders {
    /// No orders; the dome moves within `base`. One order may overtake another that was sent up to `apart_s` before it.
    pub fn new(base: Envelope, apart_s: f64) -> Self {
        Self {
            base,
            sent: VecDeque::new(),
            forgotten: false,
            apart_s,
        }
    }

    /// An order was sent that may move the dome like this, and leads to `target` if it ends somewhere.
    pub fn push(&mut self, now: f64, may: Envelope, target: Option<Axes3>) {
        if self.sent.len() == MOST_ORDERS {
            self.sent.pop_front();
            self.forgotten = true;
        }
        self.sent.push_back(Sent { at: now, may, target });
    }

    /// The farthest ways (down, up) between two moments; as `speeds` say where these orders do not tell.
    pub fn way(&self, speeds: &Speeds, from: f64, to: f64, delay: f64) -> Envelope {
        let mut moments: Vec<f64> = self.sent.iter().flat_map(|sent| [sent.at, sent.at + delay]).collect();
        moments.retain(|moment| *moment > from && *moment < to);
        moments.push(to);
        moments.sort_by(f64::total_cmp);
        let mut sum = Envelope::both_ways([0.0; 3]);
        let mut begin = from;
        for end in moments {
            let part = match self.at(f64::midpoint(begin, end), delay) {
                Some(envelope) => scaled(envelope, end - begin),
                None => speeds.way(Part::Any, begin, end, &[]),
            };
            sum.low = std::array::from_fn(|axis| sum.low[axis] + part.low[axis]);
            sum.high = std::array::from_fn(|axis| sum.high[axis] + part.high[axis]);
            begin = end;
        }
        sum
    }

    /// The motion possible at a moment; `None` when that depends on orders older than those remembered.
    fn at(&self, moment: f64, delay: f64) -> Option<Envelope> {
        let oldest = self.sent.front().map(|sent| sent.at).filter(|at| *at <= moment)?;
        let since = self.since(moment, delay);
        if self.forgotten && since <= oldest {
            return None;
        }
        let possible = self.sent.iter().filter(|sent| (since..=moment).contains(&sent.at));
        Some(possible.fold(self.base, |all, sent| all.or(sent.may)))
    }

    /// Orders sent before this are not followed at `moment` any more.
    fn since(&self, moment: f64, delay: f64) -> f64 {
        let arrived = self.sent.iter().rev().find(|sent| sent.at <= moment - delay);
        arrived.map_or(f64::NEG_INFINITY, |sent| sent.at - self.apart_s)
    }

    /// The targets that a dome may be on its way to at a moment, or begin its way to later.
    pub fn targets(&self, moment: f64, delay: f64) -> impl Iterator<Item = Axes3> {
        let since = self.since(moment, delay);
        self.sent
            .iter()
            .filter(move |sent| sent.at >= since)
            .filter_map(|sent| sent.target)
    }
}

/// Where an order leads, when it ends somewhere.
pub(super) fn target_of(order: Order) -> Option<Axes3> {
    match order {
        Order::Position(target) => axes_of(target),
        Order::Stop | Order::Velocity(_) | Order::SomewhereElse => None,
    }
}

fn scaled(envelope: Envelope, seconds: f64) -> Envelope {
    Envelope {
        low: envelope.low.map(|v| v * seconds),
        high: envelope.high.map(|v| v * seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_counts_until_a_later_one_has_surely_taken_its_place() {
        let full = Envelope::both_ways([10.0; 3]);
        let speeds = Speeds::new(full);
        let mut orders = Orders::new(Envelope::both_ways([0.0; 3]), 0.5);
        orders.push(0.0, full, None);
        orders.push(1.0, Envelope::both_ways([2.0; 3]), None);
        // The second has arrived at 1.5, and the first one cannot come after it.
        let way = |from, to| orders.way(&speeds, from, to, 0.5).high[0];
        assert!((way(0.0, 1.5) - 15.0).abs() < 1e-9);
        assert!((way(1.5, 2.5) - 2.0).abs() < 1e-9);
        assert!((way(-1.0, 2.5) - 27.0).abs() < 1e-9);
        let mut close = Orders::new(Envelope::both_ways([0.0; 3]), 0.5);
        close.push(0.0, full, None);
        close.push(0.3, Envelope::both_ways([2.0; 3]), None);
        // Here it can.
        assert!((close.way(&speeds, 2.0, 3.0, 0.5).high[0] - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_target_counts_until_a_later_order_has_surely_taken_its_place() {
        let full = Envelope::both_ways([10.0; 3]);
        let mut orders = Orders::new(full, 0.5);
        orders.push(0.0, full, Some([7.0; 3]));
        orders.push(0.3, full, None);
        orders.push(1.0, full, None);
        let targets = |moment| orders.targets(moment, 0.5).count();
        // The second may have been obeyed before the first; the third cannot have been.
        assert_eq!([targets(0.4), targets(1.4), targets(1.6)], [1, 1, 0]);
    }

    #[test]
    fn orders_that_were_forgotten_leave_the_envelope_open() {
        let speeds = Speeds::new(Envelope::both_ways([10.0; 3]));
        let mut orders = Orders::new(Envelope::both_ways([0.0; 3]), 0.3);
        for i in 0..=MOST_ORDERS {
            orders.push(i as f64 * 0.1, Envelope::both_ways([1.0; 3]), None);
        }
        assert!((orders.way(&speeds, 0.0, 0.4, 0.3).high[0] - 4.0).abs() < 1e-9);
        assert!((orders.way(&speeds, 5.0, 6.0, 0.3).high[0] - 1.0).abs() < 1e-9);
    }
}
