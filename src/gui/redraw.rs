//! When what is written around pictures is brought up to date: twice a second, while pictures come in.
//!
//! Invariant: no picture travels in a message. Deliberately absent: the pictures; the wall draws them at its own pace,
//! without rebuilding the screen (`widget::wall`).

use crate::media::frame::FrameSlot;
use futures::future::select_all;
use futures::{Stream, StreamExt, stream};
use iced::Subscription;
use std::hash::{Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

/// Shortest time between two rebuildings of the screen because of pictures. Each costs a drawing of its own: at five a
/// second they were a sixth of all drawings. The first picture after a rest is told at once.
const BEAT: Duration = Duration::from_millis(500);

/// The visible streams, known by their tickets.
struct Watched(Vec<(u64, FrameSlot)>);

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|(ticket, _)| ticket.hash(state));
    }
}

/// Produces one unit whenever some of these slots have something new.
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
    stream::unfold((slots, seen, Instant::now()), |(slots, mut seen, next)| async move {
        select_all(
            slots
                .iter()
                .zip(&seen)
                .map(|(slot, seen)| Box::pin(slot.changed(*seen))),
        )
        .await;
        tokio::time::sleep_until(next).await;
        for (slot, seen) in slots.iter().zip(&mut seen) {
            *seen = slot.count();
        }
        Some(((), (slots, seen, Instant::now() + BEAT)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::pattern;

    #[tokio::test]
    async fn many_pictures_in_one_beat_are_one_message_and_none_is_none() {
        let slots: Vec<FrameSlot> = (0..4).map(|_| FrameSlot::default()).collect();
        let watched = Watched(slots.iter().cloned().map(|slot| (1, slot)).collect());
        let mut beats = Box::pin(beats(&watched));
        beats.next().await;
        for slot in &slots {
            slot.put(pattern::frame(16, 16, 1, 0));
        }
        beats.next().await;
        let quiet = tokio::time::timeout(Duration::from_millis(1_200), beats.next()).await;
        assert!(quiet.is_err(), "a message came without a new picture");
    }
}
