//! Who has live pictures of which camera open, worked out from the events of their views.
//!
//! Invariant: a view counts until it is closed, its person leaves, or nothing was heard of it for longer than two pulses.
//! Deliberately absent: whose name means whom (the caller).

use crate::domain::camera::CameraId;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A view whose pulses do not come for this long is over: they come every minute.
pub const SILENCE: Duration = Duration::from_secs(150);

/// The steps of a view that its events report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The view was opened, or is still open.
    Open,
    Closed,
}

struct View<W> {
    camera: CameraId,
    who: W,
    heard: Instant,
}

/// The views that are open. `W`: who watches.
pub struct Presence<W> {
    views: HashMap<Uuid, View<W>>,
}

impl<W> Default for Presence<W> {
    fn default() -> Self {
        Self { views: HashMap::new() }
    }
}

impl<W: Clone + PartialEq> Presence<W> {
    /// Takes in an event of the view `act`; whether anything changed for those who look.
    pub fn hear(&mut self, act: Uuid, camera: &CameraId, who: W, step: Step, now: Instant) -> bool {
        match step {
            Step::Closed => self.views.remove(&act).is_some(),
            Step::Open => {
                let view = View {
                    camera: camera.clone(),
                    who,
                    heard: now,
                };
                self.views.insert(act, view).is_none()
            }
        }
    }

    /// Keeps the views of those who are still here; whether anybody else watched anything.
    pub fn keep(&mut self, here: impl Fn(&W) -> bool) -> bool {
        let before = self.views.len();
        self.views.retain(|_, view| here(&view.who));
        self.views.len() != before
    }

    /// Somebody left; whether they watched anything.
    pub fn leave(&mut self, who: &W) -> bool {
        self.keep(|here| here != who)
    }

    /// Who watches what at `now`, each person once for each camera.
    pub fn watching(&mut self, now: Instant) -> BTreeMap<CameraId, Vec<W>> {
        self.views
            .retain(|_, view| now.saturating_duration_since(view.heard) < SILENCE);
        let mut all: BTreeMap<CameraId, Vec<W>> = BTreeMap::new();
        for view in self.views.values() {
            let people = all.entry(view.camera.clone()).or_default();
            if !people.contains(&view.who) {
                people.push(view.who.clone());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(id: &str) -> CameraId {
        id.parse().unwrap()
    }

    #[test]
    fn a_person_is_there_once_until_the_last_view_is_closed() {
        let now = Instant::now();
        let mut presence = Presence::default();
        let (small, large) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(presence.hear(small, &camera("a"), "neri", Step::Open, now));
        assert!(presence.hear(large, &camera("a"), "neri", Step::Open, now));
        assert!(
            !presence.hear(large, &camera("a"), "neri", Step::Open, now),
            "a pulse is no change"
        );
        assert_eq!(presence.watching(now)[&camera("a")], ["neri"]);
        presence.hear(small, &camera("a"), "neri", Step::Closed, now);
        assert_eq!(presence.watching(now).len(), 1);
        assert!(presence.hear(large, &camera("a"), "neri", Step::Closed, now));
        assert!(presence.watching(now).is_empty());
    }

    #[test]
    fn who_leaves_or_falls_silent_is_not_there_any_more() {
        let now = Instant::now();
        let mut presence = Presence::default();
        presence.hear(Uuid::from_u128(1), &camera("a"), "neri", Step::Open, now);
        presence.hear(Uuid::from_u128(2), &camera("a"), "conti", Step::Open, now);
        assert!(presence.leave(&"neri") && !presence.leave(&"neri"));
        assert_eq!(presence.watching(now)[&camera("a")], ["conti"]);
        assert!(presence.watching(now + SILENCE).is_empty());
    }
}
