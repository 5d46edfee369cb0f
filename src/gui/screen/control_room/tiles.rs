//! The tiles of the wall: which camera is on which, its stream, and what is said over its picture.
//!
//! Invariant: a picture older than three seconds is never taken for
//! live (R-LIV-2). Deliberately absent: drawing (`widget::wall`).

use super::drawn_frames::Drawn;
use super::stream_stats;
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::digital_zoom::Crop;
use crate::domain::live::diagnosis::Verdict;
use crate::domain::live::freshness::{Freshness, freshness};
use crate::domain::live::overload::Level;
use crate::domain::live::stream_selection::Attention;
use crate::domain::privacy::{Cover, WholeReason};
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences;
use crate::gui::session_port::{DomeLease, Feed};
use crate::gui::theme::Tone;
use crate::gui::widget::wall::{Face, Look, Mark, Newest, Sight, StateWords};
use crate::station::{Holder, Refusal, ViewState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Brightness of a picture that is not live.
const DIMMED: f32 = 0.35;
/// How long until a view that was refused for a passing reason is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// A verdict must last this long before the tile says it.
const LASTING: Duration = Duration::from_secs(3);

/// An open view as the wall shows it.
pub struct Open {
    pub feed: Arc<dyn Feed>,
    pub drawn: Drawn,
}

impl Open {
    /// Nothing of it has been drawn yet.
    pub fn new(feed: Arc<dyn Feed>) -> Open {
        Open {
            feed,
            drawn: Drawn::default(),
        }
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

/// The large stream of a tile that is bigger than the small one's picture.
pub struct Large {
    /// Identity of its opening.
    pub ticket: u64,
    pub open: Option<Open>,
    pub refused_at: Option<Instant>,
}

impl Large {
    /// It has been asked for.
    pub fn opening(ticket: u64) -> Large {
        Large {
            ticket,
            open: None,
            refused_at: None,
        }
    }

    /// Whether it was refused and should be asked for again now.
    pub fn wants_opening(&self, now: Instant) -> bool {
        self.refused_at
            .is_some_and(|at| now.saturating_duration_since(at) >= ASK_AGAIN)
    }
}

/// A camera on a tile.
pub struct Placed {
    pub camera: CameraId,
    /// Identity of the last opening; an answer to an older one is dropped.
    pub ticket: u64,
    /// The small stream.
    pub content: Content,
    pub large: Option<Large>,
    /// The stream that suits the tile.
    pub wanted: StreamRole,
    /// The part of the picture that was chosen to fill the tile.
    pub crop: Crop,
    /// Which stream is shown and how much of it is decoded, and since when that is so.
    pub way: (Option<StreamRole>, Attention),
    pub since: Instant,
    /// What the figures say, and since when.
    verdict: Option<(Verdict, Instant)>,
    /// Counts of the last measurement.
    pub drawn_before: u64,
    pub came_before: u64,
}

impl Placed {
    /// A camera whose stream is not open yet.
    pub fn new(camera: CameraId, now: Instant) -> Placed {
        Placed {
            camera,
            ticket: 0,
            content: Content::Closed,
            large: None,
            wanted: StreamRole::Sub,
            crop: Crop::WHOLE,
            way: (None, Attention::Whole),
            since: now,
            verdict: None,
            drawn_before: 0,
            came_before: 0,
        }
    }

    /// Takes what the figures say now.
    pub fn judged(&mut self, verdict: Option<Verdict>, now: Instant) {
        let same = |a: &Verdict, b: &Verdict| std::mem::discriminant(a) == std::mem::discriminant(b);
        let since = match (&self.verdict, &verdict) {
            (Some((before, since)), Some(verdict)) if same(before, verdict) => *since,
            _ => now,
        };
        self.verdict = verdict.map(|verdict| (verdict, since));
    }

    /// What the figures have been saying for a while, if it is not that all is well.
    pub fn lasting_verdict(&self, now: Instant) -> Option<Verdict> {
        let (verdict, since) = self.verdict?;
        let lasts = now.saturating_duration_since(since) >= LASTING;
        (lasts && verdict != Verdict::Well).then_some(verdict)
    }

    /// The small stream's view, if it is open.
    pub fn open(&self) -> Option<&Open> {
        match &self.content {
            Content::Open(open) => Some(open),
            Content::Closed | Content::Opening | Content::Refused { .. } => None,
        }
    }

    /// Whether the view should be asked for (again) now. `may_watch` is what the audit path says.
    pub fn wants_opening(&self, now: Instant, may_watch: bool) -> bool {
        match &self.content {
            Content::Closed => true,
            Content::Refused { why, at } => match &**why {
                Refusal::Rule(_) => false,
                // Every question is recorded: it is asked again when the answer can be another.
                Refusal::GraceOver | Refusal::OutboxFilling => may_watch,
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

/// How the camera on this tile does, judged by the view that is shown (its small stream when none is named).
pub fn condition(placed: &Placed, shown: Option<&Open>, now: Instant) -> Condition {
    match (&placed.content, shown) {
        (_, Some(open)) | (Content::Open(open), None) => match (freshness(open.age(now)), open.feed.state()) {
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
pub fn face(plan: &CameraPlan, placed: &Placed, shown: Option<&Open>, said: Said<'_>, now: Now) -> Face {
    let condition = condition(placed, shown, now.instant);
    let age = shown.and_then(|open| open.age(now.instant));
    let time = age
        .and_then(|age| now.clock.checked_sub(age))
        .map(|taken| sentences::clock(&sentences::in_rome(taken)));
    let mut marks = Vec::new();
    marks.extend(said.hold.into_iter().flat_map(held));
    marks.extend(watched(said.watching));
    if let Some(dwell) = said.tour {
        marks.push(Mark {
            icon: Icon::Retry,
            words: fl!("mark-tour", n = dwell.as_secs().to_string()),
            short: String::new(),
            tone: Tone::Normal,
        });
    }
    marks.extend(out_of_hours(plan, condition, now.clock));
    marks.extend(truth(condition, age));
    marks.extend(given_up(said.level).or_else(|| {
        let verdict = placed.lasting_verdict(now.instant)?;
        (condition == Condition::Live).then(|| stream_stats::mark(verdict))
    }));
    let figures = match shown.filter(|_| said.figures) {
        Some(open) => stream_stats::lines(&open.feed.figures(), open.drawn.per_second()),
        None => Vec::new(),
    };
    Face {
        title: format!("{} · {}", plan.number, plan.name),
        place: plan.place.clone(),
        time: time.unwrap_or_default(),
        marks,
        state: match (&placed.content, shown) {
            (Content::Refused { why, .. }, None) => Some(refused(why)),
            _ => state(shown, condition, age, now.instant),
        },
        figures,
        part: None,
        selected: false,
        focused: false,
    }
}

/// Who steers, and who wants to.
fn held(hold: &DomeLease) -> Vec<Mark> {
    let (words, short, tone) = if hold.ours {
        (fl!("mark-held-by-you"), fl!("mark-held-by-you"), Tone::Normal)
    } else {
        let words = format!("{} · {}", hold.display_name, hold.agency);
        (words, hold.display_name.clone(), Tone::Other)
    };
    let mut marks = vec![Mark {
        icon: Icon::Held,
        words,
        short,
        tone,
    }];
    if let Some(asking) = hold.asking.first().filter(|_| hold.ours) {
        marks.push(Mark {
            icon: Icon::Warning,
            words: fl!("mark-asked", name = asking.by.display_name.as_str()),
            short: asking.by.display_name.clone(),
            tone: Tone::Act,
        });
    }
    marks
}

/// Who else watches: by name and body, by name where there is less room.
fn watched(others: &[Holder]) -> Option<Mark> {
    let first = others.first()?;
    let more = match others.len() {
        1 => String::new(),
        count => format!(" +{}", count - 1),
    };
    Some(Mark {
        icon: Icon::Person,
        words: format!("{} · {}{more}", first.display_name, first.agency),
        short: format!("{}{more}", first.display_name),
        tone: Tone::Other,
    })
}

/// What else is said of a tile.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    pub hold: Option<&'a DomeLease>,
    /// Who else watches it.
    pub watching: &'a [Holder],
    /// What it has been brought down to.
    pub level: Level,
    /// Whether its figures are shown.
    pub figures: bool,
    /// How long each camera stays on a tile that goes through them by itself.
    pub tour: Option<Duration>,
}

/// A school's camera says why its pictures may be seen now.
fn out_of_hours(plan: &CameraPlan, condition: Condition, clock: SystemTime) -> Option<Mark> {
    let calendar = plan.school.as_ref().filter(|_| condition == Condition::Live)?;
    let now = sentences::in_rome(clock);
    calendar.is_open(now.timestamp(), now.time_zone()).then(|| Mark {
        icon: Icon::Clock,
        words: fl!("mark-out-of-hours"),
        short: fl!("mark-out-of-hours-short"),
        tone: Tone::Normal,
    })
}

/// A picture that is late says so.
fn truth(condition: Condition, age: Option<Duration>) -> Option<Mark> {
    let age = age.filter(|_| condition == Condition::Late)?;
    Some(Mark {
        icon: Icon::Clock,
        words: fl!("tile-last-picture", age = sentences::span(age)),
        short: sentences::span(age),
        tone: Tone::Attention,
    })
}

/// What overload takes from a tile is said on it.
fn given_up(level: Level) -> Option<Mark> {
    let (words, short) = match level {
        Level::Whole => return None,
        Level::Lower => (fl!("overload-lower"), fl!("overload-lower-short")),
        Level::KeyFrames => (fl!("overload-key-frames"), fl!("overload-key-frames-short")),
    };
    Some(Mark {
        icon: Icon::Warning,
        words,
        short,
        tone: Tone::Attention,
    })
}

fn refused(why: &Refusal) -> StateWords {
    let words = match why {
        Refusal::Rule(_) => fl!("tile-no-permission"),
        Refusal::SchoolHours { .. } => sentences::whole_cover(WholeReason::SchoolHours),
        _ => fl!("tile-not-live"),
    };
    StateWords {
        icon: Icon::Refused,
        words,
        detail: sentences::refusal(why),
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
    match (
        condition,
        shown.map(|Open { feed, .. }| (feed.state(), feed.cover(now))),
    ) {
        (Condition::Refused, Some((ViewState::Closed { why }, _))) => Some(refused(&why)),
        (Condition::Starting, _) => say(Icon::Waiting, fl!("tile-connecting"), String::new(), Tone::Normal),
        (Condition::NotLive, Some((ViewState::Retrying { trouble, since, .. }, _))) => {
            let since = sentences::span(now.saturating_duration_since(since));
            let detail = fl!(
                "tile-trouble-since",
                trouble = sentences::trouble(&trouble),
                since = since
            );
            say(Icon::NoSignal, fl!("tile-reconnecting"), detail, Tone::Attention)
        }
        (Condition::NotLive, _) => {
            let detail = age
                .map(|age| fl!("tile-last-picture", age = sentences::span(age)))
                .unwrap_or_default();
            say(Icon::Warning, fl!("tile-not-live"), detail, Tone::Attention)
        }
        (Condition::Live | Condition::Late, Some((_, cover))) => match &*cover {
            Cover::Whole(reason) => say(
                Icon::Covered,
                sentences::whole_cover(*reason),
                fl!("tile-covered-detail"),
                Tone::Attention,
            ),
            Cover::Parts(_) => None,
        },
        (Condition::Live | Condition::Late | Condition::NotShown | Condition::Refused, _) => None,
    }
}
