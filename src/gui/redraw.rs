//! When the screen is told of pictures, and when what is written around them is drawn again.
//!
//! The program looks at itself twice a second; what it finds can mostly wait, for the clocks on the screen show seconds, and
//! without a graphics card every drawing of the words costs as much as a few dozen pictures.
//!
//! Invariant: no picture travels in a message; what a person does and what must be seen at once never waits. Deliberately
//! absent: the pictures; the wall draws them at its own pace, without rebuilding the screen (`widget::wall`).

use crate::media::frame::FrameSlot;
use futures::future::select_all;
use futures::{Stream, StreamExt, stream};
use iced::Subscription;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

/// From one drawing of the words to the next when nothing but time went by: a second, less what a beat may be early.
const SECOND: Duration = Duration::from_millis(900);

/// Counts what the windows show: with another number they are drawn again.
pub struct Revision<G> {
    number: u64,
    /// When it was counted last.
    at: Option<Instant>,
    /// What was shown then that cannot wait.
    glance: Option<G>,
}

impl<G> Default for Revision<G> {
    fn default() -> Self {
        Revision {
            number: 0,
            at: None,
            glance: None,
        }
    }
}

impl<G: PartialEq> Revision<G> {
    /// The number now.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Something happened: whatever the windows show now is drawn.
    pub fn event(&mut self, now: Instant, glance: Option<G>) {
        self.number += 1;
        self.at = Some(now);
        self.glance = glance;
    }

    /// The program looked at itself. `glance` is what it shows that cannot wait; `None`: all of it cannot.
    pub fn beat(&mut self, now: Instant, glance: Option<G>) {
        let recent = self.at.is_some_and(|at| now.saturating_duration_since(at) < SECOND);
        if !(recent && glance.is_some() && glance == self.glance) {
            self.event(now, glance);
        }
    }
}

/// So long without a new picture in any of the slots is a rest.
const REST: Duration = Duration::from_millis(500);

/// The visible streams, known by their tickets.
struct Watched(Vec<(u64, FrameSlot)>);

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|(ticket, _)| ticket.hash(state));
    }
}

/// Produces one unit when these slots have something new, at the start and after a rest.
pub fn on_new_pictures(slots: Vec<(u64, FrameSlot)>) -> Subscription<()> {
    if slots.is_empty() {
        Subscription::none()
    } else {
        Subscription::run_with(Watched(slots), beats)
    }
}

fn beats(Watched(slots): &Watched) -> impl Stream<Item = ()> + use<> {
    let slots: Vec<FrameSlot> = slots.iter().map(|(_, slot)| slot.clone()).collect();
    let seen = vec![u64::MAX; slots.len()];
    stream::unfold((slots, seen, false), |(slots, mut seen, awake)| async move {
        let counts = || slots.iter().map(FrameSlot::count).collect::<Vec<u64>>();
        if awake {
            seen = counts();
            loop {
                tokio::time::sleep(REST).await;
                let now = counts();
                if now == seen {
                    break;
                }
                seen = now;
            }
        }
        select_all(
            slots
                .iter()
                .zip(&seen)
                .map(|(slot, seen)| Box::pin(slot.changed(*seen))),
        )
        .await;
        Some(((), (slots, seen, true)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::pattern;

    #[test]
    fn what_can_wait_is_drawn_once_a_second_and_all_else_at_once() {
        let start = Instant::now();
        let mut revision = Revision::default();
        let mut drawn = |ms, glance: Option<&'static str>, beat: bool| {
            let (now, before) = (start + Duration::from_millis(ms), revision.number());
            if beat {
                revision.beat(now, glance);
            } else {
                revision.event(now, glance);
            }
            revision.number() != before
        };
        assert!(drawn(0, Some("live"), true), "the first");
        assert!(!drawn(500, Some("live"), true), "half a second later");
        assert!(drawn(995, Some("live"), true), "the next second, a little early");
        assert!(drawn(1_500, Some("late"), true), "a tile that is late");
        assert!(!drawn(2_000, Some("late"), true), "and is still");
        assert!(drawn(2_100, Some("late"), false), "a key");
        assert!(!drawn(2_500, Some("late"), true), "it was drawn with the key");
        assert!(drawn(2_600, None, true), "a dialogue");
        assert!(drawn(2_700, None, true), "which never waits");
        assert!(drawn(2_800, Some("late"), true), "nor what comes after it");
    }

    #[tokio::test]
    async fn pictures_that_begin_to_come_are_one_message_and_those_that_follow_none() {
        let slots: Vec<FrameSlot> = (0..4).map(|_| FrameSlot::default()).collect();
        let watched = Watched(slots.iter().cloned().map(|slot| (1, slot)).collect());
        let mut beats = Box::pin(beats(&watched));
        let picture = |slot: &FrameSlot| slot.put(pattern::frame(16, 16, 1, 0));
        beats.next().await;
        for _ in 0..8 {
            slots.iter().for_each(picture);
            let told = tokio::time::timeout(REST / 4, beats.next()).await;
            assert!(told.is_err(), "a message came while pictures went on");
        }
        let told = tokio::time::timeout(3 * REST, beats.next()).await;
        assert!(told.is_err(), "a message came without a new picture");
        slots.iter().for_each(picture);
        beats.next().await;
    }
}
