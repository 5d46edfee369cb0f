//! The tiles of the wall: which camera is on which, its stream, and what is said over its picture.
//!
//! Invariant: a tile that is not visible has no open stream; a picture older than three seconds is never taken for
//! live (R-LIV-2). Deliberately absent: drawing (`widget::wall`).

use crate::domain::camera::CameraId;
use crate::domain::privacy::{Cover, WholeReason};
use crate::domain::site::CameraPlan;
use crate::domain::wall::{Freshness, freshness};
use crate::gui::desk::{Feed, Hold};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::theme::Tone;
use crate::gui::widget::wall::{Face, Look, Mark, Newest, StateWords};
use crate::gui::words;
use crate::media::frame::Frame;
use crate::station::{Refusal, ViewState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Brightness of a picture that is not live.
const DIMMED: f32 = 0.35;
/// How long until a view that was refused for a passing reason is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// An open view as the wall shows it.
#[derive(Clone)]
pub struct Open(pub Arc<dyn Feed>);

impl Look for Open {
    fn look(&self, now: Instant) -> Option<(Arc<Frame>, Arc<Cover>)> {
        // The cover belongs to the frame that is in the slot when it is asked for: a newer one means asking again.
        (0..4).find_map(|_| {
            let frame = self.0.slot().latest()?;
            let cover = self.0.cover(now.max(Instant::now()));
            let still = self
                .0
                .slot()
                .latest()
                .is_some_and(|latest| Arc::ptr_eq(&latest, &frame));
            still.then_some((frame, cover))
        })
    }

    fn newest(&self) -> Option<Newest> {
        self.0.slot().latest().map(|frame| (&*frame).into())
    }
}

/// What is on a tile.
pub enum Content {
    /// Not visible now.
    Closed,
    Opening,
    Open(Open),
    Refused {
        why: Arc<Refusal>,
        at: Instant,
    },
}

/// A camera on a tile.
pub struct Placed {
    pub camera: CameraId,
    /// Identity of the last opening; an answer to an older one is dropped.
    pub ticket: u64,
    pub content: Content,
}

impl Placed {
    /// The open view, if there is one.
    pub fn open(&self) -> Option<&Open> {
        match &self.content {
            Content::Open(open) => Some(open),
            Content::Closed | Content::Opening | Content::Refused { .. } => None,
        }
    }

    /// Whether the view should be asked for (again) now.
    pub fn wants_opening(&self, now: Instant) -> bool {
        match &self.content {
            Content::Closed => true,
            Content::Refused { why, at } => match &**why {
                Refusal::Rule(_) => false,
                // Every question is recorded: it is asked again when the school closes.
                Refusal::SchoolHours { until } => until.is_some_and(|until| now >= until),
                _ => now.saturating_duration_since(*at) >= ASK_AGAIN,
            },
            Content::Opening | Content::Open(_) => false,
        }
    }
}

/// How a camera does, for the dot in the list and the words on the tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    NotShown,
    Starting,
    Live,
    Late,
    NotLive,
    Refused,
}

/// The time now, read once per beat of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub instant: Instant,
    pub clock: SystemTime,
}

impl Now {
    /// Reads the clocks.
    pub fn read() -> Now {
        Now {
            instant: Instant::now(),
            clock: SystemTime::now(),
        }
    }
}

/// Age of the last picture.
fn age(feed: &dyn Feed, now: Instant) -> Option<Duration> {
    feed.slot()
        .latest()
        .map(|frame| now.saturating_duration_since(frame.arrived))
}

