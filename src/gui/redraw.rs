//! When the screen is told of pictures: when they begin to come.
//!
//! Invariant: no picture travels in a message. Deliberately absent: the pictures; the wall draws them at its own pace,
//! without rebuilding the screen (`widget::wall`). What is written around them follows the program's own beat, twice a
//! second: every rebuilding costs a drawing.

use crate::media::frame::FrameSlot;
use futures::future::select_all;
use futures::{Stream, StreamExt, stream};
use iced::Subscription;
use std::hash::{Hash, Hasher};
use std::time::Duration;

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
