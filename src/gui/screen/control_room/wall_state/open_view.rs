//! An open view on a tile: its stream, and how many of its pictures were drawn.
//!
//! Invariant: a picture is handed out with the cover and the zoom that were asked for it. Deliberately absent: opening and closing
//! (`streams`), drawing (`widget::wall`).

use super::drawn_frames::Drawn;
use crate::domain::digital_zoom::Crop;
use crate::gui::session_port::Feed;
use crate::gui::widget::wall::{Look, Newest, Sight};
use crate::station::{Refusal, ViewState};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An open view as the wall shows it.
pub struct Open {
    feed: Arc<dyn Feed>,
    drawn: Drawn,
}

impl Open {
    /// A view of which nothing has been drawn yet.
    pub fn new(feed: Arc<dyn Feed>) -> Open {
        Open {
            feed,
            drawn: Drawn::default(),
        }
    }

    /// The stream.
    pub fn feed(&self) -> &Arc<dyn Feed> {
        &self.feed
    }

    /// How many of its pictures were drawn.
    pub fn drawn(&self) -> &Drawn {
        &self.drawn
    }

    /// The part of the picture drawn at `now` that may be shown when `wanted` is asked for (R-PTZ-2).
    pub fn allowed(&self, wanted: Crop, now: Instant) -> Crop {
        if wanted.is_whole() {
            return wanted;
        }
        wanted.at_most(self.feed.digital_zoom(now, wanted.factor()).factor)
    }

    /// Age of the last picture: since it came, and what it surely was old when it came.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let arrived = self.feed.slot().latest()?.arrived;
        Some(now.saturating_duration_since(arrived) + self.feed.figures().on_arrival)
    }

    /// Why the view was closed, when a rule of time closed it and it opens again by itself.
    pub fn closed_for_a_time(&self) -> Option<Refusal> {
        match self.feed.state() {
            ViewState::Closed { why } => {
                let for_a_time = matches!(
                    why,
                    Refusal::SchoolHours { .. } | Refusal::GraceOver | Refusal::OutboxFilling
                );
                for_a_time.then_some(why)
            }
            _ => None,
        }
    }
}

impl Look for Open {
    fn look(&self, now: Instant, wanted: Crop) -> Option<Sight> {
        // Cover and zoom belong to the frame that is in the slot when they are asked for: a newer one means asking again.
        (0..4).find_map(|_| {
            let frame = self.feed.slot().latest()?;
            let now = now.max(Instant::now());
            let cover = self.feed.cover(now);
            let crop = self.allowed(wanted, now);
            let still = self
                .feed
                .slot()
                .latest()
                .is_some_and(|latest| Arc::ptr_eq(&latest, &frame));
            if still {
                self.drawn.picture(frame.number);
            }
            still.then_some(Sight { frame, cover, crop })
        })
    }

    fn newest(&self) -> Option<Newest> {
        self.feed.slot().latest().map(|frame| (&*frame).into())
    }
}