/// How the camera on this tile does, judged by the view that is shown (its small stream when none is named).
pub fn condition(placed: &Placed, shown: Option<&Open>, now: Instant) -> Condition {
    match (&placed.content, shown) {
        (_, Some(Open(feed))) | (Content::Open(Open(feed)), None) => match (freshness(age(&**feed, now)), feed.state())
        {
            (_, ViewState::Closed { .. }) => Condition::Refused,
            (Freshness::Live, _) => Condition::Live,
            (Freshness::Late, _) => Condition::Late,
            (Freshness::NotLive, ViewState::Connecting) => Condition::Starting,
            (Freshness::NotLive, ViewState::Live | ViewState::Retrying { .. }) => Condition::NotLive,
        },
        (Content::Closed, None) => Condition::NotShown,
        (Content::Opening, None) => Condition::Starting,
        (Content::Refused { .. }, None) => Condition::Refused,
    }
}

/// How bright the picture is drawn.
pub fn brightness(condition: Condition) -> f32 {
    match condition {
        Condition::Live | Condition::Late => 1.0,
        Condition::NotShown | Condition::Starting | Condition::NotLive | Condition::Refused => DIMMED,
    }
}

/// What is written over the tile; `shown` is the view whose picture is drawn.
pub fn face(plan: &CameraPlan, placed: &Placed, shown: Option<&Open>, hold: Option<&Hold>, now: Now) -> Face {
    let condition = condition(placed, shown, now.instant);
    let age = shown.and_then(|Open(feed)| age(&**feed, now.instant));
    let time = age
        .and_then(|age| now.clock.checked_sub(age))
        .map(|taken| words::clock(&words::in_rome(taken)));
    let mut marks = Vec::new();
    if let Some(hold) = hold {
        marks.push(Mark {
            icon: Icon::Held,
            words: if hold.ours {
                fl!("mark-held-by-you")
            } else {
                hold.display_name.clone()
            },
            tone: if hold.ours { Tone::Normal } else { Tone::Other },
        });
    }
    Face {
        title: format!("{} · {}", plan.number, plan.name),
        place: plan.place.clone(),
        time: time.unwrap_or_default(),
        marks,
        state: match (&placed.content, shown) {
            (Content::Refused { why, .. }, None) => Some(refused(why)),
            _ => state(shown, condition, age, now.instant),
        },
        selected: false,
        focused: false,
    }
}

fn refused(why: &Refusal) -> StateWords {
    let words = match why {
        Refusal::Rule(_) => fl!("tile-no-permission"),
        Refusal::SchoolHours { .. } => words::whole_cover(WholeReason::SchoolHours),
        _ => fl!("tile-not-live"),
    };
    StateWords {
        icon: Icon::Refused,
        words,
        detail: words::refusal(why),
        tone: Tone::Attention,
    }
}

fn state(shown: Option<&Open>, condition: Condition, age: Option<Duration>, now: Instant) -> Option<StateWords> {
    let say = |icon, words, detail, tone| {
        Some(StateWords {
            icon,
            words,
            detail,
            tone,
        })
    };
    match (condition, shown.map(|Open(feed)| (feed.state(), feed.cover(now)))) {
        (Condition::Refused, Some((ViewState::Closed { why }, _))) => Some(refused(&why)),
        (Condition::Starting, _) => say(Icon::Waiting, fl!("tile-connecting"), String::new(), Tone::Normal),
        (Condition::NotLive, Some((ViewState::Retrying { trouble, since, .. }, _))) => {
            let since = words::span(now.saturating_duration_since(since));
            let detail = fl!("tile-trouble-since", trouble = words::trouble(&trouble), since = since);
            say(Icon::NoSignal, fl!("tile-reconnecting"), detail, Tone::Attention)
        }
        (Condition::NotLive, _) => {
            let detail = age
                .map(|age| fl!("tile-last-picture", age = words::span(age)))
                .unwrap_or_default();
            say(Icon::Warning, fl!("tile-not-live"), detail, Tone::Attention)
        }
        (Condition::Live | Condition::Late, Some((_, cover))) => match &*cover {
            Cover::Whole(reason) => say(
                Icon::Covered,
                words::whole_cover(*reason),
                fl!("tile-covered-detail"),
                Tone::Attention,
            ),
            Cover::Parts(_) => None,
        },
        (Condition::Live | Condition::Late | Condition::NotShown | Condition::Refused, _) => None,
    }
}
